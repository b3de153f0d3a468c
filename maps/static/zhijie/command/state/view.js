// The map's view stands in the page's address: map=zoom/latitude/longitude.

import { note, noted } from "./state.js";

const DIGITS = 5;

/** Take the view from the address and keep it there; whether it had one. */
export function keepView(map) {
  const [zoom, lat, lon] = (noted("map") ?? "").split("/").map(Number);
  const had = [zoom, lat, lon].every((value) => Number.isFinite(value)) && noted("map") !== null;
  if (had) map.setView([lat, lon], zoom, { animate: false });
  map.on("moveend", () => {
    const { lat: y, lng: x } = map.getCenter();
    note({ map: `${map.getZoom()}/${y.toFixed(DIGITS)}/${x.toFixed(DIGITS)}` });
  });
  return had;
}
