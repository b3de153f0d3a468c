// The stored pack: units, zones and rules of a county. The last one stays until another has come whole.

import { Away, Refused, SignedOut, ask } from "./api.js";
import { read, write } from "./store.js";
import { page } from "../shared/page.js";

const FORM = 2;
const HOME = { lon: 112.75, lat: 35.6 };
const PATIENCE_MS = 60_000;

let pack = null;
const heard = new EventTarget();

export const current = () => pack;
export const onPack = (hear) => heard.addEventListener("pack", hear);

function take(found) {
  pack = found;
  heard.dispatchEvent(new Event("pack"));
}

/** What was stored last, where the scripts can still read it. */
export async function openPack() {
  const kept = await read("kept", "pack").catch(() => null); // a browser that keeps nothing
  if (kept?.form === FORM) take(kept);
  return pack !== null;
}

async function fetchPack(place) {
  const query = new URLSearchParams(place ?? {});
  const headers = pack ? { "if-none-match": `"${pack.version}"` } : {};
  const answer = await ask("GET", `/api/field/pack?${query}`, { headers, lang: page.lang, patience: PATIENCE_MS });
  if (answer.status === 304) return;
  const fresh = await answer.json();
  if (fresh.form !== FORM) return; // of a newer service: the page is renewed first
  await write("kept", fresh, "pack").catch(() => null);
  take(fresh);
}

/** Is a place within what is stored, and not at its rim? */
export function holds({ lon, lat }) {
  if (!pack) return false;
  const [west, south, east, north] = pack.box;
  return lon > west && lon < east && lat > south && lat < north;
}

/** Fetch the pack of a place, or of one's own reach. Gives "fresh", "away", "out" or "none". */
export async function renewPack(place = null) {
  const tries = place ? [place, null, HOME] : [null, HOME];
  for (const where of tries) {
    try {
      await fetchPack(where);
      return "fresh";
    } catch (error) {
      if (error instanceof SignedOut) return "out";
      if (error instanceof Away || !(error instanceof Refused)) return "away";
    }
  }
  return "none";
}
