// Day, night, or the device's setting: chosen by a button, stored in this browser.

import { say } from "../../shared/page.js";
import { setTheme } from "../map/colours.js";

const ORDER = ["auto", "day", "night"];
const KEY = "zhijie-theme";
const button = document.getElementById("rail-theme");

function storedTheme() {
  try {
    const value = localStorage.getItem(KEY);
    return ORDER.includes(value) ? value : "auto";
  } catch {
    return "auto"; // a browser that stores nothing
  }
}

let now = storedTheme();

function set(theme) {
  now = theme;
  setTheme(theme);
  const name = say(`theme_${theme}`);
  button.querySelector("span").textContent = name;
  button.setAttribute("aria-label", say("theme_now", { name }));
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // then it lasts as long as the page
  }
}

export function startTheme() {
  button.addEventListener("click", () => set(ORDER[(ORDER.indexOf(now) + 1) % ORDER.length]));
  set(now);
}

/** Print in day colours: paper is white. */
export function startPrinting() {
  document.getElementById("rail-print").addEventListener("click", () => window.print());
  window.addEventListener("beforeprint", () => setTheme("day"));
  window.addEventListener("afterprint", () => setTheme(now));
}
