// The counters and charts of what the filters let pass.

import { getJson, isAbort } from "../../shared/http.js";
import { number, say } from "../../shared/page.js";
import { bars, columns } from "./charts.js";
import { may } from "../state/session.js";
import { asked, change, current, onFilters } from "../state/state.js";
import { months } from "../state/times.js";
import { categoryName, effects } from "../state/vocabulary.js";

const EVERY_MS = 2_000;
const MATTERS = 6;
const MONTHS = 24;

const charts = document.getElementById("charts");
const note = document.getElementById("overview-note");
const counters = Object.fromEntries(
  ["open", "overdue", "urgent"].map((name) => [name, document.getElementById(`count-${name}`)]),
);

const listeners = new Set();
let running = null;
let timer = 0;
let askedAt = -EVERY_MS;

/** Call with each new overview. */
export const onOverview = (listener) => listeners.add(listener);

function showCounters(told) {
  for (const [name, place] of Object.entries(counters)) place.querySelector("strong").textContent = number(told[name] ?? 0);
}

function showCharts({ by_effect: byEffect = {}, by_category: matters = {}, by_month: byMonth = [] }) {
  const ofEffect = effects().map(([code, name]) => ({
    name,
    n: byEffect[code] ?? 0,
    className: `bar-${code.replace("_", "-")}`,
  }));
  const ofMatter = Object.entries(matters)
    .map(([code, n]) => ({ name: categoryName(code), n }))
    .sort((a, b) => b.n - a.n)
    .slice(0, MATTERS);
  const counted = new Map(byMonth);
  const ofMonth = months(MONTHS).map(({ name }) => ({ name, n: counted.get(name) ?? 0 }));
  charts.replaceChildren(
    bars(say("by_effect"), ofEffect),
    bars(say("by_matter"), ofMatter),
    columns(say("by_month"), ofMonth),
  );
}

/** No figures: why, in a sentence. */
function lack(sentence) {
  for (const place of Object.values(counters)) place.querySelector("strong").textContent = "–";
  charts.parentElement.hidden = true;
  note.textContent = sentence;
}

async function ask() {
  if (!may("read", "file")) return lack(say("overview_forbidden"));
  running?.abort();
  running = new AbortController();
  askedAt = performance.now();
  try {
    const told = await getJson("/api/overview", asked(), running.signal);
    note.textContent = "";
    charts.parentElement.hidden = false;
    showCounters(told);
    showCharts(told);
    for (const listener of listeners) listener(told);
  } catch (error) {
    if (isAbort(error)) return undefined;
    lack(say("overview_failed", { reason: error.message }));
  }
  return undefined;
}

/** Ask soon; at most once in two seconds, however much happens. */
export function refreshOverview() {
  if (timer) return;
  timer = setTimeout(() => {
    timer = 0;
    ask();
  }, Math.max(0, askedAt + EVERY_MS - performance.now()));
}

/** The counters of what is overdue and urgent are filters too. */
export function startOverview() {
  for (const name of ["overdue", "urgent"]) {
    counters[name].addEventListener("click", () => change({ [name]: !current()[name] }));
  }
  const pressed = () => {
    for (const name of ["overdue", "urgent"]) counters[name].setAttribute("aria-pressed", String(current()[name]));
  };
  onFilters(() => {
    pressed();
    ask();
  });
  pressed();
  charts.parentElement.open = window.matchMedia("(min-width: 900px)").matches;
  return ask();
}
