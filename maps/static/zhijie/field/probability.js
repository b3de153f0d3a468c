// Probability of an uncertain place in an area, as in geo/measure/probability.py, and distances.
// No page and no texts in here. A spread is [σ, σ of outliers], metres.

const R68 = Math.sqrt(-2 * Math.log(0.32));
const REACH = 8.6; // standard deviations, beyond which nothing is left
const OUTLIERS = 0.05; // share of the positions whose error is an outlier's
const OUTLIER_FACTOR = 5; // of such an error to others
const NODES_OF_UNION = 900; // of each law
const A = 6378137;
const F = 1 / 298.257222101;
const E2 = F * (2 - F);
const TURNS = [0.5, 1, 2, 3, 4.5, 6.5, REACH];
// Gauss–Legendre, ten points on [-1, 1]: half of them, the others mirrored.
const NODES = [0.1488743389816312, 0.4333953941292472, 0.6794095682990244, 0.8650633666889845, 0.9739065285171717];
const WEIGHTS = [0.2955242247147529, 0.2692667193099963, 0.219086362515982, 0.1494513491505806, 0.0666713443086881];

/** The spread of a position relative to lines, from independent errors (68 % radii, metres). */
export const spreadOf = (position, ...lines) => [Math.hypot(position, ...lines) / R68, Math.hypot(OUTLIER_FACTOR * position, ...lines) / R68];

/** The mean of a value over ordinary errors and outliers. */
const meanOf = ([sigma, outlier], value) => (1 - OUTLIERS) * value(sigma) + OUTLIERS * value(outlier);

/** Degrees to metres east and north of a place, linear. */
export function planeAt(lon, lat) {
  const turn = (lat * Math.PI) / 180;
  const curve = 1 - E2 * Math.sin(turn) ** 2;
  const across = A / Math.sqrt(curve);
  const kx = (across * Math.cos(turn) * Math.PI) / 180;
  const ky = ((across * (1 - E2)) / curve) * (Math.PI / 180);
  return { kx, ky, at: ([x, y]) => [(x - lon) * kx, (y - lat) * ky] };
}

/** Polygons of a GeoJSON area. */
export const polygonsOf = ({ type, coordinates }) => (type === "Polygon" ? [coordinates] : coordinates);

/** Every ring of an area in a plane's metres, polygon by polygon. */
export const toPlane = (geometry, plane) => polygonsOf(geometry).map((rings) => rings.map((ring) => ring.map(plane.at)));

function integral(h, from, to) {
  const half = (to - from) / 2;
  const middle = (to + from) / 2;
  let sum = 0;
  for (let i = 0; i < NODES.length; i++) {
    for (const side of [-1, 1]) sum += WEIGHTS[i] * Math.exp(-0.5 * (h / Math.cos(middle + side * half * NODES[i])) ** 2);
  }
  return sum * half;
}

/** ∫ exp(−h²/2cos²φ) from 0 to φ > 0, cut where it falls. */
function radialIntegral(h, phi) {
  let sum = 0;
  let from = 0;
  for (const turn of TURNS) {
    if (turn <= h) continue;
    const to = Math.min(phi, Math.acos(h / turn));
    sum += integral(h, from, to);
    from = to;
    if (to === phi) return sum;
  }
  return sum; // a double shows no difference beyond
}

/** The contribution of one edge, in standard deviations, to the probability at the origin. */
function edgeTerm(x1, y1, x2, y2) {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const length = Math.hypot(dx, dy);
  const cross = x1 * y2 - y1 * x2;
  if (length === 0 || cross === 0) return 0;
  const angle = Math.atan2(cross, x1 * x2 + y1 * y2);
  const h = Math.abs(cross) / length;
  const [t1, t2] = [(x1 * dx + y1 * dy) / length, (x2 * dx + y2 * dy) / length];
  const nearest = Math.hypot(h, t1 > 0 ? t1 : t2 < 0 ? t2 : 0);
  if (nearest > REACH) return angle / (2 * Math.PI);
  const part = (t) => Math.sign(t) * radialIntegral(h, Math.atan(Math.abs(t) / h));
  return (angle - Math.sign(cross) * (part(t2) - part(t1))) / (2 * Math.PI);
}

function ringProbability(ring, sigma) {
  let sum = 0;
  for (let i = 0; i < ring.length - 1; i++) {
    sum += edgeTerm(ring[i][0] / sigma, ring[i][1] / sigma, ring[i + 1][0] / sigma, ring[i + 1][1] / sigma);
  }
  return Math.abs(sum);
}

/** The probability, 0 to 1, of a position at the origin in an area (metres). */
export const probabilityIn = (area, spread) => meanOf(spread, (sigma) => massIn(area, sigma));

function massIn(area, sigma) {
  let sum = 0;
  for (const [outer, ...holes] of area) {
    sum += ringProbability(outer, sigma) - holes.reduce((all, hole) => all + ringProbability(hole, sigma), 0);
  }
  return Math.min(1, Math.max(0, sum));
}

/** Whether a point is inside an area; on its boundary either. */
export function covers(area, [x, y]) {
  let inside = false;
  for (const ring of area.flat()) {
    for (let i = 0; i < ring.length - 1; i++) {
      const [[x1, y1], [x2, y2]] = [ring[i], ring[i + 1]];
      if (y1 > y !== y2 > y && x < x1 + ((y - y1) / (y2 - y1)) * (x2 - x1)) inside = !inside;
    }
  }
  return inside;
}

/** The part of a law's errors that lie in several areas, less one for each: counted over a sunflower of equal masses. */
function overlapOf(areas, sigma) {
  let more = 0;
  for (let i = 0; i < NODES_OF_UNION; i++) {
    const radius = sigma * Math.sqrt(-2 * Math.log(1 - (i + 0.5) / NODES_OF_UNION));
    const turn = i * Math.PI * (3 - Math.sqrt(5));
    const point = [radius * Math.cos(turn), radius * Math.sin(turn)];
    more += Math.max(0, areas.filter((area) => covers(area, point)).length - 1);
  }
  return more / NODES_OF_UNION;
}

/**
 * The least probability, 0 to 1, of a position at the origin in any of some areas: their sum, less what overlaps.
 *
 * Overlaps are counted, which is good to 0.02; where none is met, they are under 0.002.
 */
export function probabilityInAny(areas, spread) {
  const overlap = meanOf(spread, (sigma) => overlapOf(areas, sigma));
  const sum = areas.reduce((all, area) => all + probabilityIn(area, spread), 0);
  return Math.min(1, sum) - overlap - (overlap > 0 ? 0.02 : 0.002);
}

function toSegment([x, y], [x1, y1], [x2, y2]) {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const whole = dx * dx + dy * dy;
  const part = whole === 0 ? 0 : Math.min(1, Math.max(0, ((x - x1) * dx + (y - y1) * dy) / whole));
  return Math.hypot(x1 + part * dx - x, y1 + part * dy - y);
}

/** Metres from a point to the boundary of an area. */
export function distanceToBoundary(area, point) {
  let least = Infinity;
  for (const ring of area.flat()) {
    for (let i = 0; i < ring.length - 1; i++) least = Math.min(least, toSegment(point, ring[i], ring[i + 1]));
  }
  return least;
}

const side = ([ax, ay], [bx, by], [px, py]) => Math.sign((bx - ax) * (py - ay) - (by - ay) * (px - ax));

/** Whether the boundaries of two areas touch or cross. */
export function boundariesCross(one, other) {
  for (const mine of one.flat()) {
    for (const theirs of other.flat()) {
      for (let i = 0; i < mine.length - 1; i++) {
        const [a, b] = [mine[i], mine[i + 1]];
        for (let j = 0; j < theirs.length - 1; j++) {
          const [c, d] = [theirs[j], theirs[j + 1]];
          if (side(a, b, c) !== side(a, b, d) && side(c, d, a) !== side(c, d, b)) return true;
        }
      }
    }
  }
  return false;
}

/** Metres between the boundaries of two areas that do not cross. */
export function distanceBetween(one, other) {
  const from = (these, those) => Math.min(...these.flat(2).map((point) => distanceToBoundary(those, point)));
  return Math.min(from(one, other), from(other, one));
}

/** Area in m² and length of the boundary in m, of an area in a plane's metres. */
export function areaAndPerimeter(area) {
  let [m2, rim] = [0, 0];
  for (const rings of area) {
    rings.forEach((ring, n) => {
      let twice = 0;
      for (let i = 0; i < ring.length - 1; i++) {
        twice += ring[i][0] * ring[i + 1][1] - ring[i + 1][0] * ring[i][1];
        rim += Math.hypot(ring[i + 1][0] - ring[i][0], ring[i + 1][1] - ring[i][1]);
      }
      m2 += ((n === 0 ? 1 : -1) * Math.abs(twice)) / 2;
    });
  }
  return { m2, rim };
}

/** The probability that a line at a distance really lies on the other side: Φ(−d/σ). */
export function crossingProbability(distance, spread) {
  if (spread[0] === 0) return distance > 0 ? 0 : 0.5;
  return meanOf(spread, (sigma) => beyond(distance, sigma));
}

/** The distance in metres from which a straight border's crossing is less probable than `share`. */
export function reachOf(spread, share) {
  let [near, far] = [0, REACH * spread[1]];
  while (far - near > 0.1) {
    const middle = (near + far) / 2;
    if (crossingProbability(middle, spread) < share) far = middle;
    else near = middle;
  }
  return far;
}

function beyond(distance, sigma) {
  const z = distance / sigma / Math.SQRT2;
  const t = 1 / (1 + z / 2);
  // Chebyshev fit of erfc, good to 1.2e-7 (Press et al., Numerical Recipes)
  const fit = [-1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223, 0.17087277];
  const power = fit.reduceRight((sum, next) => sum * t + next, 0);
  return (t * Math.exp(-z * z + power)) / 2;
}
