// The stored pack: units, zones and rules of a county. It is replaced only by a complete new one.

import { Unreachable, Refused, SignedOut, request } from "./api.js";
import { read, write } from "./store.js";
import { page } from "../shared/page.js";

const FORM = 4;
const HOME = { lon: 112.75, lat: 35.6 };
const PATIENCE_MS = 60_000;

let pack = null;
const events = new EventTarget();

export const current = () => pack;
export const onPack = (listener) => events.addEventListener("pack", listener);

function take(found) {
  pack = found;
  events.dispatchEvent(new Event("pack"));
}

/** The pack stored last, if these scripts can read its format. */
export async function openPack() {
  const stored = await read("kept", "pack").catch(() => null); // a browser that keeps nothing
  if (stored?.form === FORM) take(stored);
  return pack !== null;
}

async function fetchPack(place) {
  const query = new URLSearchParams(place ?? {});
  const headers = pack ? { "if-none-match": `"${pack.version}"` } : {};
  const answer = await request("GET", `/api/field/pack?${query}`, { headers, lang: page.lang, patience: PATIENCE_MS });
  if (answer.status === 304) return;
  const fresh = await answer.json();
  if (fresh.form !== FORM) return; // from a newer service: the page is updated first
  await write("kept", fresh, "pack").catch(() => null);
  take(fresh);
}

/** Whether a place is well inside the stored area. */
export function holds({ lon, lat }) {
  if (!pack) return false;
  const [west, south, east, north] = pack.box;
  return lon > west && lon < east && lat > south && lat < north;
}

/** Fetch the pack of a place, or of the account's area. Returns "fresh", "away", "out" or "none". */
export async function renewPack(place = null) {
  const tries = place ? [place, null, HOME] : [null, HOME];
  for (const where of tries) {
    try {
      await fetchPack(where);
      return "fresh";
    } catch (error) {
      if (error instanceof SignedOut) return "out";
      if (error instanceof Unreachable || !(error instanceof Refused)) return "away";
    }
  }
  return "none";
}
