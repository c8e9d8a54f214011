const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const elements = [...document.querySelectorAll(".card")];
const cards = data.cards.map((card, place) => ({
  ...card,
  id: [card.row.item_id, card.row.photo, card.row.grounding || card.row.sha256].join("\n"),
  element: elements[place],
}));
const selects = { flag: byId("by-flag"), model: byId("by-model"), prompt: byId("by-prompt"), category: byId("by-category") };
const known = load();
const list = document.querySelector(".cards");
const sample = cards.filter((card) => card.drawn !== null).sort((a, b) => a.drawn - b.drawn);
let shown = cards;

// ---- what the browser remembers

function load() {
  try {
    const held = JSON.parse(localStorage.getItem(data.store)) || {};
    return { marks: held.marks || {}, edits: held.edits || {} };
  } catch {
    return { marks: {}, edits: {} };
  }
}

function keep() {
  try {
    localStorage.setItem(data.store, JSON.stringify(known));
  } catch {
    // a browser that keeps nothing: the page itself still does
  }
}

const markOf = (card) => known.marks[card.id] || "";
const editsOf = (card) => known.edits[card.id] || null;
const rowOf = (card) => ({ ...card.row, ...editsOf(card), verdict: markOf(card) });

// ---- filters

function fits(card) {
  const row = rowOf(card);
  const views = {
    "": true,
    sample: card.drawn !== null,
    unseen: card.drawn !== null && !markOf(card),
    flagged: card.flags.length > 0,
    corrected: card.corrected,
    good: markOf(card) === "good",
    bad: markOf(card) === "bad",
    edited: Boolean(editsOf(card)),
  };
  const wanted = (select, value) => !select.value || select.value === value;
  if (!views[byId("view").value]) return false;
  if (selects.flag.value && !card.flags.includes(selects.flag.value)) return false;
  if (!wanted(selects.model, card.row.model) || !wanted(selects.prompt, card.row.prompt_id)) return false;
  if (!wanted(selects.category, card.row.category)) return false;
  const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return true;
  const text = [row.item_id, card.title, ...data.fields.map((name) => row[name])].join("\n").toLowerCase();
  return words.every((word) => text.includes(word));
}

function filter() {
  // The sample comes in the order drawn, so that the first of it are a random sample, too.
  const inOrderDrawn = ["sample", "unseen"].includes(byId("view").value);
  shown = (inOrderDrawn ? sample : cards).filter(fits);
  list.append(...(inOrderDrawn ? shown : cards).map((card) => card.element));
  const visible = new Set(shown);
  for (const card of cards) card.element.hidden = !visible.has(card);
  byId("nothing").hidden = shown.length > 0;
  byId("count").textContent = `${shown.length.toLocaleString("en")} of ${cards.length.toLocaleString("en")} shown`;
  for (const button of document.querySelectorAll("[data-flag]")) {
    button.setAttribute("aria-pressed", String(button.dataset.flag === selects.flag.value));
  }
}

function clear() {
  for (const select of [byId("view"), ...Object.values(selects)]) select.value = "";
  byId("search").value = "";
  filter();
}

// ---- marks, and what they say of all photos

function mark(card, verdict) {
  if (!card.row.grounding) return; // there is nothing to judge
  if (markOf(card) === verdict) delete known.marks[card.id];
  else known.marks[card.id] = verdict;
  keep();
  paint(card);
  count();
}

const percent = (share) => `${(100 * share).toFixed(1)}%`;

function count() {
  const looked = sample.filter(markOf).length;
  // Whoever picks cards from the sample picks no random ones: the first in the order drawn count.
  const gap = sample.findIndex((card) => !markOf(card));
  const first = gap < 0 ? sample : sample.slice(0, gap);
  const bad = first.filter((card) => markOf(card) === "bad").length;
  byId("looked").value = looked;
  byId("rate").textContent = `${looked} of ${sample.length} looked at`;
  if (first.length) {
    const [low, high] = wilson(bad, first.length);
    const which = first.length < looked ? ` of the first ${first.length} in the order drawn` : "";
    byId("means").textContent =
      `${bad} bad${which}: a defect rate of ${percent(bad / first.length)}. Of all descriptions, ` +
      `${percent(low)} to ${percent(high)} are bad, with 95% confidence.`;
  } else {
    byId("means").textContent = "Mark each photo of the sample good or bad: this gives the defect rate of all descriptions.";
  }
  const changed = cards.filter((card) => markOf(card) || editsOf(card)).length;
  byId("download").textContent = changed ? `Download corrections (${changed})` : "Download corrections";
  byId("download").disabled = byId("forget").disabled = !changed;
}

// ---- showing and editing a card

function paint(card) {
  const row = rowOf(card);
  const element = card.element;
  for (const button of element.querySelectorAll("[data-mark]")) {
    button.setAttribute("aria-pressed", String(button.dataset.mark === row.verdict));
  }
  element.classList.toggle("good", row.verdict === "good");
  element.classList.toggle("bad", row.verdict === "bad");
  element.querySelector(".edited").hidden = !editsOf(card);
  element.querySelector('[data-show="category"]').textContent = row.category || card.title || row.item_id;
  element.querySelector('[data-show="description"]').textContent = row.description;
  const facets = data.fields.filter((name) => name !== "category" && name !== "description" && row[name]);
  element.querySelector("[data-facets]").replaceChildren(
    ...facets.flatMap((name) => [made("dt", name), made("dd", row[name])]),
  );
}

function made(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}

function edit(card) {
  if (card.element.querySelector("form")) return;
  const row = rowOf(card);
  const form = document.createElement("form");
  const inputs = {};
  for (const name of ["description", ...data.fields.filter((field) => field !== "description")]) {
    const input = document.createElement(name === "description" ? "textarea" : "input");
    if (name === "description") input.required = true;
    input.maxLength = name === "description" ? 5000 : 500;
    input.value = row[name];
    inputs[name] = input;
    const label = made("label", data.lists.includes(name) ? `${name}, with commas between` : name);
    label.append(input);
    form.append(label);
  }
  const acts = document.createElement("div");
  acts.className = "acts";
  const save = made("button", "Keep");
  const undo = made("button", "As the model wrote it");
  const stop = made("button", "Cancel");
  undo.type = stop.type = "button";
  undo.hidden = !editsOf(card);
  acts.append(save, undo, stop);
  form.append(acts);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const changed = data.fields.filter((name) => inputs[name].value.trim() !== normal(card.row[name]).trim());
    if (changed.length) known.edits[card.id] = Object.fromEntries(changed.map((name) => [name, inputs[name].value.trim()]));
    else delete known.edits[card.id];
    close(card);
  });
  undo.addEventListener("click", () => {
    delete known.edits[card.id];
    close(card);
  });
  stop.addEventListener("click", () => close(card));
  show(card, false);
  card.element.querySelector(".text").append(form);
  inputs.description.focus();
}

// a text field knows no carriage returns
const normal = (text) => text.replace(/\r\n?/g, "\n");

function show(card, whole) {
  for (const part of card.element.querySelectorAll("[data-show=description], [data-facets], .text > .acts")) {
    part.hidden = !whole;
  }
}

function close(card) {
  card.element.querySelector("form").remove();
  show(card, true);
  keep();
  paint(card);
  count();
  card.element.focus();
}

// ---- getting about

const current = () => cards.find((card) => card.element.contains(document.activeElement));

function go(step) {
  const at = shown.indexOf(current());
  const next = shown[at < 0 ? 0 : Math.min(Math.max(at + step, 0), shown.length - 1)];
  if (!next) return;
  next.element.focus({ preventScroll: true });
  next.element.scrollIntoView({ block: "start", behavior: "instant" });
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const card = current();
  const writing = event.target.closest("input, textarea, select");
  if (event.key === "Escape") {
    if (card && card.element.querySelector("form")) close(card);
    else if (writing) writing.blur();
    return;
  }
  if (writing) return;
  const acts = {
    j: () => go(1),
    k: () => go(-1),
    g: () => card && mark(card, "good"),
    b: () => card && mark(card, "bad"),
    e: () => card && edit(card),
    "/": () => byId("search").focus(),
  };
  if (!Object.hasOwn(acts, event.key)) return;
  event.preventDefault();
  acts[event.key]();
}

function download() {
  const rows = cards.filter((card) => markOf(card) || editsOf(card)).map(rowOf);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([csvFile(data.columns, rows)], { type: "text/csv" }));
  link.download = "corrections.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function forget() {
  if (!window.confirm("Forget all marks and edits made on this page?")) return;
  known.marks = {};
  known.edits = {};
  keep();
  cards.forEach(paint);
  count();
  filter();
}

for (const card of cards) {
  for (const button of card.element.querySelectorAll("[data-mark]")) {
    button.addEventListener("click", () => mark(card, button.dataset.mark));
  }
  card.element.querySelector("[data-edit]").addEventListener("click", () => edit(card));
  card.element.querySelector(".acts").hidden = false;
  if (markOf(card) || editsOf(card)) paint(card);
}
for (const select of [byId("view"), ...Object.values(selects)]) select.addEventListener("change", filter);
byId("search").addEventListener("input", filter);
byId("clear").addEventListener("click", clear);
byId("download").addEventListener("click", download);
byId("forget").addEventListener("click", forget);
byId("start").addEventListener("click", () => {
  clear();
  byId("view").value = "sample";
  filter();
  go(1);
});
for (const button of document.querySelectorAll("[data-flag]")) {
  button.addEventListener("click", () => {
    selects.flag.value = selects.flag.value === button.dataset.flag ? "" : button.dataset.flag;
    filter();
    byId("filters").scrollIntoView();
  });
}
document.addEventListener("keydown", onKey);
byId("review").hidden = byId("filters").hidden = false;
count();
filter();
