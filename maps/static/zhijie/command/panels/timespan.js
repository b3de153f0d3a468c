// The time slider: the last 24 months, two handles, and a button that moves the span along.

import { reducedMotion, say } from "../../shared/page.js";
import { debounce } from "../../shared/dom.js";
import { change, current, onFilters } from "../state/state.js";
import { months } from "../state/times.js";

const MONTHS = 24;
const STEP_MS = 1200;

const from = document.getElementById("time-from");
const to = document.getElementById("time-to");
const spanText = document.getElementById("time-span");
const play = document.getElementById("time-play");
const all = document.getElementById("time-all");
const rows = months(MONTHS);
const last = MONTHS - 1;

let playing = 0;

function showSpan() {
  const [a, b] = [rows[from.value], rows[to.value]];
  spanText.textContent = from.value === to.value ? a.name : say("span", { since: a.name, until: b.name });
  for (const input of [from, to]) input.setAttribute("aria-valuetext", rows[input.value].name);
}

const apply = () => {
  const whole = Number(from.value) === 0 && Number(to.value) === last;
  change({ since: whole ? "" : rows[from.value].first, until: whole ? "" : rows[to.value].last });
};
const soon = debounce(apply, 250);

function onInput({ target }) {
  stop();
  if (Number(from.value) > Number(to.value)) (target === from ? to : from).value = target.value;
  showSpan();
  soon();
}

/** Show the span of the filters, as far as the slider reaches. */
function show() {
  const { since, until } = current();
  const first = since ? rows.findIndex((row) => row.last >= since) : 0;
  const end = until ? rows.findLastIndex((row) => row.first <= until) : last;
  from.value = first < 0 ? last : first;
  to.value = Math.max(end, Number(from.value));
  showSpan();
}

function stop() {
  clearInterval(playing);
  playing = 0;
  play.setAttribute("aria-pressed", "false");
  play.querySelector("span").textContent = say("play");
}

function step() {
  const width = to.value - from.value;
  const next = Number(to.value) >= last ? 0 : Number(from.value) + 1;
  to.value = Math.min(last, next + width);
  from.value = next;
  showSpan();
  apply();
}

function start() {
  if (Number(to.value) - Number(from.value) === last) [from.value, to.value] = [0, 0];
  play.setAttribute("aria-pressed", "true");
  play.querySelector("span").textContent = say("stop");
  showSpan();
  apply();
  playing = setInterval(step, reducedMotion ? 2 * STEP_MS : STEP_MS);
}

export function startTimespan() {
  for (const input of [from, to]) {
    input.max = last;
    input.addEventListener("input", onInput);
  }
  from.value = 0;
  to.value = last;
  play.addEventListener("click", () => (playing ? stop() : start()));
  all.addEventListener("click", () => {
    stop();
    change({ since: "", until: "" });
  });
  onFilters(show);
  show();
}
