// The offline check: the service's own calculation on the stored pack; where it could differ, the answer is
// "unknown". It is never "clear" where pack, place or day leave a doubt; it does not decide where a permit may
// lift a rule, nor by past law. It touches no page and has no texts: codes only.

import { today } from "./days.js";
import { boundariesCross, crossingProbability, covers, distanceToBoundary, distanceBetween, toPlane, probabilityIn, probabilityInAny, planeAt, polygonsOf, reachOf, spreadOf, areaAndPerimeter } from "./probability.js";

const STRICT = ["prohibited", "permit_required"];
const HAIR_M = 0.5; // nearer to a line the pack's rounding could decide: uncertain
const MARGIN = 0.003; // of a share: nearer to a threshold the two calculations could differ: uncertain
const NOTHING = 1e-6; // a share that shows nowhere
const LEAST = 0.8; // of the least share that counts: an area with less cannot matter

const boxes = new WeakMap();

function boxOf(geometry) {
  if (!boxes.has(geometry)) {
    const places = polygonsOf(geometry).flatMap(([outer]) => outer);
    const [xs, ys] = [places.map(([x]) => x), places.map(([, y]) => y)];
    boxes.set(geometry, [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)]);
  }
  return boxes.get(geometry);
}

/** Areas of a layer within some metres of a box, in the plane's metres. */
function near(rows, [west, south, east, north], plane, metres) {
  const [dx, dy] = [metres / plane.kx, metres / plane.ky];
  return rows
    .filter(({ geometry }) => {
      const [w, s, e, n] = boxOf(geometry);
      return w <= east + dx && e >= west - dx && s <= north + dy && n >= south - dy;
    })
    .map((row) => ({ row, area: toPlane(row.geometry, plane) }));
}

/** The inquiry, a point or a footprint, with what both kinds need: plane, box, distance to look at. */
function prepareInquiry(pack, { lon, lat, accuracy_m: accuracy = pack.limits.default_accuracy_m, footprint = null }) {
  const box = footprint ? boxOf(footprint) : [lon, lat, lon, lat];
  const centre = footprint ? [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2] : [lon, lat];
  const plane = planeAt(...centre);
  const worst = Math.max(0, ...pack.sources.map((source) => source.accuracy_m));
  const metres = Math.max(reachOf(spreadOf(accuracy, worst), NOTHING), 1000);
  return { pack, accuracy, plane, box, metres, shape: footprint ? toPlane(footprint, plane) : null };
}

function isStored(matter) {
  const { pack, box, plane, accuracy } = matter;
  const [west, south, east, north] = pack.box;
  const worst = Math.max(0, ...pack.sources.map((source) => source.accuracy_m));
  const reach = reachOf(spreadOf(accuracy, worst), matter.pack.limits.possible * LEAST) + 500;
  const [dx, dy] = [reach / plane.kx, reach / plane.ky];
  return box[0] - dx >= west && box[1] - dy >= south && box[2] + dx <= east && box[3] + dy <= north;
}

const sourceOf = (matter, row) => matter.pack.sources[row.source];

// ---- responsible unit ------------------------------------------------------------------------------

/** Units of a level; where an official layer has a unit, only its official outline. */
function unitsOf(matter, level) {
  const rows = matter.pack.units.filter((row) => row.level === level);
  const official = new Set(rows.filter((row) => sourceOf(matter, row).official).map(({ code }) => code));
  const usable = rows.filter((row) => sourceOf(matter, row).official || !official.has(row.code));
  return near(usable, matter.box, matter.plane, matter.metres);
}

/** A unit's share of the place, and the distance to its boundary, metres. */
function weighUnit(matter, { row, area }) {
  const source = sourceOf(matter, row);
  const line = source.simplified_m + HAIR_M;
  const spread = spreadOf(matter.accuracy, source.accuracy_m, source.simplified_m);
  if (matter.shape) {
    const inside = matter.shape.flat(2).every((point) => covers(area, point)) && !boundariesCross(matter.shape, area);
    const touches = inside || boundariesCross(matter.shape, area) || matter.shape.flat(2).some((point) => covers(area, point));
    return { row, share: inside ? 1 : touches ? 0.5 : 0, edge: inside ? distanceBetween(matter.shape, area) : 0, line };
  }
  return { row, share: probabilityIn(area, spread), edge: distanceToBoundary(area, [0, 0]), line, covers: covers(area, [0, 0]) };
}

function meanByUnit(weighed) {
  const found = new Map();
  for (const one of weighed) found.set(one.row.code, [...(found.get(one.row.code) ?? []), one]);
  return [...found.values()].map((all) => ({ ...all[0], share: all.reduce((sum, { share }) => sum + share, 0) / all.length }));
}

/** Combine levels from the top: a township gets its share of its county's share. */
function divide(counties, townships) {
  if (counties.length === 0) return townships;
  const total = Math.max(1, counties.reduce((sum, { share }) => sum + share, 0));
  return counties.flatMap((county) => {
    const children = townships.filter(({ row }) => row.code.startsWith(county.row.code));
    const whole = children.reduce((sum, { share }) => sum + share, 0);
    const own = county.share / total;
    if (whole === 0) return [{ ...county, share: own }];
    return children.map((child) => ({ ...child, share: (own * child.share) / whole }));
  });
}

/** Counties without the approximate ones, where official townships hold the place for certain. */
function counted(matter, counties, townships) {
  const isOfficial = ({ row }) => sourceOf(matter, row).official;
  const held = townships.filter(isOfficial).reduce((sum, { share }) => sum + share, 0);
  return held >= matter.pack.limits.certain + MARGIN ? counties.filter(isOfficial) : counties;
}

function jurisdictionOf(matter) {
  const [counties, townships] = ["county", "township"].map((level) =>
    meanByUnit(unitsOf(matter, level).map((one) => weighUnit(matter, one))).filter(({ share }) => share > 1e-6),
  );
  const above = counted(matter, counties, townships);
  const parts = divide(above, townships).sort((a, b) => b.share - a.share || (a.row.code < b.row.code ? -1 : 1));
  const roots = above.length > 0 ? above : townships;
  const inside = Math.min(1, roots.reduce((sum, { share }) => sum + share, 0));
  const units = parts.map(({ row, share }) => ({ code: row.code, name: row.name, level: row.level, share }));
  const lead = inside < 0.5 ? null : (units[0] ?? null);
  const firm = parts.length > 0 && parts[0].edge > parts[0].line;
  return { lead, others: units.slice(1), inside, certainty: certaintyOf(matter, lead, parts, firm), edge_m: parts[0]?.edge ?? null };
}

function certaintyOf(matter, lead, parts, firm) {
  if (lead === null) return "outside";
  const { certain, disputed } = matter.pack.limits;
  if (!firm || lead.share < disputed + MARGIN || lead.level !== "township") return "disputed";
  const official = parts.filter(({ share }) => share > 1e-6).every(({ row }) => sourceOf(matter, row).official);
  return lead.share >= certain + MARGIN && official ? "certain" : "probable";
}

/** Whether all of the place is certainly in known units. */
function isInside(matter, found) {
  if (found.inside < 1 - matter.pack.limits.outside + MARGIN) return false;
  if (!matter.shape) return true;
  return found.others.length === 0 && found.lead !== null && found.edge_m > 0;
}

function cellOf(matter, lead) {
  const cells = near(matter.pack.grid, matter.box, matter.plane, 0);
  const place = matter.shape ? matter.shape[0][0][0] : [0, 0];
  return cells.find(({ row, area }) => row.township === lead?.code && covers(area, place))?.row ?? null;
}

// ---- zones ------------------------------------------------------------------------------------------

/** {relation: "within" (certain), "possible" or null, share, distance}: how a zone lies to a point; metres. */
function relatePoint(matter, row, area, spread) {
  const { disputed, possible } = matter.pack.limits;
  const inside = covers(area, [0, 0]);
  const edge = distanceToBoundary(area, [0, 0]);
  const share = spread[0] > 0 ? probabilityIn(area, spread) : Number(inside);
  const relation = inside && edge > HAIR_M && share >= disputed + MARGIN ? "within" : "possible";
  const touched = inside || edge <= HAIR_M || (spread[0] > 0 && share >= possible - 5e-4);
  return { relation: touched ? relation : null, share, distance: inside ? 0 : edge };
}

/** As relatePoint, for a footprint. Without a point or boundary in common, only the errors can join them. */
function relateFootprint(matter, row, area, spread) {
  const { disputed, possible } = matter.pack.limits;
  const { shape } = matter;
  if (boundariesCross(shape, area)) return { relation: "possible", share: 0.5, distance: 0 };
  const gap = distanceBetween(shape, area);
  const holds = shape.flat(2).every((point) => covers(area, point));
  if (holds && !area.some(([, ...holes]) => holes.some((hole) => covers(shape, hole[0])))) {
    const { m2, rim } = areaAndPerimeter(shape);
    const chance = 1 - crossingProbability(Math.max(gap, m2 / rim), spread);
    const relation = gap > HAIR_M && chance >= disputed + MARGIN ? "within" : "possible";
    return { relation, share: 1, distance: 0 };
  }
  if (area.flat(2).some((point) => covers(shape, point))) return { relation: "possible", share: 0.5, distance: 0 };
  const share = crossingProbability(gap, spread);
  return { relation: gap <= HAIR_M || share >= possible - 5e-4 ? "possible" : null, share, distance: gap };
}

function conflictsOf(matter, category) {
  const { pack } = matter;
  const found = [];
  for (const { row, area } of near(pack.zones, matter.box, matter.plane, matter.metres)) {
    const spread = spreadOf(matter.accuracy, sourceOf(matter, row).accuracy_m);
    const relate = matter.shape ? relateFootprint : relatePoint;
    const { relation, share, distance } = relate(matter, row, area, spread);
    const close = distance <= (pack.kinds[row.kind]?.near_m ?? 0);
    if (relation === null && !close) continue;
    const law = pack.laws[category.law[`${row.kind}/${row.grade ?? ""}`]];
    found.push({ zone: row, relation: relation ?? "near", share, distance_m: distance, effect: law.effect, law, area, spread });
  }
  const rank = ({ effect }) => (STRICT.includes(effect) ? STRICT.indexOf(effect) : STRICT.length);
  const order = ["within", "possible", "near"];
  return found.sort((a, b) => order.indexOf(a.relation) - order.indexOf(b.relation) || rank(a) - rank(b) || b.share - a.share);
}

function missingOf(matter, category, lead, conflicts) {
  const day = matter.pack.as_of;
  const known = matter.pack.sources
    .filter(({ role, reach, begins }) => role === "zones" && lead?.code.startsWith(reach) && (begins === null || begins <= day))
    .flatMap(({ kinds }) => kinds);
  const hit = conflicts.filter(({ relation }) => relation !== "near").map(({ zone }) => zone.kind);
  return category.relevant.filter((kind) => !known.includes(kind) && !hit.includes(kind));
}

/** Kinds of zones whose rule a permit, in force and for this use, may lift at the place. */
function permittedKinds(matter, category) {
  const own = matter.pack.permits.filter(({ uses }) => uses.includes(category.code));
  const nearby = near(own, matter.box, matter.plane, reachOf(spreadOf(matter.accuracy, 0), matter.pack.limits.possible * LEAST) + 50);
  return new Set(nearby.flatMap(({ row }) => row.zone_kinds));
}

// ---- the verdict ------------------------------------------------------------------------------------

/** At least this probable is it that one of some conflicts' zones holds a point; zones of one spread are counted together. */
function chanceOfAny(matter, conflicts) {
  if (matter.shape || conflicts.length < 2) return 0;
  const spreads = [...new Set(conflicts.map(({ spread }) => spread.join()))];
  const groups = spreads.map((key) => conflicts.filter(({ spread }) => spread.join() === key));
  const several = groups.filter(([first, ...others]) => others.length > 0 && first.spread[0] > 0);
  return Math.max(0, ...several.map((group) => probabilityInAny(group.map(({ area }) => area), group[0].spread)));
}

/** The strictest effect that certainly applies, in one zone or in several together; undefined where none does. */
function effectOf(matter, met) {
  const least = matter.pack.limits.disputed + MARGIN;
  return STRICT.find((effect, n) => {
    const strict = met.filter((one) => STRICT.slice(0, n + 1).includes(one.effect));
    if (!strict.some((one) => one.effect === effect)) return false;
    return strict.some(({ relation }) => relation === "within") || chanceOfAny(matter, strict) >= least;
  });
}

/** Whether a stricter effect than the one found may be certain by the service's own calculation. */
function maybeStricter(matter, doubtful) {
  const prohibiting = doubtful.filter(({ effect }) => effect === STRICT[0]);
  if (matter.shape) return prohibiting.length > 0;
  return prohibiting.reduce((sum, { share }) => sum + share, 0) >= matter.pack.limits.disputed - MARGIN;
}

/** [effect, why]: the strictest effect that certainly applies; every doubt makes it "unknown". */
function outcomeOf(matter, conflicts, { missing, ground, doubts, permitted }) {
  if (doubts.length > 0) return ["unknown", doubts[0]];
  const usable = conflicts.filter(({ relation, zone }) => relation !== "near" && !permitted.has(zone.kind));
  const isSure = ({ relation, zone }) => relation === "within" && !permitted.has(zone.kind);
  const maybe = conflicts.filter((one) => one.relation !== "near" && !isSure(one) && STRICT.includes(one.effect));
  const strictest = effectOf(matter, usable);
  const isPermitted = maybe.some(({ zone, effect }) => effect === STRICT[0] && permitted.has(zone.kind));
  if (strictest === STRICT[0] || (strictest && !isPermitted && !maybeStricter(matter, maybe))) return [strictest, "conflict"];
  if (maybe.length > 0) return ["unknown", maybe.some(({ zone }) => permitted.has(zone.kind)) ? "permit" : "possible"];
  if (conflicts.some(({ relation, law }) => relation !== "near" && !law.known)) return ["unknown", "law"];
  if (!isInside(matter, ground) || ground.certainty === "outside") return ["unknown", "outside"];
  if (missing.length > 0) return ["unknown", "missing"];
  if (matter.shape && ground.certainty === "disputed") return ["unknown", "border"];
  return ["clear", "clear"];
}

/**
 * The verdict on a place (degrees of CGCS2000) and a matter, from the pack alone.
 * `inquiry`: {lon, lat, accuracy_m} or {footprint, accuracy_m} (without accuracy_m: the pack's default), category, as_of (for a past day: "unknown").
 */
export function check(pack, inquiry, now = today()) {
  const category = pack.categories.find(({ code }) => code === inquiry.category);
  const matter = prepareInquiry(pack, inquiry);
  const doubts = [];
  if (!isStored(matter)) doubts.push("box");
  if (!category) doubts.push("category");
  if (pack.until !== null && now >= pack.until) doubts.push("old_law");
  if ((inquiry.as_of ?? now) < pack.as_of) doubts.push("past");
  const ground = jurisdictionOf(matter);
  const conflicts = category ? conflictsOf(matter, category) : [];
  const missing = category ? missingOf(matter, category, ground.lead, conflicts) : [];
  const permitted = category ? permittedKinds(matter, category) : new Set();
  const [effect, because] = outcomeOf(matter, conflicts, { missing, ground, doubts, permitted });
  const deciding = (one) => one.relation !== "near" && one.effect === effect;
  const first = conflicts.find(({ relation }) => relation === "within") ?? conflicts.find(deciding) ?? null;
  const power = category ? category.power[`${ground.lead?.code}/${first?.zone.kind ?? ""}`] : undefined;
  return {
    effect,
    category: category ?? null,
    because,
    sure: effect !== "unknown",
    ground,
    cell: cellOf(matter, ground.lead),
    conflicts,
    missing,
    power: power === undefined ? null : pack.powers[power],
    as_of: pack.as_of,
    loaded_on: pack.loaded_on,
  };
}
