// A layer of vector tiles: fetched by version, drawn on one canvas a tile, redrawn on changes.

import { decode } from "./mvt.js";

export const SIZE = 512; // CSS pixels; a server's tile of zoom z fills the map's zoom z + 1: a quarter of the requests that 256 would need
const REFRESH_MS = 1000; // a tile is refreshed at most once in this time

/** Fetched tiles that Leaflet lays out. `draw(context, layers, zoom)` draws one; see `initialize`. */
export const VectorTiles = L.GridLayer.extend({
  /**
   * `address(z, x, y)`: URL of a tile. `margin`: pixels that marks may extend beyond its edge.
   * `local(z, x, y)`: content of a tile without a request, if given. `prepared(layers, zoom)`: changes it before drawing.
   * `arrived(layers, coords)`: called with the content of each tile. `failed(count, fault)`: with the number of missing ones.
   */
  initialize(options) {
    const whole = { tileSize: SIZE, updateWhenZooming: false, keepBuffer: 1, margin: 0, ...options };
    L.GridLayer.prototype.initialize.call(this, whole);
    this._entries = new Map();
    this._missing = new Set();
    this.on("tileunload", ({ coords }) => this._forget(this._tileCoordsToKey(coords)));
  },

  onRemove(map) {
    L.GridLayer.prototype.onRemove.call(this, map);
    for (const key of [...this._entries.keys()]) this._forget(key);
  },

  createTile(coords, done) {
    const { margin } = this.options;
    const tile = document.createElement("div");
    const canvas = document.createElement("canvas");
    canvas.style.cssText = `position:absolute;left:${-margin}px;top:${-margin}px`;
    tile.append(canvas);
    const entry = { coords, canvas, layers: null, running: null, requestedAt: 0, timer: 0 };
    this._entries.set(this._tileCoordsToKey(coords), entry);
    this._load(entry).then(() => done(null, tile));
    return tile;
  },

  /** Fetch all tiles again, or those for which `changed(z, x, y)` is true. */
  refresh(changed = () => true) {
    for (const entry of this._entries.values()) {
      if (!changed(...this._server(entry.coords)) || entry.timer) continue;
      const wait = Math.max(0, entry.requestedAt + REFRESH_MS - performance.now());
      entry.timer = setTimeout(() => {
        entry.timer = 0;
        this._load(entry);
      }, wait);
    }
  },

  /** Fetch all tiles again at once: the filters have changed. */
  renew() {
    for (const entry of this._entries.values()) this._load(entry);
  },

  /** Redraw the loaded tiles: colours or layers have changed. */
  repaint() {
    for (const entry of this._entries.values()) this._paint(entry);
  },

  /** Each tile in view with its content: [{layers, origin}], origin in pixels of the map's layer. */
  contents() {
    if (!this._map) return [];
    const base = this._map.getPixelOrigin();
    const zoom = this._tileZoom;
    return [...this._entries.values()]
      .filter(({ coords, layers }) => layers && coords.z === zoom)
      .map(({ coords, layers }) => ({ layers, origin: coords.scaleBy(L.point(SIZE, SIZE)).subtract(base) }));
  },

  _server: ({ x, y, z }) => [z - 1, x, y],

  async _load(entry) {
    entry.running?.abort();
    entry.running = new AbortController();
    entry.requestedAt = performance.now();
    const { signal } = entry.running;
    try {
      const found = await this._content(this._server(entry.coords), signal);
      entry.layers = this.options.prepared ? this.options.prepared(found, entry.coords.z) : found;
    } catch (fault) {
      if (signal.aborted) return;
      this._markMissing(entry, fault);
      return;
    }
    this._markMissing(entry, null);
    this._paint(entry);
    this.options.arrived?.(entry.layers, entry.coords);
  },

  async _content(place, signal) {
    const { local, address } = this.options;
    if (local) return local(...place);
    const answer = await fetch(address(...place), { signal });
    if (!answer.ok) throw Object.assign(new Error(String(answer.status)), { status: answer.status });
    return decode(await answer.arrayBuffer(), SIZE);
  },

  /** Count the tiles that could not be fetched. */
  _markMissing(entry, fault) {
    const before = this._missing.size;
    if (fault) this._missing.add(entry);
    else this._missing.delete(entry);
    if (fault || before !== this._missing.size) this.options.failed?.(this._missing.size, fault);
  },

  _forget(key) {
    const entry = this._entries.get(key);
    if (!entry) return;
    this._entries.delete(key);
    entry.running?.abort();
    clearTimeout(entry.timer);
    this._markMissing(entry, null);
  },

  _paint({ canvas, layers, coords }) {
    if (!layers) return;
    const { margin, draw } = this.options;
    const ratio = window.devicePixelRatio || 1;
    const side = SIZE + 2 * margin;
    if (canvas.width !== side * ratio) {
      canvas.width = canvas.height = side * ratio;
      canvas.style.width = canvas.style.height = `${side}px`;
    }
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, margin * ratio, margin * ratio);
    context.clearRect(-margin, -margin, side, side);
    draw(context, layers, coords.z);
  },
});
