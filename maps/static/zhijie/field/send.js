// Sends what is queued, each report once: an answer that is lost is asked for again under the same key.
// Runs in the page and in the service worker; a lock lets one of them send at a time. No page in here.

import { Away, Refused, SignedOut, askJson, session } from "./api.js";
import { all, change, drop, read } from "./store.js";

const LOCK = "zhijie-send";
const channel = new BroadcastChannel("zhijie-field");

/** Hear of changes to the queue, also those made elsewhere. */
export function onChange(hear) {
  channel.addEventListener("message", hear);
}

export const tellChange = () => channel.postMessage("queue");

async function set(key, how) {
  const item = await change(key, how);
  tellChange();
  return item;
}

/** The items of an account, newest first. */
export async function itemsOf(account) {
  const items = await all("queue");
  return items.filter((item) => item.account === account).sort((a, b) => (a.made_at < b.made_at ? 1 : -1));
}

const isDue = ({ state }) => state === "waiting" || state === "sending";

/**
 * Send everything that waits of who is signed in. Gives "done", "busy" (somebody else sends), "away" or "out"
 * (nobody is signed in).
 */
export function sendAll() {
  return navigator.locks.request(LOCK, { ifAvailable: true }, (lock) => (lock === null ? "busy" : sendWaiting()));
}

async function sendWaiting() {
  try {
    const who = await session();
    const due = (await itemsOf(who.name)).filter(isDue).reverse();
    for (const item of due) await sendOne(item.key, who);
    return "done";
  } catch (error) {
    if (error instanceof SignedOut) return "out";
    if (error instanceof Away) return "away";
    throw error;
  }
}

async function sendOne(key, who) {
  let item = await set(key, (one) => Object.assign(one, { state: "sending", note: "" }));
  if (item === null) return;
  try {
    if (item.report_id === null) item = await file(item, who);
    for (const small of [true, false]) {
      for (const photo of item.photos) await sendPhoto(item, photo, small, who);
    }
    item = await set(key, (one) => Object.assign(one, { state: "sent", sent_at: new Date().toISOString() }));
    await forget(item);
  } catch (error) {
    if (error instanceof Refused) {
      await set(key, (one) => Object.assign(one, { state: "refused", note: error.message }));
      return;
    }
    await set(key, (one) => Object.assign(one, { state: "waiting", note: error instanceof Away ? error.message : "" }));
    throw error;
  }
}

async function file(item, { csrf }) {
  const headers = { "idempotency-key": item.key };
  const report = await askJson("POST", "/api/reports", { body: item.body, headers, lang: item.lang, csrf });
  const { effect, certainty, unit_name: unit, words } = report;
  const server = { effect, certainty, unit, headline: words.headline };
  return set(item.key, (one) => Object.assign(one, { report_id: report.id, server }));
}

/** The small copy comes first, for all who wait for it; the original is the evidence. */
async function sendPhoto({ key, report_id: report, lang }, { id, ...sent }, small, { csrf }) {
  const told = small ? "small_sent" : "original_sent";
  if (sent[told]) return;
  const photo = await read("photos", id);
  const blob = small ? photo?.small : photo?.original;
  if (!blob) return;
  const name = small ? photo.name.replace(/(\.\w+)?$/, "-small.jpg") : photo.name;
  const path = `/api/reports/${report}/evidence?filename=${encodeURIComponent(name)}`;
  try {
    const kept = await askJson("POST", path, { body: blob, lang, csrf });
    if (!small) await verify(blob, kept.sha256);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (!small) throw error;
    return; // the original is what counts
  }
  await set(key, (one) => {
    one.photos.find((each) => each.id === id)[told] = true;
  });
}

async function verify(blob, sha256) {
  const digest = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
  const found = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  if (found !== sha256) throw new Away("sha256");
}

/** What the service has safely, the telephone need not keep. */
async function forget(item) {
  if (item !== null) await drop(item.photos.map(({ id }) => id));
}

/** Try a refused item again. */
export const retry = (key) => set(key, (one) => Object.assign(one, { state: "waiting", note: "" }));

/** Take an item away, with its photos. */
export async function remove(item) {
  await drop(item.photos.map(({ id }) => id), item.key);
  tellChange();
}
