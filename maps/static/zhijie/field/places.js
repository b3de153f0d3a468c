// Where: the telephone's position, a tap, typed coordinates, a photo's own place, a parcel.

import { Refused, askJson } from "./api.js";
import { insidePoint } from "../shared/geometry.js";
import { page, say } from "../shared/page.js";
import { parcelCard } from "./parcel.js";
import { placeOf } from "./photos.js";
import { put } from "./state.js";

const PHOTO_M = 20; // a photo that does not say how sure its place is
const at = (id) => document.getElementById(id);
const note = at("ask-note");
const GPS = { enableHighAccuracy: true, timeout: 20_000, maximumAge: 5_000 };
const METRES = /^EPSG:/;

export const tell = (text) => {
  note.textContent = text;
};

function choose(place) {
  at("parcel-card").replaceChildren();
  put({ place });
}

// ---- the telephone's own position ---------------------------------------------------------------

/** The position, or null with a sentence that says why there is none. */
export function position() {
  if (!navigator.geolocation || !window.isSecureContext) return Promise.resolve({ why: "gps_none" });
  const why = { 1: "gps_denied", 2: "gps_failed", 3: "gps_slow" };
  return new Promise((resolve) => {
    const found = ({ coords }) => resolve({ lon: coords.longitude, lat: coords.latitude, accuracy_m: Math.round(coords.accuracy) });
    navigator.geolocation.getCurrentPosition(found, ({ code }) => resolve({ why: why[code] ?? "gps_failed" }), GPS);
  });
}

export async function byGps() {
  const button = at("by-gps");
  button.disabled = true;
  tell(say("gps_waiting"));
  const { why, ...here } = await position();
  button.disabled = false;
  if (why) tell(say(why));
  else choose({ x: here.lon, y: here.lat, datum: "wgs84", accuracy_m: here.accuracy_m, lon: here.lon, lat: here.lat, how: "gps" });
}

export function byTap({ lon, lat, accuracy_m: metres }) {
  choose({ x: lon, y: lat, datum: "cgcs2000", accuracy_m: metres, lon, lat, how: "tap", still: true });
}

// ---- a photo ------------------------------------------------------------------------------------

async function byPhoto(file) {
  tell(say("photo_reading"));
  const found = await placeOf(file);
  if (found === null) {
    tell(say("photo_no_place"));
    return;
  }
  const { lon, lat, accuracy_m: metres } = found;
  choose({ x: lon, y: lat, datum: "wgs84", accuracy_m: metres ?? PHOTO_M, lon, lat, how: "photo" });
}

// ---- typed coordinates ----------------------------------------------------------------------------

const datumOf = () => (at("datum").value === "epsg" ? `EPSG:${at("epsg").value.trim()}` : at("datum").value);

function relabel() {
  const grid = METRES.test(at("datum").value);
  at("epsg-row").hidden = at("datum").value !== "epsg";
  at("first-label").textContent = say(grid ? "northing" : "lon");
  at("second-label").textContent = say(grid ? "easting" : "lat");
}

const numberIn = (text) => Number(text.trim().replace(/[°′″ⅠEN东北经度纬]/g, ""));

/** Two numbers pasted into one box are shared out. */
function share() {
  const parts = at("first").value.trim().split(/[\s,，;；]+/).filter(Boolean);
  if (parts.length !== 2 || at("second").value !== "") return;
  [at("first").value, at("second").value] = parts;
}

function byCoords() {
  const [first, second] = [numberIn(at("first").value), numberIn(at("second").value)];
  const datum = datumOf();
  if (![first, second].every(Number.isFinite) || at("first").value.trim() === "") {
    tell(say("not_numbers"));
    return;
  }
  const [x, y] = METRES.test(at("datum").value) ? [second, first] : [first, second];
  const degrees = ["cgcs2000", "wgs84"].includes(datum);
  choose({ x, y, datum, accuracy_m: 0, how: "typed", ...(degrees ? { lon: x, lat: y } : {}) });
}

// ---- a parcel ---------------------------------------------------------------------------------------

export async function byParcel(number) {
  at("number").value = number;
  tell(say("parcel_waiting"));
  try {
    const parcel = await askJson("GET", `/api/parcels/${encodeURIComponent(number.trim())}`, { lang: page.lang });
    const [lat, lon] = insidePoint(parcel.geometry);
    const accuracy = parcel.accuracy_m ?? 0;
    choose({ x: lon, y: lat, datum: "cgcs2000", lon, lat, accuracy_m: accuracy, footprint: parcel.geometry, how: "parcel" });
    at("parcel-card").replaceChildren(parcelCard(parcel, byParcel));
  } catch (error) {
    tell(error instanceof Refused ? error.message : say("parcel_offline"));
  }
}

// ---- the ways in -----------------------------------------------------------------------------------

function unfold(id) {
  for (const [button, form] of [["by-coords", "coords"], ["by-parcel", "parcel"]]) {
    const open = button === id && at(form).hidden;
    at(form).hidden = !open;
    at(button).setAttribute("aria-expanded", String(open));
    if (open) at(form).querySelector("input:not([hidden]), select").focus();
  }
}

export function startPlaces() {
  at("by-gps").addEventListener("click", byGps);
  at("by-photo").addEventListener("click", () => at("photo-place").click());
  at("photo-place").addEventListener("change", ({ target }) => {
    if (target.files[0]) byPhoto(target.files[0]);
    target.value = "";
  });
  at("by-coords").addEventListener("click", () => unfold("by-coords"));
  at("by-parcel").addEventListener("click", () => unfold("by-parcel"));
  at("datum").addEventListener("change", relabel);
  at("first").addEventListener("change", share);
  at("coords").addEventListener("submit", (event) => {
    event.preventDefault();
    share();
    byCoords();
  });
  at("parcel").addEventListener("submit", (event) => {
    event.preventDefault();
    byParcel(at("number").value);
  });
}
