// The names of units and reserves, collected from the tiles: each once, none over another.

import { settled } from "../../shared/dom.js";
import { arrange, label, unlabel } from "../../shared/labels.js";
import { SIZE } from "./tiles.js";

const STEPS = [0, -22, 22, -34, 34, -46, 46]; // pixels that a name may step up or down
const KINDS = {
  city: { kind: "county", rank: 0, until: 8 },
  county: { kind: "county", rank: 0, until: 12 },
  township: { kind: "township", rank: 2, from: 10 },
};

/** Names of what lies in the tiles of a map. */
export class Names {
  #map;
  #known = new Map();
  #boxes = new Map();
  #arrange;

  /** `crowds()` gives circles in pixels of the map's layer that names keep clear of. */
  constructor(map, crowds) {
    this.#map = map;
    this.#arrange = settled(() => {
      const { left, top } = map.getContainer().getBoundingClientRect();
      const shift = map.layerPointToContainerPoint([0, 0]).add([left, top]);
      const circles = crowds().map(({ x, y, r }) => ({ x: x + shift.x, y: y + shift.y, r }));
      arrange(map, { circles, steps: STEPS });
    }, 60);
    map.on("zoomend moveend", this.#arrange);
  }

  /** Take what a tile names; `coords` are the tile's. */
  take({ unit_names: units = [], zones = [] }, coords) {
    const corner = coords.scaleBy(L.point(SIZE, SIZE));
    const at = ({ x, y }) => this.#map.unproject(corner.add([x, y]), coords.z);
    for (const { parts: [[point]], properties: { code, name, level } } of units) {
      if (KINDS[level]) this.#put(code, name, at(point), KINDS[level]);
    }
    for (const { parts, properties } of zones) this.#takeZone(properties.name, parts, at);
    this.#arrange();
  }

  /** A reserve's name stands under its southern edge: the marks inside stay free. */
  #takeZone(name, parts, at) {
    const box = this.#boxes.get(name) ?? L.latLngBounds([]);
    const before = box.isValid() ? box.toBBoxString() : "";
    for (const part of parts) for (const point of part) box.extend(at(point));
    this.#boxes.set(name, box);
    if (box.toBBoxString() === before) return;
    this.#put(`zone ${name}`, name, [box.getSouth(), box.getCenter().lng], { kind: "zone", rank: 1, from: 10 });
  }

  #put(key, name, place, naming) {
    const old = this.#known.get(key);
    if (old) old.setLatLng(place);
    else this.#known.set(key, label(this.#map, name, place, naming));
  }

  /** Forget every name: the areas are others now. */
  clear() {
    for (const marker of this.#known.values()) unlabel(marker);
    this.#known.clear();
    this.#boxes.clear();
  }

  again() {
    this.#arrange();
  }
}
