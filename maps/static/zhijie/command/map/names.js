// The names of units and reserves, collected from the tiles: each once, none overlapping.

import { debounce } from "../../shared/dom.js";
import { arrange, label, unlabel } from "../../shared/labels.js";
import { SIZE } from "./tiles.js";

const STEPS = [0, -22, 22, -34, 34, -46, 46]; // pixels that a name may move up or down
const KINDS = {
  city: { kind: "county", rank: 0, until: 8 },
  county: { kind: "county", rank: 0, until: 12 },
  township: { kind: "township", rank: 2, from: 10 },
};

/** Names of the areas in a map's tiles. */
export class Names {
  #map;
  #known = new Map();
  #boxes = new Map();
  #arrange;

  /** `crowds()` returns circles, in pixels of the map's layer, that names avoid. */
  constructor(map, clusterCircles) {
    this.#map = map;
    this.#arrange = debounce(() => {
      const { left, top } = map.getContainer().getBoundingClientRect();
      const shift = map.layerPointToContainerPoint([0, 0]).add([left, top]);
      const circles = clusterCircles().map(({ x, y, r }) => ({ x: x + shift.x, y: y + shift.y, r }));
      arrange(map, { circles, steps: STEPS });
    }, 60);
    map.on("zoomend moveend", this.#arrange);
  }

  /** Add the names in a tile; `coords` are the tile's. */
  take({ unit_names: units = [], zones = [] }, coords) {
    const corner = coords.scaleBy(L.point(SIZE, SIZE));
    const at = ({ x, y }) => this.#map.unproject(corner.add([x, y]), coords.z);
    for (const { parts: [[point]], properties: { code, name, level } } of units) {
      if (KINDS[level]) this.#put(code, name, at(point), KINDS[level]);
    }
    for (const { parts, properties } of zones) this.#takeZone(properties.name, parts, at);
    this.#arrange();
  }

  /** A reserve's name is placed under its southern edge, so that the marks inside stay visible. */
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

  /** Remove all names. */
  clear() {
    for (const marker of this.#known.values()) unlabel(marker);
    this.#known.clear();
    this.#boxes.clear();
  }

  again() {
    this.#arrange();
  }
}
