// The service worker, and how a new version of the page takes over: at once where nothing is begun, else by hand.

import { el } from "../dom.js";
import { say } from "../page.js";

const FRESH_MS = 4_000;
const banner = document.getElementById("banner");
const started = performance.now();

/** Say something above everything, with a button where there is something to do. */
export function announce(text, act = null, word = "") {
  banner.replaceChildren(el("span", {}, text));
  if (act) banner.append(el("button", { type: "button", click: act }, word));
  banner.hidden = false;
}

export function announceNot() {
  banner.hidden = true;
}

function offer(worker, busy) {
  const take = () => worker.postMessage("take over");
  if (performance.now() - started < FRESH_MS && !busy()) take();
  else announce(say("new_version"), take, say("renew"));
}

/** Register it. `busy`: tells whether something is begun that a reload would lose. */
export async function startShell(busy) {
  if (!("serviceWorker" in navigator)) return;
  const before = navigator.serviceWorker.controller;
  navigator.serviceWorker.addEventListener("controllerchange", () => before && location.reload());
  try {
    const options = { type: "module", scope: "/field", updateViaCache: "none" };
    const registration = await navigator.serviceWorker.register("/field/sw.js", options);
    if (registration.waiting && before) offer(registration.waiting, busy);
    registration.addEventListener("updatefound", () => {
      const fresh = registration.installing;
      fresh?.addEventListener("statechange", () => fresh.state === "installed" && before && offer(fresh, busy));
    });
  } catch {
    // without a net, or in a browser that has none: the page works, but does not open without a net
  }
}

/** Ask the browser to wake the worker when the net is back, where it can. */
export async function wakeLater() {
  try {
    await (await navigator.serviceWorker.ready).sync.register("send");
  } catch {
    // not every browser can; the page sends when it is open
  }
}
