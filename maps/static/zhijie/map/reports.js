// Reports in the view: fetched by its bounding box, drawn as marks and footprints, opened by a click.

import { failedCard, reportCard, waitingCard } from "../shared/card.js";
import { barEnd } from "../shared/controls.js";
import { debounce } from "../shared/dom.js";
import { svgLevel } from "../shared/panes.js";
import { markPosition } from "../shared/geometry.js";
import { getJson, isAbort, pages } from "../shared/http.js";
import { Mark, markClass } from "../shared/marks.js";
import { notice, clearNotice } from "../shared/notices.js";
import { effectOf, effectWord, number, page, say } from "../shared/page.js";

const counter = document.getElementById("count");
const coarsePointer = window.matchMedia("(pointer: coarse)").matches;
const SLOW_MS = 300;
const RADIUS = coarsePointer ? 9 : 7;

/** Draw the reports of the map's view into `group`, now and whenever the view changes. */
export function showReports(map, group) {
  const drawn = new Map();
  let running = null;

  async function refresh() {
    running?.abort();
    running = new AbortController();
    const { signal } = running;
    const slow = setTimeout(() => counter.replaceChildren(say("reports_loading")), SLOW_MS);
    signal.addEventListener("abort", () => clearTimeout(slow));
    try {
      await renew(map, group, drawn, signal);
      clearTimeout(slow);
    } catch (error) {
      if (isAbort(error)) return;
      clearTimeout(slow);
      counter.replaceChildren();
      notice("reports", say("reports_failed", { reason: error.message }), { retry: refresh, alarm: true });
    }
  }

  map.on("moveend", debounce(refresh, 200));
  return refresh();
}

/** Fetch every page; draw new reports, keep unchanged ones (an open popup too), remove the others. */
async function renew(map, group, drawn, signal) {
  const seen = new Set();
  const query = { bbox: boxOf(map.getBounds()), limit: page.pageSize };
  let cut = false;
  for await (const { features, capped } of pages("/api/reports", query, { most: page.mostReports, signal })) {
    for (const feature of features) seen.add(put(map, group, drawn, feature));
    cut = capped;
  }
  for (const [id, { layers }] of drawn) {
    if (seen.has(id)) continue;
    layers.forEach((layer) => group.removeLayer(layer));
    drawn.delete(id);
  }
  showCount(seen.size, cut);
}

function showCount(count, cut) {
  const some = count === 1 ? "reports_one" : "reports_count";
  const many = cut ? "reports_more" : some;
  counter.textContent = say(count === 0 ? "reports_none" : many, { count: number(count) });
  clearNotice("reports");
  if (cut) notice("reports", say("reports_capped", { count: number(count) }));
}

/** "w,s,e,n" in degrees, held inside the world. */
function boxOf(bounds) {
  const held = (value, most) => Math.max(-most, Math.min(most, value)).toFixed(6);
  const { lng: west, lat: south } = bounds.getSouthWest();
  const { lng: east, lat: north } = bounds.getNorthEast();
  return [held(west, 180), held(south, 90), held(east, 180), held(north, 90)].join(",");
}

/** Draw a report unless it is drawn already; returns its identifier. */
function put(map, group, drawn, feature) {
  const { id } = feature.properties;
  const fingerprint = JSON.stringify(feature);
  const old = drawn.get(id);
  if (old?.fingerprint === fingerprint) return id;
  old?.layers.forEach((layer) => group.removeLayer(layer));
  const layers = draw(map, feature);
  layers.forEach((layer) => group.addLayer(layer));
  drawn.set(id, { fingerprint, layers });
  return id;
}

/** The mark, and the footprint where there is one. */
function draw(map, feature) {
  const { geometry, properties } = feature;
  const { effect, certainty } = properties;
  const className = `report ${markClass(effect, certainty)}`;
  const place = markPosition(geometry);
  const level = svgLevel(effectOf(effect) === "prohibited" ? "gravest" : "marks");
  const mark = new Mark(place, { ...level, className, effect, radius: RADIUS, bubblingMouseEvents: false });
  const open = () => openVerdictPopup(map, properties.id, place);
  mark.on("click", open);
  mark.on("add", () => makeAccessible(mark.getElement(), properties, open));
  if (geometry.type === "Point") return [mark];
  const footprint = L.geoJSON(feature, { ...svgLevel("footprints"), style: { className: `footprint ${className}` } });
  return [footprint.on("click", open), mark];
}

/** Make a mark accessible by keyboard and to screen readers. */
function makeAccessible(path, { category_name: category, effect, unit_name: unit }, open) {
  path.setAttribute("tabindex", "0");
  path.setAttribute("role", "button");
  path.setAttribute("data-effect", effectOf(effect));
  path.setAttribute("aria-label", say("mark_label", { category, effect: effectWord(effect), unit: unit ?? "" }));
  path.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    open();
  });
}

/** Open the popup of a report and fill it once the verdict is loaded; closing it restores the focus. */
function openVerdictPopup(map, id, place) {
  const request = new AbortController();
  const disc = L.layerGroup().addTo(map);
  const opener = document.activeElement;
  const popup = L.popup({
    maxWidth: Math.min(420, window.innerWidth - 64),
    minWidth: 220,
    className: "verdict",
    autoPanPaddingTopLeft: [12, barEnd() + 8],
  });
  popup.setLatLng(place).setContent(waitingCard());
  popup.on("remove", () => {
    request.abort();
    disc.remove();
    const lost = document.activeElement === document.body || popup.getElement().contains(document.activeElement);
    if (lost && opener?.isConnected) opener.focus({ preventScroll: true });
  });
  popup.openOn(map);
  fill(popup, disc, id, request.signal);
}

async function fill(popup, disc, id, signal) {
  try {
    const report = await getJson(`/api/reports/${encodeURIComponent(id)}`, {}, signal);
    const card = reportCard(report);
    popup.setContent(card);
    card.focus({ preventScroll: true });
    drawError(disc, report.verdict?.location);
  } catch (error) {
    if (isAbort(error)) return;
    const again = () => fill(popup.setContent(waitingCard()), disc, id, signal);
    popup.setContent(failedCard(error.message, again));
  }
}

/** The circle of the position's error, while the popup is open. */
function drawError(disc, at) {
  if (!at || !(at.accuracy_m > 0)) return;
  const style = { ...svgLevel("footprints"), radius: at.accuracy_m, className: "error-disc", interactive: false };
  disc.addLayer(L.circle([at.lat, at.lon], style));
}
