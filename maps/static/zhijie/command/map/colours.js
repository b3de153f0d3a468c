// The palette's colours for canvases, read from the style sheet, by day and by night.

const root = document.documentElement;
const NAMES = [
  "ground", "land", "line", "panel", "edge", "ink", "muted", "zone", "outline", "hollow", "overdue",
  "prohibited", "permit-required", "clear", "unknown", "found",
];
const nightSky = window.matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set();
let colours = null;

/** The current colours, by name. */
export function paletteColours() {
  if (!colours) {
    const style = getComputedStyle(root);
    colours = Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  }
  return colours;
}

/** Call `listener` when the colours change. */
export const onPaletteChange = (listener) => listeners.add(listener);

/** Whether the page is in its night colours. */
export const night = () => (root.dataset.theme ?? (nightSky.matches ? "night" : "day")) === "night";

function changed() {
  colours = null;
  for (const listener of listeners) listener();
}

/** "day", "night", or "auto": the device's setting. */
export function setTheme(theme) {
  if (theme === "auto") delete root.dataset.theme;
  else root.dataset.theme = theme;
  changed();
}

nightSky.addEventListener("change", changed);
