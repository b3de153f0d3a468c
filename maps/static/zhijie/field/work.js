// My work: reports that were given to me, the most urgent first; moved on with a reason, photos added later.

import { Away, Refused, SignedOut, act, askJson } from "./api.js";
import { el } from "../shared/dom.js";
import { effectWord, page, say } from "../shared/page.js";
import { dayOf } from "./days.js";
import { drawReports, lookAt, showReports } from "./ground.js";
import { taken } from "./photos.js";
import { sendSoon } from "./queue.js";
import { picture } from "../shared/marks.js";
import { tellChange } from "./send.js";
import { writeItem } from "./store.js";
import { opened, onTab } from "./tabs.js";
import { fromServer } from "./told.js";
import { verdictCard } from "./verdict.js";
import { signedOut, who } from "./who.js";

const MOST = 100;
const at = (id) => document.getElementById(id);
const note = at("work-note");
let lines = [];
let wanted = null; // the report that photos are chosen for

const dueOf = ({ due_on: due, clock }) => (due ? say(clock === 3 ? "overdue_since" : "due_on", { day: due }) : "");
const rank = ({ urgent, clock }) => (urgent ? 4 : 0) + clock;

function row(line) {
  const { id, effect, certainty, category_name: matter, unit_name: unit, received_at: at_, urgent, sample } = line;
  const told = el("div", { class: "more", hidden: true });
  const open = el("button", { type: "button", class: "line", "aria-expanded": "false", click: () => unfold(line, open, told) });
  open.append(
    picture(effect, certainty),
    el("span", {}, el("b", {}, matter), el("small", {}, [unit, dayOf(at_), `#${id}`].filter(Boolean).join(" · "))),
    el("span", { class: "flags" }, urgent ? el("em", {}, say("urgent")) : null, el("span", {}, dueOf(line)), sample ? el("small", {}, say("sample_short")) : null),
  );
  return el("li", { class: "card item", "data-id": id, "data-clock": line.clock }, open, told);
}

async function unfold(line, open, told) {
  const opening = told.hidden;
  told.hidden = !opening;
  open.setAttribute("aria-expanded", String(opening));
  if (!opening) return;
  lookAt(line);
  told.replaceChildren(el("p", { class: "meta" }, say("loading")));
  try {
    const report = await askJson("GET", `/api/reports/${line.id}`, { lang: page.lang });
    told.replaceChildren(...details(report, told));
  } catch (error) {
    told.replaceChildren(el("p", { class: "differs" }, sentenceOf(error)));
  }
}

function details(report, told) {
  const words = report.description ? el("blockquote", {}, report.description) : null;
  const fold = el("details", {}, el("summary", {}, say("verdict")), verdictCard(fromServer(report)));
  const add = () => {
    wanted = report.id;
    at("later-file").click();
  };
  return [words, fold, el("button", { type: "button", click: add }, say("add_photos")), mover(report, told)].filter(Boolean);
}

function mover(report, told) {
  const next = report.next_statuses ?? [];
  const state = el("p", {}, say("status_now", { status: report.status_name ?? report.status }));
  if (next.length === 0) return state;
  const id = `to-status-${report.id}`;
  const choice = el("select", { id }, ...next.map(({ code, name }) => el("option", { value: code }, name)));
  const reason = el("input", { id: `${id}-why`, maxlength: "500", required: true, autocomplete: "off" });
  const said = el("p", { class: "note", role: "alert" });
  const submit = async (event) => {
    event.preventDefault();
    said.textContent = "";
    try {
      await act("POST", `/api/reports/${report.id}/status`, { body: { status: choice.value, reason: reason.value.trim() }, lang: page.lang });
      await showWork();
      at("work").querySelector(`[data-id="${report.id}"] .line`)?.click(); // what it has become
    } catch (error) {
      said.textContent = sentenceOf(error);
    }
  };
  return el(
    "form",
    { class: "sheet", submit },
    state,
    el("label", { for: id }, say("status_to")),
    choice,
    el("label", { for: `${id}-why` }, say("reason")),
    reason,
    el("button", { type: "submit", class: "main" }, say("move")),
    said,
  );
}

function sentenceOf(error) {
  if (error instanceof Refused) return error.message;
  if (error instanceof SignedOut) return say("sign_in_first");
  return say("work_offline");
}

async function addLater({ target }) {
  const files = [...target.files];
  target.value = "";
  if (files.length === 0) return;
  const photos = await Promise.all(files.map(taken));
  const item = {
    key: crypto.randomUUID(),
    account: who.name,
    kind: "photos",
    made_at: new Date().toISOString(),
    lang: page.lang,
    report_id: wanted,
    state: "waiting",
    note: "",
    photos: photos.map(({ id, name, small }) => ({ id, name, small_sent: small === null, original_sent: false })),
  };
  await writeItem(item, photos);
  tellChange();
  note.textContent = say("photos_queued", { count: files.length, id: wanted });
  sendSoon();
}

function show() {
  at("work").replaceChildren(...lines.map(row));
  note.textContent = lines.length === 0 ? say("work_none") : say("work_count", { count: lines.length });
  drawReports(lines, (id) => at("work").querySelector(`[data-id="${id}"] .line`).click());
  showReports(lines);
}

/** Fetch and draw what is mine. */
export async function showWork() {
  if (lines.length === 0) note.textContent = say("loading");
  try {
    const query = { mine: "true", status: page.open_statuses.join(","), pressing: "true", limit: String(MOST) };
    const { reports } = await askJson("GET", `/api/feed?${new URLSearchParams(query)}`, { lang: page.lang });
    lines = reports.sort((a, b) => rank(b) - rank(a) || b.id - a.id);
    show();
  } catch (error) {
    if (error instanceof SignedOut) signedOut();
    if (!(error instanceof Away || error instanceof Refused || error instanceof SignedOut)) throw error;
    const text = sentenceOf(error);
    note.replaceChildren(text, " ", el("button", { type: "button", click: showWork }, say("try_again")));
  }
}

export function startWork() {
  onTab((tab) => tab === "work" && showWork());
  at("later-file").addEventListener("change", addLater);
  if (opened() === "work") showWork();
}
