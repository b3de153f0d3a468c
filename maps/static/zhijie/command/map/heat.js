// The heat map of reports, made from the tiles that are loaded anyway.

import { debounce } from "../../shared/dom.js";
import { SIZE } from "./tiles.js";
import { night } from "./colours.js";
import { ownPoint } from "./mvt.js";

const SCALE = 0.5; // of the screen's resolution: a blur needs no more
const RADIUS = 46;
const DAY = [[255, 237, 160, 0], [254, 178, 76, 150], [240, 59, 32, 190], [128, 0, 38, 215]];
const NIGHT = [[80, 18, 123, 0], [182, 54, 121, 150], [251, 136, 97, 190], [252, 253, 191, 215]];

function ramp(stops) {
  const colours = new Uint8ClampedArray(256 * 4);
  for (let i = 0; i < 256; i++) {
    const place = (i / 255) * (stops.length - 1);
    const at = Math.min(stops.length - 2, Math.floor(place));
    stops[at].forEach((from, k) => (colours[4 * i + k] = from + (stops[at + 1][k] - from) * (place - at)));
  }
  return colours;
}

/** The blurred disc of one report, drawn once. */
function brush() {
  const side = 2 * RADIUS * SCALE;
  const canvas = Object.assign(document.createElement("canvas"), { width: side, height: side });
  const context = canvas.getContext("2d");
  const fade = context.createRadialGradient(side / 2, side / 2, 0, side / 2, side / 2, side / 2);
  fade.addColorStop(0, "rgb(0 0 0 / 100%)");
  fade.addColorStop(1, "rgb(0 0 0 / 0%)");
  context.fillStyle = fade;
  context.fillRect(0, 0, side, side);
  return canvas;
}

function points(source) {
  return source.contents().flatMap(({ layers: { clusters = [], reports = [] }, origin }) =>
    [...clusters, ...reports]
      .filter((feature) => ownPoint(feature, SIZE))
      .map(({ parts: [[{ x, y }]], properties: { n = 1 } }) => ({ x: x + origin.x, y: y + origin.y, n })),
  );
}

export const Heat = L.Layer.extend({
  initialize(source, options) {
    this._source = source;
    L.setOptions(this, options);
    this._later = debounce(() => this.draw(), 80);
  },

  onAdd() {
    this._canvas = L.DomUtil.create("canvas", "heat leaflet-zoom-hide", this.getPane());
    this._canvas.setAttribute("aria-hidden", "true");
    this.draw();
  },

  onRemove() {
    this._canvas.remove();
    this._canvas = null;
  },

  getEvents() {
    return { moveend: this.draw, resize: this.draw, viewreset: this.draw };
  },

  /** The tiles have changed. */
  stale() {
    this._later();
  },

  draw() {
    if (!this._canvas) return;
    const size = this._map.getSize();
    const corner = this._map.containerPointToLayerPoint([0, 0]);
    L.DomUtil.setPosition(this._canvas, corner);
    this._canvas.width = Math.ceil(size.x * SCALE);
    this._canvas.height = Math.ceil(size.y * SCALE);
    this._canvas.style.width = `${size.x}px`;
    this._canvas.style.height = `${size.y}px`;
    this._fill(points(this._source), corner);
  },

  _fill(found, corner) {
    const context = this._canvas.getContext("2d", { willReadFrequently: true });
    const { width, height } = this._canvas;
    const most = found.reduce((top, { n }) => Math.max(top, n), 1);
    const cloud = brush();
    for (const { x, y, n } of found) {
      context.globalAlpha = Math.min(1, 0.18 + 0.6 * Math.sqrt(n / most));
      context.drawImage(cloud, (x - corner.x - RADIUS) * SCALE, (y - corner.y - RADIUS) * SCALE);
    }
    const picture = context.getImageData(0, 0, width, height);
    const colours = ramp(night() ? NIGHT : DAY);
    for (let i = 0; i < picture.data.length; i += 4) {
      const at = 4 * picture.data[i + 3];
      for (let k = 0; k < 4; k++) picture.data[i + k] = colours[at + k];
    }
    context.putImageData(picture, 0, 0);
  },
});
