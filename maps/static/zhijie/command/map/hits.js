// What lies under the pointer: marks and areas drawn from the tiles, nearest first.

import { SIZE } from "./tiles.js";
import { ownPoint } from "./mvt.js";
import { clusterRadius, markRadius } from "./symbols.js";

const REACH = window.matchMedia("(pointer: coarse)").matches ? 12 : 5; // pixels beside a mark that still count

/** The mark at a point of the map's layer: {kind: "cluster"|"report", properties, point} or null. */
export function markAt(source, place, zoom) {
  let best = null;
  for (const { layers: { clusters = [], reports = [] }, origin } of source.contents()) {
    for (const [kind, features] of [["cluster", clusters], ["report", reports]]) {
      for (const feature of features) {
        if (!ownPoint(feature, SIZE)) continue;
        const { parts: [[{ x, y }]], properties } = feature;
        const point = L.point(x + origin.x, y + origin.y);
        const over = point.distanceTo(place) - (kind === "cluster" ? clusterRadius(properties.n) : markRadius(zoom));
        if (over < REACH && (!best || over <= best.over)) best = { kind, properties, point, over };
      }
    }
  }
  return best;
}

/** The properties of the areas of a tile layer at a place. */
export function areasAt(source, place, name) {
  for (const { layers, origin } of source.contents()) {
    const x = place.x - origin.x;
    const y = place.y - origin.y;
    if (x < 0 || y < 0 || x >= SIZE || y >= SIZE) continue;
    return (layers[name] ?? []).filter(({ parts }) => within(parts, x, y)).map(({ properties }) => properties);
  }
  return [];
}

function within(parts, x, y) {
  let inside = false;
  for (const part of parts) {
    for (let i = 0, j = part.length - 1; i < part.length; j = i++) {
      const [a, b] = [part[i], part[j]];
      if (a.y > y !== b.y > y && x < ((b.x - a.x) * (y - a.y)) / (b.y - a.y) + a.x) inside = !inside;
    }
  }
  return inside;
}
