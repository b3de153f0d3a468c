// The unit in view: breadcrumbs above it, search by name, and its location.

import { startCombobox } from "../../shared/combobox.js";
import { el } from "../../shared/dom.js";
import { getJson } from "../../shared/http.js";
import { reducedMotion, say } from "../../shared/page.js";
import { nameUnit } from "./filters.js";
import { change, current, onFilters } from "../state/state.js";

const VILLAGE = 12;
const list = document.getElementById("crumbs");
const known = new Map();

/** The place of a code, fetched once: {code, name, bbox}; null where there is none. */
export async function fetchPlace(code) {
  if (!known.has(code)) {
    const { places } = await getJson("/api/places", { q: code, limit: 5 });
    known.set(code, places.find((place) => place.code === code) ?? null);
  }
  return known.get(code);
}

/** The codes of the units above a unit, and its own: 140522201 → 140500, 140522, 140522201. */
function chain(code) {
  const above = [`${code.slice(0, 4)}00`, code.slice(0, 6), code.slice(0, 9)];
  return [...new Set([...above.filter((part) => part.length <= code.length && part !== "00"), code])];
}

const crumb = (name, unit, here) =>
  el("li", {}, el("button", { type: "button", "aria-current": here ? "location" : null, click: () => change({ unit }) }, name));

async function show() {
  const { unit } = current();
  const crumbs = [crumb(say("everywhere"), "", unit === "")];
  try {
    const places = await Promise.all((unit ? chain(unit) : []).map(fetchPlace));
    for (const place of places.filter(Boolean)) crumbs.push(crumb(place.name, place.code, place.code === unit));
  } catch {
    // Without names the codes are shown; a notice already reports that the server does not answer.
  }
  if (unit !== current().unit) return;
  if (unit && !known.get(unit)) crumbs.push(crumb(unit, unit, true));
  nameUnit(known.get(unit)?.name ?? unit);
  list.replaceChildren(...crumbs);
}

/** Fit the map to a unit. `padding`: the covered part of the map, for Leaflet. */
export async function goTo(map, code, padding, animate = !reducedMotion) {
  const place = await fetchPlace(code).catch(() => null);
  if (!place) return;
  const [w, s, e, n] = place.bbox;
  map.fitBounds([[s, w], [n, e]], { ...padding, maxZoom: 15, animate });
}

/** Start breadcrumbs and search; `onUnit(code)` is called for another unit, with "" for everywhere. */
export function startCrumbs(onUnit) {
  const showNote = startCombobox({
    chosen: (place) => {
      const code = place.level === "village" && place.code.length >= VILLAGE ? place.code.slice(0, 9) : place.code;
      showNote(say(place.level === "village" ? "found_village" : "found", { name: place.name }));
      if (code === current().unit) onUnit(code);
      else change({ unit: code });
    },
    wiped: () => {},
  });
  onFilters((now, before) => {
    if (now.unit === before.unit) return;
    show();
    onUnit(now.unit);
  });
  return show();
}
