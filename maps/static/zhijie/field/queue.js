// The queue on the page: what is waiting and what was sent, with the verdicts of phone and service.

import { el } from "../shared/dom.js";
import { picture } from "../shared/marks.js";
import { effectWord, number, say } from "../shared/page.js";
import { forgetToken } from "./inquiry.js";
import { momentOf } from "./days.js";
import { itemsOf, onChange, remove, retry, sendAll } from "./send.js";
import { requestBackgroundSync } from "./shell.js";
import { badge } from "./tabs.js";
import { onUserChange, refreshSession, signedOut, user } from "./session.js";

const byId = (id) => document.getElementById(id);
const note = byId("queue-note");
const list = byId("queue");
const RETRY_MS = 30_000;
const BUSY_MS = 2_000; // the worker, or another window, is sending: look again after that
let timer = null;

function verdict(label, found, missing) {
  if (!found) return el("p", { class: "side" }, el("b", {}, label), el("span", {}, missing));
  const words = [found.headline ?? effectWord(found.effect), found.unit].filter(Boolean).join(" · ");
  return el("p", { class: "side" }, el("b", {}, label), picture(found.effect, found.certainty), el("span", {}, words));
}

function difference({ offline, server }) {
  if (!offline || !server) return null;
  if (offline.effect !== server.effect) {
    const values = { offline: effectWord(offline.effect), server: effectWord(server.effect) };
    return el("p", { class: "differs" }, say("differs_effect", values));
  }
  const moved = offline.unit !== server.unit;
  return moved ? el("p", { class: "differs" }, say("differs_unit", { offline: offline.unit ?? "–", server: server.unit ?? "–" })) : null;
}

function photosLine({ photos }) {
  if (photos.length === 0) return null;
  const sent = photos.filter((photo) => photo.original_sent).length;
  return el("p", { class: "meta" }, say("photos_sent", { sent: number(sent), count: number(photos.length) }));
}

function buttons(item) {
  const again = () => retry(item.key).then(sendSoon);
  const drop = () => {
    const sure = el("button", { type: "button", class: "alarm", click: () => remove(item).then(showQueue) }, say("drop_surely"));
    const not = el("button", { type: "button", click: showQueue }, say("keep"));
    row.replaceChildren(sure, not);
    sure.focus();
  };
  const row = el("p", { class: "ways-in" });
  if (item.state === "refused") row.append(el("button", { type: "button", click: again }, say("try_again")));
  if (item.state !== "sending") row.append(el("button", { type: "button", click: drop }, say("drop_item")));
  return row;
}

function line(item) {
  const title = item.kind === "report" ? item.title : say("photos_of", { id: item.report_id });
  return el(
    "li",
    { class: "card item", "data-state": item.state },
    el("h3", {}, title),
    el("p", { class: "state" }, el("b", {}, say(`state_${item.state}`)), el("time", {}, momentOf(item.made_at))),
    item.report_id !== null && item.kind === "report" ? el("p", { class: "meta" }, say("report_number", { id: item.report_id })) : null,
    item.note ? el("p", { class: "differs" }, item.note) : null,
    item.kind === "report" ? verdict(say("side_offline"), item.offline, say("side_none")) : null,
    item.kind === "report" ? verdict(say("side_server"), item.server, say("side_waits")) : null,
    difference(item),
    photosLine(item),
    buttons(item),
  );
}

function sentence(waiting, all) {
  if (user.name === null) return say("queue_sign_in");
  if (user.state === "out") return say("queue_signed_out", { count: number(waiting) });
  if (all === 0) return say("queue_empty");
  if (waiting === 0) return say("queue_all_sent");
  return say(navigator.onLine ? "queue_waits" : "queue_offline", { count: number(waiting) });
}

/** Draw the queue. */
export async function showQueue() {
  const items = user.name === null ? [] : await itemsOf(user.name).catch(() => []);
  const waiting = items.filter(({ state }) => state !== "sent").length;
  badge(waiting);
  byId("send-now").hidden = waiting === 0 || user.state === "out";
  note.textContent = sentence(waiting, items.length);
  list.replaceChildren(...items.map(line));
}

export const signIn = () => el("a", { href: "/login?next=/field", class: "button" }, say("sign_in"));

async function send() {
  clearTimeout(timer);
  const outcome = await sendAll();
  if (outcome === "out") {
    forgetToken();
    signedOut();
  }
  if (outcome === "away" || outcome === "busy") timer = setTimeout(sendSoon, outcome === "busy" ? BUSY_MS : RETRY_MS);
  if (outcome === "away") await requestBackgroundSync();
  await showQueue();
  return outcome;
}

/** Send what is waiting, now and, where that fails, again later. */
export const sendSoon = () => send().catch(() => showQueue());

export function startQueue() {
  onChange(showQueue);
  onUserChange(() => {
    showQueue();
    if (user.state === "in") sendSoon();
  });
  byId("send-now").addEventListener("click", async () => {
    note.textContent = say("sending");
    await refreshSession();
    await sendSoon();
  });
  showQueue();
}
