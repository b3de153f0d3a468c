// Leaflet's controls in the page's language.

import { page, say } from "./page.js";

/** Add scale, zoom and attribution; translate what Leaflet names in English only. */
export function startControls(map) {
  map.getContainer().setAttribute("role", "region");
  map.getContainer().setAttribute("aria-label", say("map"));
  L.control.attribution({ position: "bottomright", prefix: say("attribution") }).addTo(map);
  L.control.scale({ position: "bottomright", imperial: false, maxWidth: 120 }).addTo(map);
  const zoom = { position: "bottomright", zoomInTitle: say("zoom_in"), zoomOutTitle: say("zoom_out") };
  L.control.zoom(zoom).addTo(map);
  const list = map.getContainer().querySelector(".leaflet-control-layers");
  if (list) startLayerList(list);
  map.on("popupopen", ({ popup }) => {
    popup.getElement().querySelector(".leaflet-popup-close-button")?.setAttribute("aria-label", say("close"));
  });
  // Leaflet handles Escape only while the map itself has the focus, not inside a popup.
  map.getContainer().addEventListener("keydown", ({ key }) => key === "Escape" && map.closePopup());
  // On a telephone the controls are hidden behind an open popup (map.css).
  map.on("popupopen popupclose", ({ type }) => document.body.classList.toggle("telling", type === "popupopen"));
}

/** Leaflet opens the layer list by mouse, touch and Enter; make the keyboard enter and close it, too. */
function startLayerList(list) {
  const toggle = list.querySelector(".leaflet-control-layers-toggle");
  toggle.title = say("layers");
  toggle.textContent = say("layers");
  const close = () => list.classList.remove("leaflet-control-layers-expanded");
  toggle.addEventListener("keydown", ({ key }) => {
    if (key === "Enter") setTimeout(() => list.querySelector("input").focus());
  });
  list.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    close();
    toggle.focus();
  });
  list.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget && !list.contains(relatedTarget)) close();
  });
}

const edge = (selector, side) => document.querySelector(selector).getBoundingClientRect()[side];

/** Where the bar over the map ends, in pixels from the top. */
export const barEnd = () => Math.max(edge(".seek", "bottom"), edge(".facts", "bottom"));

/** What of the map is free of our cards, as Leaflet's padding for fitting a view. */
export function freePadding() {
  const wide = window.innerWidth >= 900;
  const paddingTopLeft = wide ? [edge(".legend", "right") + 16, 60] : [12, barEnd() + 12];
  return { paddingTopLeft, paddingBottomRight: [16, 50] };
}

/** With an external base map our own ground is hidden; where its tiles fail, call `failed` once. */
export function watchBase(map, failed) {
  const container = map.getContainer();
  const sync = () => {
    let tiles = false;
    map.eachLayer((layer) => {
      if (layer instanceof L.TileLayer) tiles = true;
    });
    container.classList.toggle("with-base", tiles);
  };
  map.on("baselayerchange", sync);
  map.on("layeradd", ({ layer }) => {
    if (layer instanceof L.TileLayer) layer.once("tileerror", failed);
  });
  sync();
}

export const layerNamed = (key) => window[page.layers[key].object];
