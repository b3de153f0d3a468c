// Checks the place and the matter: by the service, or by the stored pack where it cannot be reached.

import { Unreachable, Refused, SignedOut, requestJson } from "./api.js";
import { check } from "./offline.js";
import { current } from "./pack.js";
import { page } from "../shared/page.js";
import { fromPack, fromServer } from "./answer.js";

const PATIENCE_MS = 6_000; // after this the officer gets the stored answer
const DEGREES = ["cgcs2000", "wgs84"];

/** No answer is possible here; `message` is the key of the sentence that says why. */
export class NoAnswer extends Error {}

/** The request body of a check or a report. */
export function inquiryBody({ place, footprint, accuracy, matter, stated }) {
  const asked = { category: matter, channel: "field", ...(Object.keys(stated).length > 0 ? { stated } : {}) };
  if (footprint) return { footprint, accuracy_m: accuracy, ...asked };
  const { x, y, datum, accuracy_m: metres } = place;
  return { lon: x, lat: y, datum, accuracy_m: metres, ...asked };
}

/** The stored pack's answer. Throws NoAnswer where it has none. */
export function checkOffline(body, place) {
  const pack = current();
  if (!pack) throw new NoAnswer("no_pack");
  if (body.datum && !DEGREES.includes(body.datum)) throw new NoAnswer("datum_offline");
  const found = check(pack, body);
  return { found, answer: fromPack(found, pack, place) };
}

/** {answer, found}: the answer for the page; `found` only where it came from the pack. */
export async function checkPlace(body, place, signal) {
  try {
    return { found: null, answer: fromServer(await checkOnline(body), place) };
  } catch (error) {
    if (signal?.aborted || error instanceof Refused) throw error;
    if (!(error instanceof Unreachable || error instanceof SignedOut)) throw error;
    return checkOffline(body, place);
  }
}

async function checkOnline(body) {
  const attempt = async () => requestJson("POST", "/api/check", { body, lang: page.lang, patience: PATIENCE_MS, csrf: await csrfToken() });
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof Refused && error.status === 403)) throw error;
    forgetToken(); // of a session that has ended meanwhile
    return attempt();
  }
}

let csrf = null;

/** The session's CSRF token, fetched once a page, as checks are frequent. */
async function csrfToken() {
  if (navigator.onLine === false) throw new Unreachable("");
  csrf ??= (await requestJson("GET", "/api/session", { lang: page.lang, patience: PATIENCE_MS })).csrf;
  return csrf;
}

export function forgetToken() {
  csrf = null;
}
