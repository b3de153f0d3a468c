// Draws reports on tiles: counts with their shares at low zooms, a mark each at high ones.

import { effectOf, page } from "../../shared/page.js";
import { SIZE } from "./tiles.js";
import { ownPoint } from "./mvt.js";
import { paletteColours } from "./colours.js";

const FULL = 2 * Math.PI;
const RANK = { clear: 0, unknown: 1, permit_required: 2, prohibited: 3 };
const FONT = '"Noto Sans SC", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif';
const GLYPHS_FROM = 14;

const short = new Intl.NumberFormat(page.lang === "zh" ? "zh-CN" : "en-GB", {
  notation: "compact",
  maximumFractionDigits: 1,
});

/** The radius of a count, which grows with the number of its digits. */
export const clusterRadius = (n) => Math.max(12.5, Math.min(30, 10 + 5.5 * Math.log10(n)));
export const markRadius = (zoom) => (zoom >= GLYPHS_FROM ? 8 : 6);

function arc(context, x, y, r, share, width, colour) {
  context.beginPath();
  context.arc(x, y, r, -FULL / 4, -FULL / 4 + FULL * Math.min(1, share));
  context.lineWidth = width;
  context.strokeStyle = colour;
  context.stroke();
}

/** Draw a count; the inner ring is the share of prohibited, the outer that of overdue reports. */
export function drawCluster(context, x, y, { n, prohibited = 0, overdue = 0 }) {
  const colours = paletteColours();
  const r = clusterRadius(n);
  context.beginPath();
  context.arc(x, y, r + 1, 0, FULL);
  context.fillStyle = colours.panel;
  context.fill();
  for (const [radius, share, colour] of [
    [r - 4.2, prohibited / n, colours.prohibited],
    [r - 0.4, overdue / n, colours.overdue],
  ]) {
    context.globalAlpha = 0.45;
    arc(context, x, y, radius, 1, 3, colours.line);
    context.globalAlpha = 1;
    if (share > 0) arc(context, x, y, radius, share, 3, colour);
  }
  context.fillStyle = colours.ink;
  context.font = `600 ${r > 18 ? 12 : 11}px ${FONT}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(short.format(n), x, y + 0.5, 2 * (r - 5));
}

const OUTLINES = {
  certain: { dash: [], width: 1.6 },
  probable: { dash: [3.2, 2.2], width: 1.6 },
  disputed: { dash: [0.1, 3.4], width: 2.4 },
  outside: { dash: [], width: 0 },
};

function shape(context, effect, x, y, r) {
  context.beginPath();
  if (effect === "prohibited") {
    context.moveTo(x, y - 1.2 * r);
    context.lineTo(x + 1.2 * r, y);
    context.lineTo(x, y + 1.2 * r);
    context.lineTo(x - 1.2 * r, y);
    context.closePath();
  } else if (effect === "permit_required") {
    context.moveTo(x, y - 1.15 * r);
    context.lineTo(x + 1.15 * r, y + 0.9 * r);
    context.lineTo(x - 1.15 * r, y + 0.9 * r);
    context.closePath();
  } else context.arc(x, y, r, 0, FULL);
}

/** The ring of the deadline: thin in time, thick on the last day, purple when overdue. */
function drawClock(context, x, y, r, clock) {
  const colours = paletteColours();
  const [width, colour] = { 1: [1, colours.muted], 2: [3, colours.ink], 3: [3.4, colours.overdue] }[clock] ?? [0];
  if (width > 0) arc(context, x, y, r + 4.5, 1, width, colour);
}

function outline(context, effect, certainty) {
  const colours = paletteColours();
  const { dash, width } = OUTLINES[certainty] ?? OUTLINES.disputed;
  const hollow = effect === "unknown";
  if (width === 0 && !hollow) return;
  context.setLineDash(dash);
  context.lineCap = certainty === "disputed" ? "round" : "butt";
  context.lineWidth = hollow ? Math.max(1, width + 1) : width;
  context.strokeStyle = hollow ? colours.hollow : colours.outline;
  context.stroke();
  context.setLineDash([]);
  context.lineCap = "butt";
}

/** Draw a report's mark, with the short word of its matter at high zooms. */
export function drawMark(context, x, y, report, zoom, glyph) {
  const colours = paletteColours();
  const effect = effectOf(report.effect);
  const r = markRadius(zoom);
  drawClock(context, x, y, r, report.clock);
  shape(context, effect, x, y, r);
  context.fillStyle = effect === "unknown" ? colours.panel : colours[effect.replace("_", "-")];
  context.fill();
  outline(context, effect, report.certainty);
  if (zoom < GLYPHS_FROM || !glyph) return;
  context.font = `500 11px ${FONT}`;
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.lineWidth = 3;
  context.lineJoin = "round";
  context.strokeStyle = colours.land;
  context.strokeText(glyph, x + r + 8, y + 0.5);
  context.fillStyle = colours.ink;
  context.fillText(glyph, x + r + 8, y + 0.5);
}

const drawOrder = ({ properties: { effect, urgent, clock } }) =>
  (urgent ? 8 : 0) + (clock === 3 ? 4 : 0) + RANK[effectOf(effect)];

/** Draws the tiles of reports; `glyphOf(category)` returns a matter's short word. */
export const drawReports = ({ glyphOf, countsHidden }) => (context, { clusters = [], reports = [] }, zoom) => {
  const own = (feature) => ownPoint(feature, SIZE);
  if (!countsHidden()) {
    for (const { parts: [[{ x, y }]], properties } of clusters.filter(own).sort((a, b) => a.properties.n - b.properties.n)) {
      drawCluster(context, x, y, properties);
    }
  }
  for (const { parts: [[{ x, y }]], properties } of reports.filter(own).sort((a, b) => drawOrder(a) - drawOrder(b))) {
    drawMark(context, x, y, properties, zoom, glyphOf(properties.category));
  }
};

/** The circles of the counts, in pixels of the map's layer: names avoid them. */
export const clusterCircles = (source) =>
  source.contents().flatMap(({ layers: { clusters = [] }, origin }) =>
    clusters.map(({ parts: [[{ x, y }]], properties: { n } }) => ({ x: x + origin.x, y: y + origin.y, r: clusterRadius(n) })),
  );
