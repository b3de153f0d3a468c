// Names on the map: each in its area, none overlapping.

import { el } from "./dom.js";

const entries = [];

/** Add a name; lower rank, then larger area, has priority. Shown from zoom `from` to below `until`. */
export function label(group, text, at, { kind, rank, size = 0, from = 0, until = 99 }) {
  const icon = L.divIcon({ className: `label label-${kind}`, html: el("span", {}, text), iconSize: [0, 0] });
  const marker = L.marker(at, { icon, interactive: false, keyboard: false, pane: "labels" }).addTo(group);
  entries.push({ marker, rank, size, from, until });
  return marker;
}

/** Remove a name. */
export function unlabel(marker) {
  const index = entries.findIndex((entry) => entry.marker === marker);
  if (index >= 0) entries.splice(index, 1);
  marker.remove();
}

const overlap = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

const covered = (box, { x, y, r }) =>
  Math.hypot(x - Math.max(box.left, Math.min(x, box.right)), y - Math.max(box.top, Math.min(y, box.bottom))) < r;

/**
 * Show the names that fit at this zoom, by priority.
 * `circles`, in pixels of the window, are kept free: a name moves by one of `steps` pixels up or down if that helps.
 */
export function arrange(map, { circles = [], steps = [0] } = {}) {
  const zoom = map.getZoom();
  const taken = [];
  for (const { marker, from, until } of entries.sort((a, b) => a.rank - b.rank || b.size - a.size)) {
    const span = marker.getElement()?.firstElementChild;
    if (!span) continue;
    span.hidden = zoom < from || zoom >= until;
    if (span.hidden) continue;
    span.style.marginTop = "";
    const { left, right, top, bottom } = span.getBoundingClientRect();
    const boxes = steps.map((step) => ({ step, left, right, top: top + step, bottom: bottom + step }));
    const free = (box) => !taken.some((other) => overlap(box, other)) && !circles.some((circle) => covered(box, circle));
    const place = boxes.find(free);
    span.hidden = !place;
    if (!place) continue;
    if (place.step !== 0) span.style.marginTop = `${place.step}px`;
    taken.push(place);
  }
}
