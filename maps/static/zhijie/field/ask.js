// Ask about the place and the matter: the service first, the stored pack where it cannot be reached.

import { Away, Refused, SignedOut, askJson } from "./api.js";
import { check } from "./offline.js";
import { current } from "./pack.js";
import { page } from "../shared/page.js";
import { fromPack, fromServer } from "./told.js";

const PATIENCE_MS = 6_000; // an officer in the field has the stored answer at once after this
const DEGREES = ["cgcs2000", "wgs84"];

/** What was asked could not be answered here: the key of a sentence that says why. */
export class NoAnswer extends Error {}

/** The body of a question or a report. */
export function asked({ place, footprint, accuracy, matter }) {
  if (footprint) return { footprint, accuracy_m: accuracy, category: matter, channel: "field" };
  const { x, y, datum, accuracy_m: metres } = place;
  return { lon: x, lat: y, datum, accuracy_m: metres, category: matter, channel: "field" };
}

/** The stored pack's answer; throws NoAnswer where it has none. */
export function askPack(body, place) {
  const pack = current();
  if (!pack) throw new NoAnswer("no_pack");
  if (body.datum && !DEGREES.includes(body.datum)) throw new NoAnswer("datum_offline");
  const found = check(pack, body);
  return { found, told: fromPack(found, pack, place) };
}

/** {told, found}: the answer as people read it; `found` where it came from the pack. */
export async function askAll(body, place, signal) {
  try {
    return { found: null, told: fromServer(await askService(body), place) };
  } catch (error) {
    if (signal?.aborted || error instanceof Refused) throw error;
    if (!(error instanceof Away || error instanceof SignedOut)) throw error;
    return askPack(body, place);
  }
}

async function askService(body) {
  const asking = async () => askJson("POST", "/api/check", { body, lang: page.lang, patience: PATIENCE_MS, csrf: await csrfOf() });
  try {
    return await asking();
  } catch (error) {
    if (!(error instanceof Refused && error.status === 403)) throw error;
    forgetToken(); // of a session that has ended since
    return asking();
  }
}

let csrf = null;

/** The session's token; asked for once a page, as checks are many. */
async function csrfOf() {
  if (navigator.onLine === false) throw new Away("");
  csrf ??= (await askJson("GET", "/api/session", { lang: page.lang, patience: PATIENCE_MS })).csrf;
  return csrf;
}

export function forgetToken() {
  csrf = null;
}
