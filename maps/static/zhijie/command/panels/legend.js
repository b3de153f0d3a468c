// The legend: the marks, what is switched on, and how old and how exact each layer is.

import { el } from "../../shared/dom.js";
import { picture } from "../../shared/marks.js";
import { number, page, say } from "../../shared/page.js";
import { drawCluster } from "../map/symbols.js";
import { onInk } from "../map/colours.js";
import { momentOf } from "../state/times.js";

const list = document.getElementById("layers-as-of");
const example = document.getElementById("count-example");

function drawExample() {
  const ratio = window.devicePixelRatio || 1;
  example.width = example.height = 52 * ratio;
  const context = example.getContext("2d");
  context.scale(ratio, ratio);
  drawCluster(context, 26, 26, { n: 120, prohibited: 42, overdue: 30 });
}

/** Draw the marks; `turned(name, on)` hears of each layer's box. */
export function startLegend(turned, shows) {
  for (const place of document.querySelectorAll("#legend span.mark")) {
    place.append(picture(place.dataset.effect, place.dataset.certainty));
  }
  for (const input of document.querySelectorAll("#layer-list input")) {
    input.checked = shows(input.value);
    input.addEventListener("change", () => turned(input.value, input.checked));
  }
  drawExample();
  onInk(drawExample);
}

/** How exact a layer is, in words. */
function exact(layer, { official, accuracy_m: metres }) {
  const values = { layer, metres: number(metres ?? 0) };
  if (official) return say(metres ? "official_off" : "official", values);
  return say(metres ? "approximate" : "approximate_plain", values);
}

/** Say of each layer how old it is; `told` is the answer of GET /api/layers. */
export function tellLayers(told) {
  const lines = [];
  for (const [name, key] of [["areas", "areas"], ["parcels", "parcels"], ["reports", "violations"]]) {
    const at = told[key]?.loaded_at ?? told[key]?.as_of;
    if (at) lines.push(say("layer_as_of", { layer: page.layers[name], at: momentOf(at) }));
  }
  for (const source of page.sources) lines.push(exact(source.layer, source));
  list.replaceChildren(...lines.map((line) => el("li", {}, line)));
}
