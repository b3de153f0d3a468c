// The data that the server put into this page: language, texts, names of the map's objects, limits.

export const page = JSON.parse(document.getElementById("zhijie-page").textContent);

const numbers = new Intl.NumberFormat(page.lang === "zh" ? "zh-CN" : "en-GB", { maximumFractionDigits: 0 });

/** A number as people read it: 3,000. */
export const number = (value) => numbers.format(value);

/** The text of a key, its {named} places filled with plain text. */
export function say(key, values = {}) {
  return page.words[key].replace(/\{(\w+)\}/g, (place, name) => (name in values ? String(values[name]) : place));
}

/** The effect; an unknown code is "unknown", never "clear". */
export const effectOf = (code) => (code in page.effects ? code : "unknown");
export const effectWord = (code) => page.effects[effectOf(code)];

export const reducedMotion = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
