// A footprint: corners tapped on the map, or walked with the telephone.

import { say } from "../shared/page.js";
import { drawOutline, metresBetween } from "./ground.js";
import { put, state } from "./state.js";

const STEP_M = 5; // walked between two corners
const WORST_M = 30; // a position less sure than this is no corner
const LEAST = 3;
const AGAIN_MS = 1_000;
const at = (id) => document.getElementById(id);
const note = at("outline-note");

let corners = [];
let errors = [];
let mode = null; // "draw", "walk" or null
let watch = null;
let again = null;

export const drawing = () => mode === "draw";

function show(text = null) {
  const closed = state.outline !== null;
  drawOutline(corners, closed);
  for (const [id, own] of [["draw", "draw"], ["walk", "walk"]]) at(id).setAttribute("aria-pressed", String(mode === own));
  at("undo").hidden = mode === null || corners.length === 0;
  at("close-outline").hidden = closed || corners.length < LEAST;
  at("no-outline").hidden = corners.length === 0;
  note.textContent = text ?? (closed ? say("outline_closed", { count: corners.length }) : say("outline_corners", { count: corners.length }));
}

/** Another corner, {lon, lat, accuracy_m}. */
export function addCorner({ lon, lat, accuracy_m: accuracy }) {
  corners.push([lon, lat]);
  errors.push(accuracy);
  show();
}

function walked({ coords }) {
  clearTimeout(again);
  const { longitude: lon, latitude: lat, accuracy } = coords;
  if (accuracy > WORST_M) {
    show(say("walk_unsure", { metres: Math.round(accuracy) }));
    return;
  }
  if (corners.length > 0 && metresBetween(corners.at(-1), [lon, lat]) < STEP_M) show();
  else addCorner({ lon, lat, accuracy_m: accuracy });
}

/** Follow the position; a telephone that has lost it is asked anew, as long as somebody walks. */
function follow() {
  if (watch !== null) navigator.geolocation.clearWatch(watch);
  const failed = ({ code }) => {
    show(say(code === 1 ? "gps_denied" : "gps_failed"));
    if (code !== 1) again = setTimeout(follow, AGAIN_MS);
  };
  watch = navigator.geolocation.watchPosition(walked, failed, { enableHighAccuracy: true, maximumAge: 0 });
}

function stop() {
  clearTimeout(again);
  if (watch !== null) navigator.geolocation.clearWatch(watch);
  watch = null;
  mode = null;
}

function start(wanted) {
  const same = mode === wanted;
  stop();
  if (!same) {
    if (state.outline !== null) wipe();
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

/** Take the outline away. */
export function wipe() {
  stop();
  corners = [];
  errors = [];
  put({ outline: null });
  show(say("outline_hint"));
}

export function startOutline() {
  at("draw").addEventListener("click", () => start("draw"));
  at("walk").addEventListener("click", () => start("walk"));
  at("undo").addEventListener("click", undo);
  at("close-outline").addEventListener("click", close);
  at("no-outline").addEventListener("click", wipe);
}

/** The outline as GeoJSON, or null. */
export const footprint = () => state.outline && { type: "Polygon", coordinates: [state.outline.ring] };
