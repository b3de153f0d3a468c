// Counties, townships, reserves and grid cells: lines, washes and names on the map.

import { el, terms } from "./dom.js";
import { svgLevel } from "./panes.js";
import { edges, insidePoint, size } from "./geometry.js";
import { label } from "./labels.js";
import { number, page, say } from "./page.js";

const GRADES = ["core", "buffer", "experimental"];
const shapes = new Map();

const paths = (name, interactive, className) => ({
  ...svgLevel(name),
  interactive,
  style: ({ properties }) => ({ className: className(properties ?? {}) }),
});

/** The accuracy of a layer's lines, as a sentence. */
export function accuracySentence(layer, { official, accuracy_m: metres }) {
  const values = { layer, metres: number(metres ?? 0) };
  if (official) return say(metres ? "official_off" : "official", values);
  return say(metres ? "approximate" : "approximate_plain", values);
}

function card(title, rows, note = null) {
  const remark = note && el("p", { class: "meta" }, note);
  return el("article", { class: "report-card" }, el("h2", {}, title), terms(rows), remark);
}

function remember(features) {
  for (const feature of features) shapes.set(feature.properties.code, feature);
}

/** The area of that code, where it has been loaded. */
export const areaOf = (code) => shapes.get(code);

/** The borders of one level with their names. */
function drawUnits(group, collection, { level, lineClass, naming }) {
  remember(collection.features);
  group.addLayer(L.geoJSON(collection, paths(level, false, () => lineClass)));
  for (const { geometry, properties } of collection.features) {
    label(group, properties.name, insidePoint(geometry), { ...naming, size: size(geometry) });
  }
}

export function drawCounties(group, collection) {
  group.addLayer(L.geoJSON(collection, paths("land", false, () => "land")));
  const naming = { kind: "county", rank: 0, until: 11 };
  drawUnits(group, collection, { level: "counties", lineClass: "line-county", naming });
}

export function drawTownships(group, collection) {
  const naming = { kind: "township", rank: 2, from: 9.5 };
  drawUnits(group, collection, { level: "townships", lineClass: "line-township", naming });
}

function zoneCard({ name, kind_name: kind, grade_name: grade, ...lines }) {
  const rows = [{ label: kind || say("zone"), text: grade }];
  return card(name, rows, accuracySentence(page.layers.zones.name, lines));
}

const gradeOf = ({ grade }) => (GRADES.includes(grade) ? grade : "buffer");

/** Reserves: a wash with a hatch over it, denser where more is forbidden; a click names the zone. */
export function drawZones(group, collection) {
  const order = ({ properties }) => GRADES.indexOf(gradeOf(properties));
  const features = [...collection.features].sort((a, b) => order(b) - order(a));
  const wash = L.geoJSON(features, paths("zones", true, (properties) => `zone zone-${gradeOf(properties)}`));
  wash.bindPopup((layer) => zoneCard(layer.feature.properties), { maxWidth: 300 });
  const hatching = paths("zones", false, () => "hatching");
  hatching.style = ({ properties }) => ({ className: "hatching", fillColor: `url(#hatch-${gradeOf(properties)})` });
  group.addLayer(wash).addLayer(L.geoJSON(features, hatching));
  nameZones(group, features);
}

/** One name a reserve, under its southern edge: the marks inside stay free. */
function nameZones(group, features) {
  const bounds = new Map();
  for (const feature of features) {
    const { name } = feature.properties;
    const box = L.geoJSON(feature).getBounds();
    bounds.set(name, bounds.has(name) ? bounds.get(name).extend(box) : box);
  }
  for (const [name, box] of bounds) {
    label(group, name, [box.getSouth(), box.getCenter().lng], { kind: "zone", rank: 1, from: 9 });
  }
}

function cellCard({ name, code, worker, team, ...lines }) {
  const rows = [
    { label: say("worker"), text: worker },
    { label: say("team"), text: team },
    { label: say("code"), text: code },
  ];
  const note = lines.official ? null : accuracySentence(page.layers.grid.name, lines);
  return card(name || say("cell"), rows, note);
}

export function drawGrid(group, collection) {
  const cells = L.geoJSON(collection, paths("grid", true, () => "cell"));
  cells.bindPopup((layer) => cellCard(layer.feature.properties), { maxWidth: 300 });
  const lines = L.geoJSON(edges(collection.features), paths("grid", false, () => "line-grid"));
  group.addLayer(cells).addLayer(lines);
}
