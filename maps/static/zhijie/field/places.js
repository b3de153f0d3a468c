// Ways to choose a place: position, tap, typed coordinates, a photo's position, a parcel.

import { Refused, requestJson } from "./api.js";
import { coordinateIn, pairIn } from "./degrees.js";
import { insidePoint } from "../shared/geometry.js";
import { page, say } from "../shared/page.js";
import { parcelCard } from "./parcel.js";
import { photoPosition } from "./photos.js";
import { put } from "./state.js";

const byId = (id) => document.getElementById(id);
const note = byId("ask-note");
const GPS = { enableHighAccuracy: true, timeout: 20_000, maximumAge: 5_000 };
const METRES = /^EPSG:/;

export const showNote = (text) => {
  note.textContent = text;
};

function choose(place) {
  byId("parcel-card").replaceChildren();
  put({ place });
}

// ---- the telephone's own position ---------------------------------------------------------------

/** The position, or {why} with the key of the text that gives the reason. */
export function position() {
  if (!navigator.geolocation || !window.isSecureContext) return Promise.resolve({ why: "gps_none" });
  const why = { 1: "gps_denied", 2: "gps_failed", 3: "gps_slow" };
  return new Promise((resolve) => {
    const found = ({ coords }) => resolve({ lon: coords.longitude, lat: coords.latitude, accuracy_m: Math.round(coords.accuracy) });
    navigator.geolocation.getCurrentPosition(found, ({ code }) => resolve({ why: why[code] ?? "gps_failed" }), GPS);
  });
}

export async function byGps() {
  const button = byId("by-gps");
  button.disabled = true;
  showNote(say("gps_waiting"));
  const { why, ...here } = await position();
  button.disabled = false;
  if (why) showNote(say(why));
  else choose({ x: here.lon, y: here.lat, datum: "wgs84", accuracy_m: here.accuracy_m, lon: here.lon, lat: here.lat, how: "gps" });
}

export function byTap({ lon, lat, accuracy_m: metres }) {
  choose({ x: lon, y: lat, datum: "cgcs2000", accuracy_m: metres, lon, lat, how: "tap", still: true });
}

// ---- a photo ------------------------------------------------------------------------------------

async function byPhoto(file) {
  showNote(say("photo_reading"));
  const found = await photoPosition(file);
  if (found === null) {
    showNote(say("photo_no_place"));
    return;
  }
  const { lon, lat, accuracy_m: metres } = found;
  choose({ x: lon, y: lat, datum: "wgs84", accuracy_m: metres ?? undefined, lon, lat, how: "photo" });
}

// ---- typed coordinates ----------------------------------------------------------------------------

const datumOf = () => (byId("datum").value === "epsg" ? `EPSG:${byId("epsg").value.trim()}` : byId("datum").value);

function relabel() {
  const grid = METRES.test(byId("datum").value);
  byId("epsg-row").hidden = byId("datum").value !== "epsg";
  byId("first-label").textContent = say(grid ? "northing" : "lon");
  byId("second-label").textContent = say(grid ? "easting" : "lat");
}

/** Two coordinates pasted into one box are distributed to both. */
function share() {
  const pair = byId("second").value === "" ? pairIn(byId("first").value) : null;
  if (pair) [byId("first").value, byId("second").value] = pair;
}

function byCoords() {
  const [first, second] = [coordinateIn(byId("first").value), coordinateIn(byId("second").value)];
  const datum = datumOf();
  if (![first, second].every(Number.isFinite)) {
    showNote(say("not_numbers"));
    return;
  }
  const [x, y] = METRES.test(byId("datum").value) ? [second, first] : [first, second];
  const degrees = ["cgcs2000", "wgs84"].includes(datum);
  // without accuracy_m: nobody has said how good typed coordinates are; the service says what it assumes
  choose({ x, y, datum, how: "typed", ...(degrees ? { lon: x, lat: y } : {}) });
}

// ---- a parcel ---------------------------------------------------------------------------------------

export async function byParcel(number) {
  byId("number").value = number;
  showNote(say("parcel_waiting"));
  try {
    const parcel = await requestJson("GET", `/api/parcels/${encodeURIComponent(number.trim())}`, { lang: page.lang });
    const [lat, lon] = insidePoint(parcel.geometry);
    choose({ x: lon, y: lat, datum: "cgcs2000", lon, lat, accuracy_m: parcel.accuracy_m, footprint: parcel.geometry, how: "parcel" });
    byId("parcel-card").replaceChildren(parcelCard(parcel, byParcel));
  } catch (error) {
    showNote(error instanceof Refused ? error.message : say("parcel_offline"));
  }
}

// ---- the ways in -----------------------------------------------------------------------------------

function unfold(id) {
  for (const [button, form] of [["by-coords", "coords"], ["by-parcel", "parcel"]]) {
    const open = button === id && byId(form).hidden;
    byId(form).hidden = !open;
    byId(button).setAttribute("aria-expanded", String(open));
    if (open) byId(form).querySelector("input:not([hidden]), select").focus();
  }
}

export function startPlaces() {
  byId("by-gps").addEventListener("click", byGps);
  byId("by-photo").addEventListener("click", () => byId("photo-place").click());
  byId("photo-place").addEventListener("change", ({ target }) => {
    if (target.files[0]) byPhoto(target.files[0]);
    target.value = "";
  });
  byId("by-coords").addEventListener("click", () => unfold("by-coords"));
  byId("by-parcel").addEventListener("click", () => unfold("by-parcel"));
  byId("datum").addEventListener("change", relabel);
  byId("first").addEventListener("change", share);
  byId("coords").addEventListener("submit", (event) => {
    event.preventDefault();
    share();
    byCoords();
  });
  byId("parcel").addEventListener("submit", (event) => {
    event.preventDefault();
    byParcel(byId("number").value);
  });
}
