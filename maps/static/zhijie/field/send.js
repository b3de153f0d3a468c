// Sends the queue, each report once: after a lost response it is sent again under the same idempotency key.
// Runs in the page and in the service worker; a lock lets only one of them send at a time. It touches no page.

import { Unreachable, Refused, SignedOut, requestJson, fetchSession } from "./api.js";
import { all, change, drop, read } from "./store.js";

const LOCK = "zhijie-send";
const channel = new BroadcastChannel("zhijie-field");

/** Call `listener` when the queue changes, also by another window or the worker. */
export function onChange(listener) {
  channel.addEventListener("message", listener);
}

export const notifyChange = () => channel.postMessage("queue");

async function updateItem(key, how) {
  const item = await change(key, how);
  notifyChange();
  return item;
}

/** The items of an account, newest first. */
export async function itemsOf(account) {
  const items = await all("queue");
  return items.filter((item) => item.account === account).sort((a, b) => (a.made_at < b.made_at ? 1 : -1));
}

const isDue = ({ state }) => state === "waiting" || state === "sending";

/**
 * Send everything that is waiting for the current account. Returns "done", "busy" (another window is sending),
 * "away" (offline) or "out" (signed out).
 */
export function sendAll() {
  // ifAvailable: two senders would upload the same photos twice over a slow connection.
  return navigator.locks.request(LOCK, { ifAvailable: true }, (lock) => (lock === null ? "busy" : sendWaiting()));
}

async function sendWaiting() {
  try {
    const user = await fetchSession();
    const due = (await itemsOf(user.name)).filter(isDue).reverse();
    for (const item of due) await sendOne(item.key, user);
    return "done";
  } catch (error) {
    if (error instanceof SignedOut) return "out";
    if (error instanceof Unreachable) return "away";
    throw error;
  }
}

async function sendOne(key, user) {
  let item = await updateItem(key, (one) => Object.assign(one, { state: "sending", note: "" }));
  if (item === null) return;
  try {
    if (item.report_id === null) item = await file(item, user);
    for (const small of [true, false]) {
      for (const photo of item.photos) await sendPhoto(item, photo, small, user);
    }
    item = await updateItem(key, (one) => Object.assign(one, { state: "sent", sent_at: new Date().toISOString() }));
    await dropPhotos(item);
  } catch (error) {
    if (error instanceof Refused) {
      await updateItem(key, (one) => Object.assign(one, { state: "refused", note: error.message }));
      return;
    }
    await updateItem(key, (one) => Object.assign(one, { state: "waiting", note: error instanceof Unreachable ? error.message : "" }));
    throw error;
  }
}

async function file(item, { csrf }) {
  // The key was made with the item and is stored: however often this is sent, the service files one report.
  const headers = { "idempotency-key": item.key };
  const report = await requestJson("POST", "/api/reports", { body: item.body, headers, lang: item.lang, csrf });
  const { effect, certainty, unit_name: unit, words } = report;
  const server = { effect, certainty, unit, headline: words.headline };
  return updateItem(item.key, (one) => Object.assign(one, { report_id: report.id, server }));
}

/** Send a photo. The small copy comes first, so that others see it soon; the original is the evidence. */
async function sendPhoto({ key, report_id: report, lang }, { id, ...sent }, small, { csrf }) {
  const flag = small ? "small_sent" : "original_sent";
  if (sent[flag]) return;
  const photo = await read("photos", id);
  const blob = small ? photo?.small : photo?.original;
  if (!blob) return;
  const name = small ? photo.name.replace(/(\.\w+)?$/, "-small.jpg") : photo.name;
  const path = `/api/reports/${report}/evidence?filename=${encodeURIComponent(name)}`;
  try {
    const stored = await requestJson("POST", path, { body: blob, lang, csrf });
    if (!small) await verify(blob, stored.sha256);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (!small) throw error;
    return; // the original counts; a refused small copy does not matter
  }
  await updateItem(key, (one) => {
    one.photos.find((each) => each.id === id)[flag] = true;
  });
}

async function verify(blob, sha256) {
  const digest = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
  const found = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  if (found !== sha256) throw new Unreachable("sha256");
}

/** Delete the photos of a sent item: the service has stored them and confirmed their hashes. */
async function dropPhotos(item) {
  if (item !== null) await drop(item.photos.map(({ id }) => id));
}

/** Put a refused item back into the queue. */
export const retry = (key) => updateItem(key, (one) => Object.assign(one, { state: "waiting", note: "" }));

/** Delete an item and its photos. */
export async function remove(item) {
  await drop(item.photos.map(({ id }) => id), item.key);
  notifyChange();
}
