// What a click on the map means: a count opens up, a mark tells, a parcel tells, ground chooses its unit.

import { calm } from "../page.js";
import { areasAt, markAt } from "./hits.js";
import { shows } from "./layers.js";
import { tellParcel, tellReport } from "./popup.js";
import { room } from "./room.js";
import { change, current } from "./state.js";

const TOWNSHIPS_FROM = 10;
const STEP = 2; // zooms that a click on a count goes nearer

const unitAt = (layers, point, zoom) => {
  const found = areasAt(layers.areas, point, "units");
  const level = zoom >= TOWNSHIPS_FROM ? "township" : "county";
  return found.find((unit) => unit.level === level) ?? found.find((unit) => unit.level === "county");
};

export function startPointing(map, layers, open) {
  map.on("click", ({ layerPoint, latlng }) => {
    const zoom = map.getZoom();
    const mark = shows("reports") ? markAt(layers.reports, layerPoint, zoom) : null;
    if (mark) {
      const place = map.layerPointToLatLng(mark.point);
      if (mark.kind === "report") tellReport(map, place, mark.properties.id, open, room());
      else map.setView(place, Math.min(map.getMaxZoom(), zoom + STEP), { animate: !calm });
      return;
    }
    const [parcel] = shows("parcels") ? areasAt(layers.parcels, layerPoint, "parcels") : [];
    if (parcel) return void tellParcel(map, latlng, parcel.number, open, room());
    const unit = unitAt(layers, layerPoint, zoom);
    if (unit && unit.code !== current().unit) change({ unit: unit.code });
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
