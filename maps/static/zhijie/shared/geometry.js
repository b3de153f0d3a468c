// Points in shapes, in degrees; good enough for names and marks, not for a verdict.

const polygons = (geometry) => (geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates);

function ringArea(ring) {
  let twice = 0;
  for (let i = 0; i < ring.length - 1; i++) twice += ring[i][0] * ring[i + 1][1] - ring[i + 1][0] * ring[i][1];
  return Math.abs(twice) / 2;
}

/** Where the rings cross a parallel, west to east. */
function crossings(rings, lat) {
  const found = [];
  for (const ring of rings) {
    for (let i = 0; i < ring.length - 1; i++) {
      const [[x1, y1], [x2, y2]] = [ring[i], ring[i + 1]];
      if (y1 > lat !== y2 > lat) found.push(x1 + ((lat - y1) / (y2 - y1)) * (x2 - x1));
    }
  }
  return found.sort((a, b) => a - b);
}

/** A [lat, lon] inside the largest part: the middle of its widest stretch at half height. */
export function insidePoint(geometry) {
  const largest = polygons(geometry).reduce((a, b) => (ringArea(b[0]) > ringArea(a[0]) ? b : a));
  const lats = largest[0].map(([, lat]) => lat);
  const lat = (Math.min(...lats) + Math.max(...lats)) / 2;
  const xs = crossings(largest, lat);
  if (xs.length < 2) return [lat, largest[0][0][0]]; // no height at all: a corner has to do
  let [west, east] = [xs[0], xs[1]];
  for (let i = 2; i < xs.length - 1; i += 2) if (xs[i + 1] - xs[i] > east - west) [west, east] = [xs[i], xs[i + 1]];
  return [lat, (west + east) / 2];
}

/** The size of an area in square degrees, to rank names. */
export const size = (geometry) => polygons(geometry).reduce((sum, rings) => sum + ringArea(rings[0]), 0);

/** Every edge of the areas once: a boundary drawn from both sides would fill the gaps of its own dashes. */
export function edges(features) {
  const found = new Map();
  for (const ring of features.flatMap(({ geometry }) => polygons(geometry).flat())) {
    for (let i = 0; i < ring.length - 1; i++) {
      const ends = [ring[i], ring[i + 1]].sort(([x1, y1], [x2, y2]) => x1 - x2 || y1 - y2);
      found.set(ends.join(" "), ends);
    }
  }
  return { type: "MultiLineString", coordinates: [...found.values()] };
}

/** The position of a report's mark: [lat, lon]. */
export function markPosition(geometry) {
  if (geometry.type === "Point") return [geometry.coordinates[1], geometry.coordinates[0]];
  return insidePoint(geometry);
}
