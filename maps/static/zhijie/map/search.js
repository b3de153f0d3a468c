// Search by name on the map page: the place that is chosen is outlined and named on the map.

import { areaOf } from "../shared/areas.js";
import { startCombobox } from "../shared/combobox.js";
import { freePadding } from "../shared/controls.js";
import { el } from "../shared/dom.js";
import { svgLevel } from "../shared/panes.js";
import { insidePoint } from "../shared/geometry.js";
import { reducedMotion, say } from "../shared/page.js";

const TOWNSHIP_CODE = 9;

/** The area to outline; a village has no coordinates and is shown by its township's. */
function areaFor({ code, level, bbox: [w, s, e, n] }) {
  const known = areaOf(level === "village" ? code.slice(0, TOWNSHIP_CODE) : code);
  return known ?? L.rectangle([[s, w], [n, e]]).toGeoJSON();
}

/** Outline a place, name it and go there. */
function show(map, found, place) {
  const [w, s, e, n] = place.bbox;
  const area = areaFor(place);
  const content = el("span", {}, place.name);
  const named = { permanent: true, direction: "center", className: "found-name", content };
  found.clearLayers();
  found.addLayer(L.geoJSON(area, { ...svgLevel("found"), interactive: false, style: { className: "found" } }));
  if (place.level !== "village") found.addLayer(L.tooltip(insidePoint(area.geometry), named));
  map.fitBounds([[s, w], [n, e]], { ...freePadding(), maxZoom: 15, animate: !reducedMotion });
}

/** Start the search box of the page for this map. */
export function startSearch(map) {
  const found = L.featureGroup().addTo(map);
  const chosen = (place) => {
    show(map, found, place);
    note(say(place.level === "village" ? "found_village" : "found", { name: place.name }));
  };
  const note = startCombobox({ chosen, wiped: () => found.clearLayers() });
}
