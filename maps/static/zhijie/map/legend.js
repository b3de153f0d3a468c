// The legend's marks, and the accuracy of the loaded layers.

import { accuracySentence } from "../shared/areas.js";
import { el } from "../shared/dom.js";
import { picture } from "../shared/marks.js";
import { page } from "../shared/page.js";

const details = document.getElementById("legend");
const list = document.getElementById("accuracy");
const known = new Map();

/** Draw the marks; the legend starts open where there is room for it. */
export function startLegend() {
  details.open = window.matchMedia("(min-width: 900px) and (min-height: 700px)").matches;
  for (const place of document.querySelectorAll(".legend .mark")) {
    place.append(picture(place.dataset.effect, place.dataset.certainty));
  }
}

/** Add the accuracy of a layer: each different sentence once, layers in their usual order. */
export function showAccuracy(key, features) {
  const sentences = features.map(({ properties }) => accuracySentence(page.layers[key].name, properties));
  known.set(key, [...new Set(sentences)]);
  const all = page.layerOrder.flatMap((layer) => known.get(layer) ?? []);
  list.replaceChildren(...all.map((sentence) => el("li", {}, sentence)));
}
