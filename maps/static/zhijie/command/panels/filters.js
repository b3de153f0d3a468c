// The form of the filters, and the sentence that describes them.

import { el } from "../../shared/dom.js";
import { picture } from "../../shared/marks.js";
import { page, say } from "../../shared/page.js";
import { change, current, onFilters, reset } from "../state/state.js";
import { categoryName, effects, statusName, words, zoneName } from "../state/vocabulary.js";

const form = document.getElementById("filters");
const sentences = document.querySelectorAll(".sentence");

const LISTS = {
  effect: effects,
  status: () => words("statuses"),
  category: () => words("categories"),
  zone: () => words("zone_kinds"),
};
const FLAGS = ["overdue", "urgent", "mine"];
const DAYS = ["since", "until"];

function choice(name, code, word) {
  const input = el("input", { type: "checkbox", name, value: code });
  return el("label", { class: "choice" }, input, name === "effect" ? picture(code, "certain") : null, el("span", {}, word));
}

/** Fill the form's lists and apply changes. */
export function startFilters() {
  for (const [name, rows] of Object.entries(LISTS)) {
    form.querySelector(`[data-list=${name}]`).append(...rows().map(([code, word]) => choice(name, code, word)));
  }
  form.addEventListener("change", applyForm);
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const button of document.querySelectorAll(".clear-filters")) button.addEventListener("click", reset);
  onFilters(show);
  show();
}

function applyForm() {
  const given = new FormData(form);
  const patch = {};
  for (const name of Object.keys(LISTS)) patch[name] = given.getAll(name);
  for (const name of FLAGS) patch[name] = given.has(name);
  for (const name of DAYS) patch[name] = given.get(name) ?? "";
  const wrong = patch.since && patch.until && patch.since > patch.until;
  form.querySelector(".note").textContent = wrong ? say("days_wrong") : "";
  if (!wrong) change(patch);
}

/** Show the current filters in the form and in the sentence. */
function show() {
  const now = current();
  for (const input of form.querySelectorAll("input[type=checkbox]")) {
    input.checked = FLAGS.includes(input.name) ? now[input.name] : now[input.name].includes(input.value);
  }
  for (const name of DAYS) form.elements[name].value = now[name];
  showSentence();
}

let unitName = "";

/** Set the name of the unit in the filters. */
export function nameUnit(name) {
  unitName = name;
  showSentence();
}

function showSentence() {
  const now = current();
  const names = { effect: (code) => page.effects[code] ?? code, status: statusName, category: categoryName, zone: zoneName };
  const parts = Object.entries(names).map(([list, name]) => now[list].map(name).join(say("or")));
  const days = now.since || now.until ? say("span", { since: now.since || "…", until: now.until || "…" }) : "";
  const flags = FLAGS.filter((name) => now[name]).map((name) => say(name));
  const set = [now.unit && (unitName || now.unit), ...parts, days, ...flags].filter(Boolean);
  for (const place of sentences) place.textContent = set.length > 0 ? set.join(" · ") : say("everything");
  for (const button of document.querySelectorAll(".clear-filters")) button.hidden = set.length === 0;
}
