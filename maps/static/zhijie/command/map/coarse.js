// For roles without access to single reports: counts by square for all areas, drawn as counts.

import { getJson } from "../../shared/http.js";
import { SIZE } from "./tiles.js";

const CELLS = 8; // a tile is counted by so many cells each way

const project = (lon, lat, z) => {
  const n = 2 ** z;
  const sine = Math.sin((lat * Math.PI) / 180);
  return [((lon + 180) / 360) * n, (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * n];
};

let squares = [];

/** Fetch the counts; returns how many reports no square counts: too few in a wide surrounding. */
export async function loadCoarse() {
  const { features, withheld } = await getJson("/api/reports/coarse");
  squares = features.map(({ geometry: { coordinates: [lon, lat] }, properties: { reports, effect } }) => ({
    lon,
    lat,
    n: reports,
    prohibited: effect === "prohibited" ? reports : 0,
  }));
  return withheld;
}

/** The layers of a tile, in the form of the server's tiles. */
export function coarseTile(z, x, y) {
  const cells = new Map();
  for (const square of squares) {
    const [wide, high] = project(square.lon, square.lat, z);
    if (Math.floor(wide) !== x || Math.floor(high) !== y) continue;
    const key = `${Math.floor((wide - x) * CELLS)} ${Math.floor((high - y) * CELLS)}`;
    const cell = cells.get(key) ?? { n: 0, prohibited: 0, overdue: 0, x: 0, y: 0 };
    cell.n += square.n;
    cell.prohibited += square.prohibited;
    cell.x += (wide - x) * SIZE * square.n;
    cell.y += (high - y) * SIZE * square.n;
    cells.set(key, cell);
  }
  const clusters = [...cells.values()].map(({ x: sumX, y: sumY, ...properties }) => ({
    type: 1,
    parts: [[{ x: sumX / properties.n, y: sumY / properties.n }]],
    properties,
  }));
  return { clusters };
}
