// Keeps the map's view in the page's address: map=zoom/latitude/longitude.

import { setAddress, addressValue } from "./state.js";

const DIGITS = 5;

/** Set the view from the address and keep it there; returns whether the address had one. */
export function keepView(map) {
  const [zoom, lat, lon] = (addressValue("map") ?? "").split("/").map(Number);
  const had = [zoom, lat, lon].every((value) => Number.isFinite(value)) && addressValue("map") !== null;
  if (had) map.setView([lat, lon], zoom, { animate: false });
  map.on("moveend", () => {
    const { lat: y, lng: x } = map.getCenter();
    setAddress({ map: `${map.getZoom()}/${y.toFixed(DIGITS)}/${x.toFixed(DIGITS)}` });
  });
  return had;
}
