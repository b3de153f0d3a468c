// An answer in the form that the page shows, whether from the service or from the stored pack.

import { effectOf, effectWord, number, page, say } from "../shared/page.js";
import { current } from "./pack.js";

const text = (value) => (value ? (value[page.lang] ?? value.zh) : "");
const MOST_ACTS = 4;

/** Metres with no more digits than the accuracy warrants. */
export function metres(value) {
  if (value < 100) return number(Math.max(1, Math.round(value)));
  const step = 10 ** (Math.floor(Math.log10(value)) - 1);
  return number(Math.round(value / step) * step);
}

const worthTelling = (others) => others.filter(({ share }) => share > 0.01);
const byTap = (place) => place?.how === "tap";

// "clear" speaks of zones only: a matter that other law may forbid has no sign of being clear
const SIGN_OF_CLEAR = { itself: "prohibited", listed: "unknown" };
const signOf = (effect, category) => (effect === "clear" ? (SIGN_OF_CLEAR[category?.unlawful] ?? effect) : effect);

function certaintyLines({ certainty, accuracy, assumed, rough, others, isSplit, edge }, place) {
  const lines = [];
  const known = byTap(place) ? "sure_tap" : "sure_place";
  if (accuracy > 0) lines.push(say(assumed ? "sure_assumed" : known, { metres: metres(accuracy) }));
  if (rough > 0) lines.push(say("sure_rough", { metres: metres(rough) }));
  if (others.length > 0) lines.push(say(isSplit ? "sure_parts" : "sure_others", { others: others.slice(0, 3).map(({ name }) => name).join(page.lang === "zh" ? "、" : ", ") }));
  if (edge !== null) lines.push(say("sure_edge", { metres: metres(edge) }));
  return [say(`certainty_${certainty}`), ...lines];
}

function unitsOfChain(chain) {
  const units = chain.filter(({ level }) => level !== "grid_cell");
  const cell = chain.find(({ level }) => level === "grid_cell");
  const ground = units.slice(-2).map(({ name }) => name).join(" › ");
  return { ground, team: cell ? [cell.team, cell.worker].filter(Boolean).join(" · ") : "" };
}

const zoneName = (name, grade) => (page.lang === "zh" ? `${name}${grade}` : `${name} ${grade}`.trim());

function serverZone({ zone, relation, share, distance_m: distance, effect, basis, authority, consequence, permit }) {
  const laws = new Map();
  for (const { law, label } of basis) laws.set(text(law), [...(laws.get(text(law)) ?? []), text(label)]);
  return {
    name: zoneName(zone.name, text(zone.grade_name)),
    kind: text(zone.kind_name),
    effect: effect === "notice" || effect === null ? null : effectOf(effect),
    how: relationWords(relation, share, distance),
    basis: [...laws].map(([law, labels]) => `${law} ${labels.join(page.lang === "zh" ? "、" : ", ")}`),
    authority: text(authority),
    consequence: text(consequence),
    permit: permitWords(permit),
  };
}

// Outside the own area the service names no holder.
function permitWords(permit) {
  if (!permit) return "";
  return permit.holder ? say("permit", { number: permit.number, holder: permit.holder }) : permit.number;
}

function relationWords(relation, share, distance) {
  if (relation === "near") return say("rel_near", { metres: metres(distance) });
  const percent = share > 0.999 ? "> 99.9" : (share * 100).toFixed(share < 0.01 ? 1 : 0);
  return say(`rel_${relation}`, { percent });
}

const WHY = ["possible", "law", "outside", "missing"];

/** Why the service's verdict is "unknown", by the last step of its trace. */
function whyNot(trace) {
  const because = trace.at(-1)?.numbers?.because;
  return WHY.includes(because) ? say(`why_${because}`) : null;
}

/** The answer of POST /api/check, or the verdict of a report. */
export function fromServer({ verdict, words }, place = null) {
  const { jurisdiction, competence, location, conflicts, data } = verdict;
  const rough = data.filter(({ official, ignored, dataset }) => !official && !ignored && !dataset.startsWith("law/")).map((one) => one.accuracy_m);
  const facts = {
    certainty: jurisdiction.certainty,
    accuracy: location.accuracy_m,
    assumed: location.accuracy_given === false, // not stored with older reports
    rough: Math.max(0, ...rough),
    others: worthTelling(jurisdiction.others),
    isSplit: (jurisdiction.lead_probability ?? null) !== null, // a footprint: the others have parts of it
    edge: jurisdiction.edge_distance_m,
  };
  return {
    offline: false,
    effect: effectOf(verdict.effect),
    certainty: jurisdiction.certainty,
    sign: signOf(effectOf(verdict.effect), verdict.category),
    headline: words.headline,
    ...unitsOfChain(jurisdiction.chain),
    unit: jurisdiction.lead?.name ?? null,
    may: competence.township_may.slice(0, MOST_ACTS).map(text),
    decides: text(competence.authority),
    sure: certaintyLines(facts, place),
    zones: conflicts.map(serverZone),
    questions: [...(verdict.stated ?? []), ...(verdict.questions ?? [])].map(question),
    missing: verdict.missing.map(({ name }) => text(name)),
    why: effectOf(verdict.effect) === "unknown" ? whyNot(verdict.trace) : null,
    date: current()?.loaded_on ?? verdict.asked_on,
    shift: location.shift_m >= 1 ? say("shift", { datum: location.given.datum, metres: number(location.shift_m) }) : "",
    lines: words.lines,
    at: { lon: location.lon, lat: location.lat, accuracy_m: location.accuracy_m },
  };
}

const question = ({ code, text: condition, note = null, met = null }) => ({ code, text: text(condition), note: text(note), met });

function packZone({ zone, relation, share, distance_m: distance, law }, pack) {
  return {
    name: zoneName(zone.name, text(zone.grade_name)),
    kind: text(pack.kinds[zone.kind]?.name),
    effect: relation === "near" || law.effect === "notice" || law.effect === null ? null : effectOf(law.effect),
    how: relationWords(relation, share, distance),
    basis: law.basis[page.lang] ?? law.basis.zh,
    authority: text(law.authority),
    consequence: text(law.consequence),
    permit: "",
  };
}

/** The answer from what offline.js has found in the pack. */
export function fromPack(found, pack, place) {
  const { effect, ground, cell, conflicts, power } = found;
  const zones = conflicts.map((one) => packZone(one, pack));
  const decisive = zones.find((zone) => zone.effect === effect);
  const rough = pack.sources.filter(({ official, role }) => !official && role !== "grid").map((source) => source.accuracy_m);
  const accuracy = place.accuracy_m ?? pack.limits.default_accuracy_m;
  const assumed = place.accuracy_m === undefined;
  const facts = { certainty: ground.certainty, accuracy, assumed, rough: Math.max(0, ...rough), others: worthTelling(ground.others), edge: ground.edge_m };
  const units = pack.units.filter(({ code }) => ground.lead?.code.startsWith(code)).sort((a, b) => a.code.length - b.code.length);
  const chain = [...new Map(units.map((unit) => [unit.code, unit])).values()];
  return {
    offline: true,
    effect,
    certainty: ground.certainty,
    sign: signOf(effect, found.category),
    headline: [found.category ? text(found.category.headlines[effect]) : effectWord(effect), decisive?.name].filter(Boolean).join(" · "),
    ...unitsOfChain([...chain, ...(cell ? [{ level: "grid_cell", ...cell }] : [])]),
    unit: ground.lead?.name ?? null,
    may: (power?.township_may ?? []).slice(0, MOST_ACTS).map(text),
    decides: text(power?.authority),
    sure: certaintyLines(facts, place),
    zones,
    questions: [],
    missing: found.missing.map((kind) => text(pack.kinds[kind]?.name)),
    why: effect === "unknown" ? say(`why_${found.because}`, { day: pack.until ?? "" }) : null,
    date: pack.loaded_on,
    shift: "",
    lines: [],
    at: null,
  };
}
