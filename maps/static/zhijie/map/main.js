// The public map: puts areas, reports, search and legend on Folium's map.

import { drawCounties, drawGrid, drawTownships, drawZones } from "../shared/areas.js";
import { layerNamed, freePadding, startControls, watchBase } from "../shared/controls.js";
import { debounce } from "../shared/dom.js";
import { createPanes } from "../shared/panes.js";
import { getJson } from "../shared/http.js";
import { arrange } from "../shared/labels.js";
import { startLegend, showAccuracy } from "./legend.js";
import { notice, clearNotice } from "../shared/notices.js";
import { page, say } from "../shared/page.js";
import { showReports } from "./reports.js";
import { startSearch } from "./search.js";

const map = window[page.map];
const AREAS = {
  counties: { path: "/api/units", query: { level: "county" }, draw: drawCounties },
  townships: { path: "/api/units", query: { level: "township" }, draw: drawTownships },
  zones: { path: "/api/zones", query: {}, draw: drawZones },
  grid: { path: "/api/grid", query: {}, draw: drawGrid },
};

/** Fit the map to the counties. */
function fitTo(counties) {
  const bounds = counties.getBounds();
  if (bounds.isValid()) map.fitBounds(bounds, { animate: false, ...freePadding() });
}

/** Fetch and draw one layer of areas; on failure say so and offer to try again. */
async function load(key) {
  const { path, query, draw } = AREAS[key];
  const { name } = page.layers[key];
  clearNotice(key);
  try {
    const collection = await getJson(path, query);
    draw(layerNamed(key).clearLayers(), collection);
    showAccuracy(key, collection.features);
    if (key === "counties") fitTo(layerNamed(key));
    arrange(map);
    return collection.features.length;
  } catch (error) {
    const text = say("failed_layer", { layer: name, reason: error.message });
    notice(key, text, { retry: () => load(key), alarm: true });
    return null;
  }
}

/** A layer that is off at first is fetched when it is first shown. */
function loadWhenShown(key) {
  const group = layerNamed(key);
  if (map.hasLayer(group)) load(key);
  else group.once("add", () => load(key));
}

async function loadFirst() {
  notice("loading", say("loading"));
  const [counties, townships] = await Promise.all(["counties", "townships", "zones"].map(load));
  clearNotice("loading");
  if (counties === 0 && townships === 0) notice("empty", say("no_units"), { retry: loadFirst });
}

createPanes(map);
startControls(map);
startLegend();
startSearch(map);
watchBase(map, () => notice("tiles", say("tiles_failed")));
map.on("zoomend overlayadd", debounce(() => arrange(map), 50));
await loadFirst();
loadWhenShown("grid");
await showReports(map, layerNamed("reports"));
document.documentElement.dataset.ready = "true";
