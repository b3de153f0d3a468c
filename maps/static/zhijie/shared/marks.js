// The marks of reports: shape and colour show the effect, the outline shows the certainty.

import { effectOf } from "./page.js";

const SVG = "http://www.w3.org/2000/svg";
const CERTAINTIES = ["certain", "probable", "disputed", "outside"];

const circle = (x, y, r) => `M${x - r},${y}a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0Z`;
const SHAPES = {
  prohibited: (x, y, r) => `M${x},${y - 1.2 * r}L${x + 1.2 * r},${y}L${x},${y + 1.2 * r}L${x - 1.2 * r},${y}Z`,
  permit_required: (x, y, r) => `M${x},${y - 1.15 * r}L${x + 1.15 * r},${y + 0.9 * r}H${x - 1.15 * r}Z`,
  clear: circle,
  unknown: circle,
};

/** Class names of a mark or footprint; an unknown effect or certainty counts as the least certain. */
export function markClass(effect, certainty) {
  const known = CERTAINTIES.includes(certainty) ? certainty : "disputed";
  return `effect-${effectOf(effect).replace("_", "-")} certainty-${known}`;
}

/** A mark as a picture beside words: legend, popup. */
export function picture(effect, certainty) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", SHAPES[effectOf(effect)](12, 12, 8));
  path.setAttribute("class", `report ${markClass(effect, certainty)}`);
  svg.append(path);
  return svg;
}

/** A mark on the map: Leaflet's circle marker with our shapes. */
export const Mark = L.CircleMarker.extend({
  _updatePath() {
    const shape = SHAPES[effectOf(this.options.effect)];
    this._renderer._setPath(this, shape(this._point.x, this._point.y, this._radius));
  },
});
