// New reports pulse on the map for half a minute; with reduced motion they get a still ring.

const FRESH_MS = 30_000;
const MOST = 40;
const shown = new Map();

/** Make the place of a report pulse. */
export function pulse(map, { id, lon, lat, urgent }) {
  drop(id);
  const icon = L.divIcon({ className: urgent ? "pulse urgent" : "pulse", iconSize: [44, 44] });
  const marker = L.marker([lat, lon], { icon, interactive: false, keyboard: false, pane: "pulses" }).addTo(map);
  shown.set(id, { marker, timer: setTimeout(() => drop(id), FRESH_MS) });
  if (shown.size > MOST) drop(shown.keys().next().value);
}

function drop(id) {
  const old = shown.get(id);
  if (!old) return;
  clearTimeout(old.timer);
  old.marker.remove();
  shown.delete(id);
}
