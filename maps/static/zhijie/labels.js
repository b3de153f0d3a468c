// Names on the map: each in its area, none over another.

import { el } from "./dom.js";

const entries = [];

/** A name at a place; a lower rank and a larger area come first. From zoom `from` on. */
export function label(group, text, at, { kind, rank, size = 0, from = 0, until = 99 }) {
  const icon = L.divIcon({ className: `label label-${kind}`, html: el("span", {}, text), iconSize: [0, 0] });
  const marker = L.marker(at, { icon, interactive: false, keyboard: false, pane: "labels" }).addTo(group);
  entries.push({ marker, rank, size, from, until });
}

const overlap = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

/** Show the names that fit at this zoom, the more important first. */
export function arrange(map) {
  const zoom = map.getZoom();
  const taken = [];
  for (const { marker, from, until } of entries.sort((a, b) => a.rank - b.rank || b.size - a.size)) {
    const span = marker.getElement()?.firstElementChild;
    if (!span) continue;
    span.hidden = zoom < from || zoom >= until;
    if (span.hidden) continue;
    const box = span.getBoundingClientRect();
    span.hidden = taken.some((other) => overlap(box, other));
    if (!span.hidden) taken.push(box);
  }
}
