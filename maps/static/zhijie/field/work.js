// My work: reports assigned to me, most urgent first; their state can be changed and photos be added.

import { Unreachable, Refused, SignedOut, mutate, requestJson } from "./api.js";
import { el } from "../shared/dom.js";
import { page, say } from "../shared/page.js";
import { dayOf } from "./days.js";
import { drawReports, lookAt, showReports } from "./map.js";
import { preparePhoto } from "./photos.js";
import { sendSoon } from "./queue.js";
import { picture } from "../shared/marks.js";
import { notifyChange } from "./send.js";
import { writeItem } from "./store.js";
import { opened, onTab } from "./tabs.js";
import { fromServer } from "./answer.js";
import { verdictCard } from "./verdict.js";
import { signedOut, user } from "./session.js";

const MOST = 100;
const byId = (id) => document.getElementById(id);
const note = byId("work-note");
let lines = [];
let photosFor = null; // the report that photos are chosen for

const dueOf = ({ due_on: due, clock }) => (due ? say(clock === 3 ? "overdue_since" : "due_on", { day: due }) : "");
const rank = ({ urgent, clock }) => (urgent ? 4 : 0) + clock;

function row(line) {
  const { id, effect, certainty, category_name: matter, unit_name: unit, received_at: at_, urgent, sample } = line;
  const details = el("div", { class: "more", hidden: true });
  const open = el("button", { type: "button", class: "line", "aria-expanded": "false", click: () => unfold(line, open, details) });
  open.append(
    picture(effect, certainty),
    el("span", {}, el("b", {}, matter), el("small", {}, [unit, dayOf(at_), `#${id}`].filter(Boolean).join(" · "))),
    el("span", { class: "flags" }, urgent ? el("em", {}, say("urgent")) : null, el("span", {}, dueOf(line)), sample ? el("small", {}, say("sample_short")) : null),
  );
  return el("li", { class: "card item", "data-id": id, "data-clock": line.clock }, open, details);
}

async function unfold(line, open, details) {
  const opening = details.hidden;
  details.hidden = !opening;
  open.setAttribute("aria-expanded", String(opening));
  if (!opening) return;
  lookAt(line);
  details.replaceChildren(el("p", { class: "meta" }, say("loading")));
  try {
    const report = await requestJson("GET", `/api/reports/${line.id}`, { lang: page.lang });
    details.replaceChildren(...reportDetails(report, details));
  } catch (error) {
    details.replaceChildren(el("p", { class: "differs" }, sentenceOf(error)));
  }
}

function reportDetails(report, details) {
  const words = report.description ? el("blockquote", {}, report.description) : null;
  const fold = el("details", {}, el("summary", {}, say("verdict")), verdictCard(fromServer(report)));
  const add = () => {
    photosFor = report.id;
    byId("later-file").click();
  };
  return [words, fold, el("button", { type: "button", click: add }, say("add_photos")), statusForm(report, details)].filter(Boolean);
}

function statusForm(report, details) {
  const next = report.next_statuses ?? [];
  const state = el("p", {}, say("status_now", { status: report.status_name ?? report.status }));
  if (next.length === 0) return state;
  const id = `to-status-${report.id}`;
  const choice = el("select", { id }, ...next.map(({ code, name }) => el("option", { value: code }, name)));
  const reason = el("input", { id: `${id}-why`, maxlength: "500", required: true, autocomplete: "off" });
  const problem = el("p", { class: "note", role: "alert" });
  const submit = async (event) => {
    event.preventDefault();
    problem.textContent = "";
    try {
      await mutate("POST", `/api/reports/${report.id}/status`, { body: { status: choice.value, reason: reason.value.trim() }, lang: page.lang });
      await showWork();
      byId("work").querySelector(`[data-id="${report.id}"] .line`)?.click(); // what it has become
    } catch (error) {
      problem.textContent = sentenceOf(error);
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
    problem,
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
  const photos = await Promise.all(files.map(preparePhoto));
  const item = {
    key: crypto.randomUUID(),
    account: user.name,
    kind: "photos",
    made_at: new Date().toISOString(),
    lang: page.lang,
    report_id: photosFor,
    state: "waiting",
    note: "",
    photos: photos.map(({ id, name, small }) => ({ id, name, small_sent: small === null, original_sent: false })),
  };
  await writeItem(item, photos);
  notifyChange();
  note.textContent = say("photos_queued", { count: files.length, id: photosFor });
  sendSoon();
}

function show() {
  byId("work").replaceChildren(...lines.map(row));
  note.textContent = lines.length === 0 ? say("work_none") : say("work_count", { count: lines.length });
  drawReports(lines, (id) => byId("work").querySelector(`[data-id="${id}"] .line`).click());
  showReports(lines);
}

/** Fetch and draw the reports assigned to me. */
export async function showWork() {
  if (lines.length === 0) note.textContent = say("loading");
  try {
    const query = { mine: "true", status: page.open_statuses.join(","), pressing: "true", limit: String(MOST) };
    const { reports } = await requestJson("GET", `/api/feed?${new URLSearchParams(query)}`, { lang: page.lang });
    lines = reports.sort((a, b) => rank(b) - rank(a) || b.id - a.id);
    show();
  } catch (error) {
    if (error instanceof SignedOut) signedOut();
    if (!(error instanceof Unreachable || error instanceof Refused || error instanceof SignedOut)) throw error;
    const text = sentenceOf(error);
    note.replaceChildren(text, " ", el("button", { type: "button", click: showWork }, say("try_again")));
  }
}

export function startWork() {
  onTab((tab) => tab === "work" && showWork());
  byId("later-file").addEventListener("change", addLater);
  if (opened() === "work") showWork();
}
