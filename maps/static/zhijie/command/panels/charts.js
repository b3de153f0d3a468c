// Small charts; their figures are also the text alternative.

import { el } from "../../shared/dom.js";
import { number, say } from "../../shared/page.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 328;

function draw(tag, attributes, text = null) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== null) made.textContent = text;
  return made;
}

function figure(title, rows, height, parts) {
  const text = rows.map(({ name, n }) => say("chart_row", { name, count: number(n) })).join(", ");
  const label = say("chart_label", { title, rows: text || say("chart_none") });
  const svg = draw("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": label });
  svg.append(...parts);
  return el("figure", {}, el("figcaption", {}, title), svg);
}

/** A bar chart: [{name, n, className}]. */
export function bars(title, rows) {
  const most = Math.max(1, ...rows.map(({ n }) => n));
  const name = 118;
  const room = WIDTH - name - 48;
  const parts = rows.flatMap(({ name: text, n, className = "bar-plain" }, index) => {
    const y = index * 20;
    const width = Math.max(n > 0 ? 2 : 0, (n / most) * room);
    return [
      draw("text", { x: name - 8, y: y + 14, "text-anchor": "end" }, text.length > 9 && /[^\x00-\x7f]/.test(text) ? `${text.slice(0, 8)}…` : text.slice(0, 18)),
      draw("rect", { x: name, y: y + 4, width, height: 12, rx: 2, class: className }),
      draw("text", { x: name + width + 6, y: y + 14, class: "figure" }, number(n)),
    ];
  });
  return figure(title, rows, Math.max(20, rows.length * 20), parts);
}

/** A column chart that names the first, the middle and the last one: [{name, n}]. */
export function columns(title, rows) {
  const most = Math.max(1, ...rows.map(({ n }) => n));
  const step = WIDTH / Math.max(1, rows.length);
  const named = new Set([0, Math.floor((rows.length - 1) / 2), rows.length - 1]);
  const parts = rows.flatMap(({ name, n }, index) => {
    const height = Math.max(n > 0 ? 2 : 0, (n / most) * 44);
    const bar = draw("rect", { x: index * step + 1, y: 48 - height, width: Math.max(1, step - 3), height, rx: 1, class: "bar-plain" });
    const anchor = index === 0 ? "start" : index === rows.length - 1 ? "end" : "middle";
    const x = { start: 0, middle: (index + 0.5) * step, end: WIDTH }[anchor];
    return named.has(index) ? [bar, draw("text", { x, y: 62, "text-anchor": anchor }, name)] : [bar];
  });
  parts.push(draw("path", { d: `M0 48.5H${WIDTH}`, class: "axis" }));
  return figure(title, rows, 66, parts);
}
