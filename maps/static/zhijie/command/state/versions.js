// Which version of a tile to ask for: the layer's, and a newer one where something has changed since.

const MOST_ZOOM = 20;
const MOST_KEYS = 40_000;

/** The x and y of the tile of a zoom that a place lies in. */
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

  /** Every tile from now on has that version. */
  rebase(base) {
    this.#base = base;
    this.#bumped.clear();
  }

  /** Something has changed at a place: its tiles, of every zoom, have that version. */
  bump(lon, lat, version) {
    this.#newest = version;
    if (this.#bumped.size > MOST_KEYS) this.rebase(this.#newest);
    for (let z = 0; z <= MOST_ZOOM; z++) this.#bumped.set([z, ...tileAt(lon, lat, z)].join("/"), version);
  }

  of(z, x, y) {
    return String(this.#bumped.get(`${z}/${x}/${y}`) ?? this.#base);
  }
}
