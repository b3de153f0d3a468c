// The service worker, and how a new version of the page takes over: at once where nothing is begun, else by hand.

import { el } from "../shared/dom.js";
import { say } from "../shared/page.js";

const banner = document.getElementById("banner");
let touched = false;
let waiting = null; // says that a new version is there
for (const kind of ["pointerdown", "keydown"]) {
  window.addEventListener(kind, () => (touched = true), { once: true, capture: true });
}

/** Say something above everything, with a button where there is something to do. */
export function announce(text, act = null, word = "") {
  banner.replaceChildren(el("span", {}, text));
  if (act) banner.append(el("button", { type: "button", click: act }, word));
  banner.hidden = false;
}

/** Nothing to say any more, but for a version that waits to be taken. */
export function announceNot() {
  if (waiting) waiting();
  else banner.hidden = true;
}

function ask(renew) {
  waiting = () => announce(say("new_version"), renew, say("renew"));
  waiting();
}

function offer(worker, busy) {
  const take = () => worker.postMessage("take over");
  if (!touched && !busy()) take();
  else ask(take);
}

/** Register it. `busy`: tells whether something is begun that a reload would lose. */
export async function startShell(busy) {
  if (!("serviceWorker" in navigator)) return;
  const kept = navigator.serviceWorker;
  let had = kept.controller !== null;
  const renew = () => location.reload();
  kept.addEventListener("controllerchange", () => {
    const first = !had;
    had = true;
    if (first) return;
    if (busy()) ask(renew); // another window took it; what is written here is kept until its writer says so
    else renew();
  });
  try {
    const options = { type: "module", scope: "/field", updateViaCache: "none" };
    const registration = await kept.register("/field/sw.js", options);
    if (registration.waiting && kept.controller) offer(registration.waiting, busy);
    registration.addEventListener("updatefound", () => {
      const fresh = registration.installing;
      fresh?.addEventListener("statechange", () => fresh.state === "installed" && kept.controller && offer(fresh, busy));
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
