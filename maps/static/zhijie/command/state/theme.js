// Day, night, or as the device has it: chosen with a button, kept in this browser.

import { say } from "../../shared/page.js";
import { choose } from "../map/colours.js";

const ORDER = ["auto", "day", "night"];
const KEY = "zhijie-theme";
const button = document.getElementById("rail-theme");

function kept() {
  try {
    const value = localStorage.getItem(KEY);
    return ORDER.includes(value) ? value : "auto";
  } catch {
    return "auto"; // a browser that keeps nothing
  }
}

let now = kept();

function set(theme) {
  now = theme;
  choose(theme);
  const name = say(`theme_${theme}`);
  button.querySelector("span").textContent = name;
  button.setAttribute("aria-label", say("theme_now", { name }));
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // it lasts as long as the page then
  }
}

export function startTheme() {
  button.addEventListener("click", () => set(ORDER[(ORDER.indexOf(now) + 1) % ORDER.length]));
  set(now);
}

/** Paper is white: by day while it is printed. */
export function startPrinting() {
  document.getElementById("rail-print").addEventListener("click", () => window.print());
  window.addEventListener("beforeprint", () => choose("day"));
  window.addEventListener("afterprint", () => choose(now));
}
