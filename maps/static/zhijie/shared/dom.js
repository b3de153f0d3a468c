// Elements from plain values. Text only ever becomes text: nothing here reads HTML.

/** An element with attributes and children; strings become text nodes, null and "" are left out. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== ""));
  return element;
}

/** A list of terms; rows without a text are left out. */
export function terms(rows) {
  const shown = rows.filter(({ text }) => text !== null && text !== undefined && text !== "");
  return el("dl", {}, ...shown.flatMap(({ label, text }) => [el("dt", {}, label), el("dd", {}, String(text))]));
}

/** Call `call` once calls have stopped for `wait` milliseconds. */
export function debounce(call, wait) {
  let timer;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(call, wait, ...args);
  };
}
