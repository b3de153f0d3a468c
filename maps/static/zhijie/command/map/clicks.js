// Clicks on the map: a count zooms in, a report or parcel opens its popup, the ground chooses its unit.

import { getJson } from "../../shared/http.js";
import { reducedMotion } from "../../shared/page.js";
import { areasAt, markAt } from "./hits.js";
import { shows } from "./layers.js";
import { openParcelPopup, openReportPopup } from "./popup.js";
import { freePadding } from "./free_area.js";
import { change, current } from "../state/state.js";

const TOWNSHIPS_FROM = 10;
const STEP = 2; // zoom levels that a click on a count adds
const CLICK_PX = 4; // how far from the place that is meant a click may be

const ofLevel = (units, zoom) => {
  const level = zoom >= TOWNSHIPS_FROM ? "township" : "county";
  return units.find((unit) => unit.level === level) ?? units.find((unit) => unit.level === "county");
};

/** The unit at a place: from the tiles, or from the server while they are loading. */
async function unitAt(map, layers, point, latlng) {
  const zoom = map.getZoom();
  const drawn = ofLevel(areasAt(layers.areas, point, "units"), zoom);
  if (drawn) return drawn;
  const aside = map.layerPointToLatLng(point.add([CLICK_PX, 0]));
  const accuracy = Math.max(1, Math.round(map.distance(latlng, aside)));
  const place = { lon: latlng.lng.toFixed(6), lat: latlng.lat.toFixed(6), accuracy_m: accuracy };
  const found = await getJson("/api/units/at", place).catch(() => ({ chain: [] }));
  return ofLevel(found.chain, zoom);
}

export function startClicks(map, layers, open) {
  map.on("click", async ({ layerPoint, latlng }) => {
    const zoom = map.getZoom();
    const mark = shows("reports") ? markAt(layers.reports, layerPoint, zoom) : null;
    if (mark) {
      const place = map.layerPointToLatLng(mark.point);
      if (mark.kind === "report") openReportPopup(map, place, mark.properties.id, open, freePadding());
      else map.setView(place, Math.min(map.getMaxZoom(), zoom + STEP), { animate: !reducedMotion });
      return undefined;
    }
    const [parcel] = shows("parcels") ? areasAt(layers.parcels, layerPoint, "parcels") : [];
    if (parcel) return void openParcelPopup(map, latlng, parcel.number, open, freePadding());
    const unit = await unitAt(map, layers, layerPoint, latlng);
    if (unit && unit.code !== current().unit) change({ unit: unit.code });
    return undefined;
  });
  let waiting = false;
  map.on("mousemove", ({ layerPoint }) => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      const over = shows("reports") && markAt(layers.reports, layerPoint, map.getZoom());
      map.getContainer().classList.toggle("over-mark", Boolean(over));
    });
  });
}
