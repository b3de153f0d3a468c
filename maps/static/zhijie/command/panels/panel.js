// The panel on the right, which can be collapsed, and the pointer to the open case on the map.

const panel = document.getElementById("panel");
const button = document.getElementById("panel-fold");

export function startPanel(map) {
  let pointer = null;

  const folded = () => panel.dataset.folded === "true";
  const fold = (value) => {
    panel.dataset.folded = String(value);
    button.setAttribute("aria-expanded", String(!value));
    document.body.classList.toggle("panel-folded", value);
  };
  button.addEventListener("click", () => fold(!folded()));

  return {
    toggle: () => fold(!folded()),
    unfold: () => fold(false),

    /** Mark the place of a report with the circle of its error, and bring it into view; null removes it. */
    point(report) {
      pointer?.remove();
      pointer = null;
      const at = report?.verdict?.location;
      if (!at) return;
      const place = [at.lat, at.lon];
      const icon = L.divIcon({ className: "pointer", iconSize: [38, 38] });
      const parts = [L.marker(place, { icon, interactive: false, keyboard: false, pane: "pulses" })];
      if (at.accuracy_m > 0) parts.push(L.circle(place, { radius: at.accuracy_m, className: "error-disc", interactive: false }));
      pointer = L.layerGroup(parts).addTo(map);
      if (!map.getBounds().pad(-0.1).contains(place)) map.setView(place, Math.max(map.getZoom(), 13), { animate: false });
    },
  };
}
