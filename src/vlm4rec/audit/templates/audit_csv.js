"use strict";

// The same rules as vlm4rec.audit.correction_cells: a spreadsheet must take no cell for a formula.
const FORMULA = /^'*[=+\-@\t\r＝＋－＠]/;

function csvCell(text) {
  const safe = FORMULA.test(text) ? "'" + text : text;
  return '"' + safe.replaceAll('"', '""') + '"';
}

function csvFile(columns, rows) {
  const lines = [columns, ...rows.map((row) => columns.map((name) => row[name] || ""))];
  return "\ufeff" + lines.map((line) => line.map(csvCell).join(",") + "\r\n").join("");
}

// Wilson's interval for a share, 95%: it holds for few cases and for shares near 0, too.
// E. B. Wilson, Probable inference, the law of succession, and statistical inference, 1927.
function wilson(hits, n) {
  const z = 1.959964;
  const share = hits / n;
  const middle = share + (z * z) / (2 * n);
  const spread = z * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n));
  const scale = 1 + (z * z) / n;
  return [Math.max(0, (middle - spread) / scale), Math.min(1, (middle + spread) / scale)];
}
