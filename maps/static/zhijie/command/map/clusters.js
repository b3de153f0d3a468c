// Marks that would overlap are replaced by counts, as the server does at lower zooms.

import { ownPoint } from "./mvt.js";
import { SIZE } from "./tiles.js";

const CELL = 64; // pixels: the server's cells
const MOST = 3; // marks of a cell that are drawn singly
const NEAR = 15; // the map's zoom from which every report has its mark

/** A tile's layers with heaps as counts. `zoom`: the map's. */
export function clusterReports(layers, zoom) {
  const { reports = [], clusters = [] } = layers;
  if (zoom >= NEAR || reports.length <= MOST) return layers;
  const cells = new Map();
  for (const report of reports.filter((feature) => ownPoint(feature, SIZE))) {
    const [[{ x, y }]] = report.parts;
    const key = `${Math.floor(x / CELL)} ${Math.floor(y / CELL)}`;
    if (cells.has(key)) cells.get(key).push(report);
    else cells.set(key, [report]);
  }
  const groups = [...cells.values()];
  return {
    ...layers,
    reports: groups.filter((group) => group.length <= MOST).flat(),
    clusters: [...clusters, ...groups.filter((group) => group.length > MOST).map(clusterOf)],
  };
}

function clusterOf(group) {
  const n = group.length;
  const mean = (axis) => group.reduce((sum, { parts: [[point]] }) => sum + point[axis], 0) / n;
  const share = (test) => group.filter(({ properties }) => test(properties)).length;
  const properties = { n, prohibited: share(({ effect }) => effect === "prohibited"), overdue: share(({ clock }) => clock === 3) };
  return { type: 1, parts: [[{ x: mean("x"), y: mean("y") }]], properties };
}
