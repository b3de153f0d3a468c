// The legend: marks, layer switches, and date and accuracy of each layer.

import { el } from "../../shared/dom.js";
import { picture } from "../../shared/marks.js";
import { number, page, say } from "../../shared/page.js";
import { drawCluster } from "../map/symbols.js";
import { onPaletteChange } from "../map/colours.js";
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

/** Draw the marks; `turned(name, on)` is called for each layer's switch. */
export function startLegend(turned, shows) {
  for (const place of document.querySelectorAll("#legend span.mark")) {
    place.append(picture(place.dataset.effect, place.dataset.certainty));
  }
  for (const input of document.querySelectorAll("#layer-list input")) {
    input.checked = shows(input.value);
    input.addEventListener("change", () => turned(input.value, input.checked));
  }
  drawExample();
  onPaletteChange(drawExample);
}

/** The accuracy of a layer, in words. */
function accuracyText(layer, { official, accuracy_m: metres }) {
  const values = { layer, metres: number(metres ?? 0) };
  if (official) return say(metres ? "official_off" : "official", values);
  return say(metres ? "approximate" : "approximate_plain", values);
}

/** Show the date of each layer; `layers` is the answer of GET /api/layers. */
export function showLayerDates(layers) {
  const lines = [];
  for (const [name, key] of [["areas", "areas"], ["parcels", "parcels"], ["reports", "violations"]]) {
    const at = layers[key]?.loaded_at ?? layers[key]?.as_of;
    if (at) lines.push(say("layer_as_of", { layer: page.layers[name], at: momentOf(at) }));
  }
  for (const source of page.sources) lines.push(accuracyText(source.layer, source));
  list.replaceChildren(...lines.map((line) => el("li", {}, line)));
}
