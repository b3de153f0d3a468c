// The palette's colours for what is drawn on canvases: read from the style sheet, by day and by night.

const root = document.documentElement;
const NAMES = [
  "ground", "land", "line", "panel", "edge", "ink", "muted", "zone", "outline", "hollow", "overdue",
  "prohibited", "permit-required", "clear", "unknown", "found",
];
const nightSky = window.matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set();
let colours = null;

/** The colours now in force, by name. */
export function ink() {
  if (!colours) {
    const style = getComputedStyle(root);
    colours = Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  }
  return colours;
}

/** Call when the colours have changed. */
export const onInk = (listener) => listeners.add(listener);

/** Whether it is night on this page. */
export const night = () => (root.dataset.theme ?? (nightSky.matches ? "night" : "day")) === "night";

function changed() {
  colours = null;
  for (const listener of listeners) listener();
}

/** "day", "night", or "auto": as the device has it. */
export function choose(theme) {
  if (theme === "auto") delete root.dataset.theme;
  else root.dataset.theme = theme;
  changed();
}

nightSky.addEventListener("change", changed);
