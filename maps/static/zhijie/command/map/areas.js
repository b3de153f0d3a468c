// How areas are drawn on a tile: land, zones washed and hatched, borders, the grid, parcels.

import { SIZE } from "./tiles.js";
import { paletteColours } from "./colours.js";

const GRADES = ["experimental", "buffer", "core"];
// A wash and a hatch, together never more than a quarter inked; the hatch's step divides a tile, so that
// it continues without a seam.
const WASH = { core: 0.13, buffer: 0.09, experimental: 0.05 };
const STEP = { core: 8, buffer: 16, experimental: 32 };
const BORDERS = { province: 2, city: 2, county: 1.6, township: 0.8, village: 0.5 };

export const gradeOf = (grade) => (GRADES.includes(grade) ? grade : "buffer");

function trace(context, { parts, type }) {
  for (const part of parts) {
    part.forEach(({ x, y }, index) => (index === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
    if (type === 3) context.closePath();
  }
}

function path(context, features) {
  context.beginPath();
  for (const feature of features) trace(context, feature);
}

function hatch(context, step, colour) {
  const ratio = window.devicePixelRatio || 1;
  const side = step * ratio;
  const cell = Object.assign(document.createElement("canvas"), { width: side, height: side });
  const pen = cell.getContext("2d");
  pen.strokeStyle = colour;
  pen.lineWidth = 1.1 * ratio;
  for (const shift of [-side, 0, side]) {
    pen.moveTo(shift - 1, side + 1);
    pen.lineTo(shift + side + 1, -1);
  }
  pen.stroke();
  const pattern = context.createPattern(cell, "repeat");
  pattern.setTransform(new DOMMatrix().scale(1 / ratio));
  return pattern;
}

function drawZones(context, zones) {
  const { zone: colour } = paletteColours();
  const order = ({ properties }) => GRADES.indexOf(gradeOf(properties.grade));
  for (const zone of [...zones].sort((a, b) => order(a) - order(b))) {
    const grade = gradeOf(zone.properties.grade);
    path(context, [zone]);
    context.globalAlpha = WASH[grade];
    context.fillStyle = colour;
    context.fill("evenodd");
    context.globalAlpha = 0.5;
    context.fillStyle = hatch(context, STEP[grade], colour);
    context.fill("evenodd");
    context.globalAlpha = 0.75;
    context.lineWidth = 0.9;
    context.strokeStyle = colour;
    context.stroke();
  }
  context.globalAlpha = 1;
}

function drawBorders(context, units) {
  context.strokeStyle = paletteColours().line;
  context.lineJoin = "round";
  for (const level of ["village", "township", "county", "city", "province"]) {
    const same = units.filter(({ properties }) => properties.level === level);
    if (same.length === 0) continue;
    context.lineWidth = BORDERS[level];
    path(context, same);
    context.stroke();
  }
}

/** Outline the unit in view. */
function drawChosen(context, units, code) {
  path(context, units.filter(({ properties }) => properties.code === code));
  context.strokeStyle = paletteColours().found;
  context.lineWidth = 2.4;
  context.stroke();
}

/** Draw each edge once: a line drawn from both sides would fill the gaps of its own dashes. */
function drawDashed(context, features, width) {
  const edges = new Map();
  for (const part of features.flatMap(({ parts }) => parts)) {
    for (let i = 0; i + 1 < part.length; i++) {
      const ends = [part[i], part[i + 1]].sort((a, b) => a.x - b.x || a.y - b.y);
      edges.set(ends.map(({ x, y }) => `${x} ${y}`).join(" "), ends);
    }
  }
  context.beginPath();
  for (const [from, to] of edges.values()) {
    context.moveTo(from.x, from.y);
    context.lineTo(to.x, to.y);
  }
  context.strokeStyle = paletteColours().line;
  context.lineWidth = width;
  context.setLineDash([3, 3]);
  context.stroke();
  context.setLineDash([]);
}

/** Draw only inside the tile: outside, areas are cut and the cut would look like a boundary. */
function inside(context, draw) {
  context.save();
  context.beginPath();
  context.rect(0, 0, SIZE, SIZE);
  context.clip();
  draw();
  context.restore();
}

/** Draws the tiles of areas; `shows(name)`: whether a layer is on, `chosen()`: code of the unit in view. */
export const drawAreas = (shows, chosen) => (context, { units = [], zones = [], grid = [] }) => {
  inside(context, () => {
    const land = units.filter(({ type, properties }) => type === 3 && properties.level === "county");
    path(context, land);
    context.fillStyle = paletteColours().land;
    context.fill("evenodd");
    if (shows("zones")) drawZones(context, zones);
    if (shows("grid")) drawDashed(context, grid, 0.7);
    if (shows("units")) drawBorders(context, units);
    if (chosen()) drawChosen(context, units, chosen());
  });
};

/** Draw the tiles of parcels as thin outlines. */
export function drawParcels(context, { parcels = [] }) {
  inside(context, () => {
    path(context, parcels);
    context.strokeStyle = paletteColours().muted;
    context.globalAlpha = 0.8;
    context.lineWidth = 0.6;
    context.stroke();
  });
}
