// The outline of a site: corners tapped on the map, or walked with the telephone.

import { say } from "../shared/page.js";
import { drawOutline, metresBetween } from "./map.js";
import { put, state } from "./state.js";

const STEP_M = 5; // metres walked between two corners
const WORST_M = 30; // metres; a less accurate position is no corner
const LEAST = 3;
const AGAIN_MS = 1_000;
const byId = (id) => document.getElementById(id);
const note = byId("outline-note");

let corners = [];
let errors = [];
let mode = null; // "draw", "walk" or null
let watch = null;
let retryTimer = null;

export const drawing = () => mode === "draw";

function show(text = null) {
  const closed = state.outline !== null;
  drawOutline(corners, closed);
  for (const [id, own] of [["draw", "draw"], ["walk", "walk"]]) byId(id).setAttribute("aria-pressed", String(mode === own));
  byId("undo").hidden = mode === null || corners.length === 0;
  byId("close-outline").hidden = closed || corners.length < LEAST;
  byId("no-outline").hidden = corners.length === 0;
  note.textContent = text ?? (closed ? say("outline_closed", { count: corners.length }) : say("outline_corners", { count: corners.length }));
}

/** Add a corner, {lon, lat, accuracy_m}. */
export function addCorner({ lon, lat, accuracy_m: accuracy }) {
  corners.push([lon, lat]);
  errors.push(accuracy);
  show();
}

function handlePosition({ coords }) {
  clearTimeout(retryTimer);
  const { longitude: lon, latitude: lat, accuracy } = coords;
  if (accuracy > WORST_M) {
    show(say("walk_unsure", { metres: Math.round(accuracy) }));
    return;
  }
  if (corners.length > 0 && metresBetween(corners.at(-1), [lon, lat]) < STEP_M) show();
  else addCorner({ lon, lat, accuracy_m: accuracy });
}

/** Follow the position; where the telephone has lost it, try again until the walk is ended. */
function follow() {
  if (watch !== null) navigator.geolocation.clearWatch(watch);
  const failed = ({ code }) => {
    show(say(code === 1 ? "gps_denied" : "gps_failed"));
    if (code !== 1) retryTimer = setTimeout(follow, AGAIN_MS);
  };
  watch = navigator.geolocation.watchPosition(handlePosition, failed, { enableHighAccuracy: true, maximumAge: 0 });
}

function stop() {
  clearTimeout(retryTimer);
  if (watch !== null) navigator.geolocation.clearWatch(watch);
  watch = null;
  mode = null;
}

function start(wanted) {
  const same = mode === wanted;
  stop();
  if (!same) {
    if (state.outline !== null) clearOutline();
    mode = wanted;
  }
  if (mode === "walk") follow();
  show(mode === null ? null : say(`outline_${mode}`));
}

function undo() {
  corners.pop();
  errors.pop();
  show();
}

function close() {
  stop();
  const ring = [...corners, corners[0]];
  const accuracy = Math.round(errors.reduce((sum, one) => sum + one, 0) / errors.length);
  put({ outline: { ring, accuracy_m: accuracy } });
  show();
}

/** Remove the outline. */
export function clearOutline() {
  stop();
  corners = [];
  errors = [];
  put({ outline: null });
  show(say("outline_hint"));
}

export function startOutline() {
  byId("draw").addEventListener("click", () => start("draw"));
  byId("walk").addEventListener("click", () => start("walk"));
  byId("undo").addEventListener("click", undo);
  byId("close-outline").addEventListener("click", close);
  byId("no-outline").addEventListener("click", clearOutline);
}

/** The outline as GeoJSON, or null. */
export const footprint = () => state.outline && { type: "Polygon", coordinates: [state.outline.ring] };
