// Sentences over the map about what is happening: one a subject, with a button where something can be done.

import { el } from "./dom.js";
import { say } from "./page.js";

const place = document.getElementById("notices");
const shown = new Map();

/** Take the sentence about that matter away. */
export function clearNotice(matter) {
  shown.get(matter)?.remove();
  shown.delete(matter);
}

/** Show a sentence about a matter (it replaces the one before); `retry` gives it a button, named by `label`. */
export function notice(matter, text, { retry = null, alarm = false, label = null } = {}) {
  clearNotice(matter);
  const retryOnce = () => {
    clearNotice(matter);
    retry();
  };
  const button = retry && el("button", { type: "button", click: retryOnce }, label ?? say("retry"));
  const line = el("p", { class: alarm ? "card notice alarm" : "card notice" }, el("span", {}, text), button);
  shown.set(matter, line);
  place.append(line);
}
