// A search box for places: a combobox (arrow keys, Enter, Escape) that queries the server while typing.

import { el, debounce } from "./dom.js";
import { getJson, isAbort } from "./http.js";
import { say } from "./page.js";

const MOST = 8;
const form = document.getElementById("search");
const box = document.getElementById("search-box");
const list = document.getElementById("search-list");
const note = document.getElementById("search-note");
const clear = document.getElementById("search-clear");

let places = [];
let active = -1;
let running = null;

function close() {
  list.hidden = true;
  active = -1;
  box.setAttribute("aria-expanded", "false");
  box.removeAttribute("aria-activedescendant");
}

function activate(index) {
  active = (index + places.length) % places.length;
  [...list.children].forEach((option, i) => option.setAttribute("aria-selected", String(i === active)));
  box.setAttribute("aria-activedescendant", list.children[active].id);
  list.children[active].scrollIntoView({ block: "nearest" });
}

function option(place, index, choose) {
  const where = Array.isArray(place.path) ? place.path.join(" / ") : place.path;
  // mousedown, as the blur before the click closes the list.
  const mousedown = (event) => {
    event.preventDefault();
    choose(place);
  };
  const about = { id: `search-option-${index}`, role: "option", "aria-selected": "false", mousedown };
  return el("li", about, el("b", {}, place.name), el("small", {}, where ?? ""));
}

function offer(found, query, choose) {
  places = found;
  list.replaceChildren(...found.map((place, index) => option(place, index, choose)));
  if (found.length === 0) {
    close();
    note.textContent = say("search_none", { query });
    return;
  }
  list.hidden = false;
  box.setAttribute("aria-expanded", "true");
  note.textContent = say("search_count", { count: found.length });
}

/** Search for places; the latest query wins. */
async function search(choose) {
  running?.abort();
  const query = box.value.trim();
  clear.hidden = box.value === "";
  if (query === "") {
    note.textContent = "";
    return close();
  }
  running = new AbortController();
  note.textContent = say("search_busy");
  try {
    const { places: found } = await getJson("/api/places", { q: query, limit: MOST }, running.signal);
    offer(found, query, choose);
  } catch (error) {
    if (isAbort(error)) return;
    close();
    note.textContent = say("search_failed", { reason: error.message });
  }
}

function onKey(event, choose, askNow, wipe) {
  // While Chinese is being composed, Enter and the arrows belong to the input method.
  if (event.isComposing) return;
  if (event.key === "Escape") return list.hidden ? wipe() : close();
  if (event.key === "Enter") {
    event.preventDefault();
    if (!list.hidden && places.length > 0) choose(places[Math.max(active, 0)]);
    else askNow();
  }
  if (list.hidden || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
  event.preventDefault();
  activate(event.key === "ArrowDown" ? active + 1 : Math.max(active, 0) - 1);
}

/**
 * Start the search box. `chosen(place)` is called for a chosen place, `wiped()` when the box is emptied.
 * Returns a function that shows a sentence under the box.
 */
export function startCombobox({ chosen, wiped }) {
  const choose = (place) => {
    running?.abort();
    box.value = place.name;
    close();
    chosen(place);
  };
  const wipe = () => {
    box.value = "";
    clear.hidden = true;
    note.textContent = "";
    running?.abort();
    close();
    wiped();
  };
  const later = debounce(() => search(choose), 200);
  box.addEventListener("input", (event) => event.isComposing || later());
  box.addEventListener("compositionend", later);
  box.addEventListener("keydown", (event) => onKey(event, choose, () => search(choose), wipe));
  box.addEventListener("blur", close);
  form.addEventListener("submit", (event) => event.preventDefault());
  clear.setAttribute("aria-label", say("clear_search"));
  clear.addEventListener("click", () => {
    wipe();
    box.focus();
  });
  return (text) => {
    note.textContent = text;
  };
}
