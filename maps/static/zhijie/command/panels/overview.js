// Counters and charts of the reports that match the filters.

import { getJson, isAbort } from "../../shared/http.js";
import { number, say } from "../../shared/page.js";
import { bars, columns } from "./charts.js";
import { may } from "../state/session.js";
import { filterQuery, change, current, onFilters } from "../state/state.js";
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

/** Call `listener` with each new overview. */
export const onOverview = (listener) => listeners.add(listener);

function showCounters(overview) {
  for (const [name, place] of Object.entries(counters)) place.querySelector("strong").textContent = number(overview[name] ?? 0);
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

/** Show a sentence in place of the figures. */
function showUnavailable(sentence) {
  for (const place of Object.values(counters)) place.querySelector("strong").textContent = "–";
  charts.parentElement.hidden = true;
  note.textContent = sentence;
}

async function load() {
  if (!may("read", "file")) return showUnavailable(say("overview_forbidden"));
  running?.abort();
  running = new AbortController();
  askedAt = performance.now();
  try {
    const overview = await getJson("/api/overview", filterQuery(), running.signal);
    note.textContent = "";
    charts.parentElement.hidden = false;
    showCounters(overview);
    showCharts(overview);
    for (const listener of listeners) listener(overview);
  } catch (error) {
    if (isAbort(error)) return undefined;
    showUnavailable(say("overview_failed", { reason: error.message }));
  }
  return undefined;
}

/** Load the figures soon; at most once in two seconds, however many events arrive. */
export function refreshOverview() {
  if (timer) return;
  timer = setTimeout(() => {
    timer = 0;
    load();
  }, Math.max(0, askedAt + EVERY_MS - performance.now()));
}

/** The counters of overdue and urgent reports are filters, too. */
export function startOverview() {
  for (const name of ["overdue", "urgent"]) {
    counters[name].addEventListener("click", () => change({ [name]: !current()[name] }));
  }
  const pressed = () => {
    for (const name of ["overdue", "urgent"]) counters[name].setAttribute("aria-pressed", String(current()[name]));
  };
  onFilters(() => {
    pressed();
    load();
  });
  pressed();
  charts.parentElement.open = window.matchMedia("(min-width: 900px)").matches;
  return load();
}
