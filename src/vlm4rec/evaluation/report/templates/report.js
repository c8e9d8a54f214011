"use strict";

// Without this script everything can be read; with it, tables can be sorted by any column.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(table, heads, column));
  });
}

function sort(table, heads, column) {
  const texts = column === 0;
  const first = texts ? "ascending" : "descending";
  const other = texts ? "descending" : "ascending";
  const order = heads[column].getAttribute("aria-sort") === first ? other : first;
  for (const head of heads) head.removeAttribute("aria-sort");
  heads[column].setAttribute("aria-sort", order);
  const value = (row) => row.cells[column].dataset.value;
  const sign = order === "ascending" ? 1 : -1;
  const compare = (a, b) => {
    if (texts) return sign * value(a).localeCompare(value(b), "en");
    if (value(a) === "" || value(b) === "") return (value(a) === "") - (value(b) === "");
    return sign * (Number(value(a)) - Number(value(b)));
  };
  table.tBodies[0].append(...[...table.tBodies[0].rows].sort(compare));
}
