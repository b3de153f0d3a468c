// Wall mode: full screen, large type, and the view cycles through the units until it is touched.

import { reducedMotion } from "../../shared/page.js";
import { fetchPlace } from "../panels/crumbs.js";

const root = document.documentElement;
const caption = document.getElementById("wall-name");
const EVERY_MS = 12_000;

/** `units()` returns the codes to cycle through; `freePadding()` the covered part of the map. */
export function startWall(map, { units, freePadding, ended }) {
  let timer = 0;
  let at = -1;

  const on = () => root.dataset.wall === "true";

  async function step() {
    const codes = units();
    if (codes.length === 0) return;
    at = (at + 1) % codes.length;
    const place = await fetchPlace(codes[at]).catch(() => null);
    if (!place || !on()) return;
    const [w, s, e, n] = place.bbox;
    caption.textContent = place.name;
    map.fitBounds([[s, w], [n, e]], { ...freePadding(), animate: !reducedMotion });
  }

  function end() {
    if (!on()) return;
    clearInterval(timer);
    delete root.dataset.wall;
    caption.textContent = "";
    for (const name of ["keydown", "pointerdown"]) window.removeEventListener(name, stop, true);
    if (document.fullscreenElement) document.exitFullscreen().catch(() => {});
    map.invalidateSize();
    ended();
  }

  function stop(event) {
    event.preventDefault();
    event.stopPropagation();
    end();
  }

  document.addEventListener("fullscreenchange", () => document.fullscreenElement || end());
  return async () => {
    root.dataset.wall = "true";
    await root.requestFullscreen?.().catch(() => {}); // where it is refused, the page still fills its window
    map.invalidateSize();
    at = -1;
    timer = setInterval(step, EVERY_MS);
    setTimeout(() => {
      for (const name of ["keydown", "pointerdown"]) window.addEventListener(name, stop, true);
    }); // the click that began it is over by then
    step();
  };
}
