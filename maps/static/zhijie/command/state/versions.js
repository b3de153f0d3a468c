// The version of each tile's URL: the layer's, or a newer one where a report has changed since.

const MOST_ZOOM = 20;
const MOST_KEYS = 40_000;

/** The x and y of the tile that contains a place. */
export function tileAt(lon, lat, z) {
  const n = 2 ** z;
  const sine = Math.sin((lat * Math.PI) / 180);
  const y = 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
  const held = (value) => Math.max(0, Math.min(n - 1, Math.floor(value)));
  return [held(((lon + 180) / 360) * n), held(y * n)];
}

export class Versions {
  #base;
  #newest = 0;
  #bumped = new Map();

  constructor(base = "0") {
    this.#base = base;
  }

  /** Set the version of all tiles. */
  rebase(base) {
    this.#base = base;
    this.#bumped.clear();
  }

  /** A report at a place has changed: its tiles, at every zoom, get that version. */
  bump(lon, lat, version) {
    this.#newest = version;
    if (this.#bumped.size > MOST_KEYS) this.rebase(this.#newest);
    for (let z = 0; z <= MOST_ZOOM; z++) this.#bumped.set([z, ...tileAt(lon, lat, z)].join("/"), version);
  }

  of(z, x, y) {
    return String(this.#bumped.get(`${z}/${x}/${y}`) ?? this.#base);
  }
}
