// The map in the upper half: the pack's areas, the place with its error, the outline.

import { drawCounties, drawTownships, drawZones } from "../shared/areas.js";
import { debounce } from "../shared/dom.js";
import { svgLevel, createPanes } from "../shared/panes.js";
import { arrange } from "../shared/labels.js";
import { Mark, markClass } from "../shared/marks.js";
import { reducedMotion, page, say } from "../shared/page.js";

const FINGER_PX = 12;
const NEAR_ZOOM = 15;
const DISC_PX = 18;
const [FIRST_ZOOM, LAST_ZOOM] = [9, 17.5];
const map = window[page.map];
const layer = (key) => window[page.layers[key].object];

const feature = ({ geometry, ...properties }) => ({ type: "Feature", geometry, properties });
const collection = (rows) => ({ type: "FeatureCollection", features: rows.map(feature) });

export function startMap() {
  createPanes(map);
  map.getContainer().setAttribute("role", "region");
  map.getContainer().setAttribute("aria-label", say("map"));
  L.control.attribution({ position: "bottomright", prefix: say("attribution") }).addTo(map);
  L.control.scale({ position: "bottomleft", imperial: false, maxWidth: 100 }).addTo(map);
  L.control.zoom({ position: "topright", zoomInTitle: say("zoom_in"), zoomOutTitle: say("zoom_out") }).addTo(map);
  map.on("zoomend", debounce(() => arrange(map), 50));
  new ResizeObserver(() => map.invalidateSize({ animate: false })).observe(map.getContainer());
}

/** Draw the areas of a pack in place of the last ones; `fit` shows its county. */
export function drawPack(pack, fit) {
  const units = (level) => collection(pack.units.filter((unit) => unit.level === level));
  drawCounties(layer("counties").clearLayers(), units("county"));
  drawTownships(layer("townships").clearLayers(), units("township"));
  drawZones(layer("zones").clearLayers(), collection(pack.zones));
  const own = pack.units.filter(({ code }) => code === pack.county.code);
  if (fit && own.length > 0) map.fitBounds(L.geoJSON(collection(own)).getBounds(), { animate: false });
  arrange(map);
}

/** Call `listener` with taps: {lon, lat, accuracy_m}, the last being a finger's width at this zoom. */
export function onTap(listener) {
  map.on("click", ({ latlng, containerPoint }) => {
    const aside = map.containerPointToLatLng(containerPoint.add([FINGER_PX, 0]));
    const accuracy = Math.max(1, Math.round(map.distance(latlng, aside)));
    listener({ lon: Number(latlng.lng.toFixed(7)), lat: Number(latlng.lat.toFixed(7)), accuracy_m: accuracy });
  });
}

/** Show the place: a mark by its verdict, and the circle of its error. */
export function drawPlace({ lon, lat, accuracy_m: metres = 0 }, answer, move) {
  const group = layer("place").clearLayers();
  const circle = L.circle([lat, lon], { ...svgLevel("footprints"), radius: metres, className: "error-disc", interactive: false });
  if (metres > 0) group.addLayer(circle);
  const effect = answer?.effect ?? "unknown";
  const className = `report ${markClass(effect, answer?.certainty ?? "disputed")}`;
  group.addLayer(new Mark([lat, lon], { ...svgLevel("marks"), className, effect, radius: 9, interactive: false }));
  if (move) map.setView([lat, lon], zoomFor(lat, metres), { animate: !reducedMotion });
}

/** The zoom at which the circle of an error is visible around the mark, within sensible limits. */
function zoomFor(lat, metres) {
  const whole = (2 * Math.PI * 6378137 * Math.cos((lat * Math.PI) / 180)) / 256;
  const wanted = Math.log2((whole * DISC_PX) / Math.max(metres, 1));
  return Math.min(LAST_ZOOM, Math.max(FIRST_ZOOM, Math.floor(wanted * 2) / 2));
}

/** Show the outline: corners while it is drawn, an area once it is closed. */
export function drawOutline(corners, closed) {
  const group = layer("outline").clearLayers();
  const places = corners.map(([lon, lat]) => [lat, lon]);
  const shape = closed ? L.polygon : L.polyline;
  const className = closed ? "outline closed" : "outline";
  group.addLayer(shape(places, { ...svgLevel("found"), className, interactive: false }));
  for (const place of places) {
    group.addLayer(L.circleMarker(place, { ...svgLevel("found"), radius: 5, className: "corner", interactive: false }));
  }
}

/** Draw reports: [{id, lon, lat, effect, certainty}]; `listener(id)` is called for a tap on one. */
export function drawReports(reports, listener) {
  const group = layer("work").clearLayers();
  for (const { id, lon, lat, effect, certainty } of reports) {
    const className = `report ${markClass(effect, certainty)}`;
    const mark = new Mark([lat, lon], { ...svgLevel("marks"), className, effect, radius: 11, bubblingMouseEvents: false });
    group.addLayer(mark.on("click", () => listener(id)));
  }
}

export function showReports(reports) {
  if (reports.length === 0) return;
  map.fitBounds(L.latLngBounds(reports.map(({ lon, lat }) => [lat, lon])).pad(0.2), { animate: false, maxZoom: NEAR_ZOOM });
}

export const lookAt = ({ lon, lat }) => map.setView([lat, lon], Math.max(map.getZoom(), NEAR_ZOOM - 1), { animate: !reducedMotion });

export const metresBetween = ([x1, y1], [x2, y2]) => map.distance([y1, x1], [y2, x2]);

/** Show the marks of the open page and hide the others. */
export function showOnly(keys) {
  for (const key of ["place", "outline", "work"]) {
    if (keys.includes(key)) layer(key).addTo(map);
    else layer(key).remove();
  }
}
