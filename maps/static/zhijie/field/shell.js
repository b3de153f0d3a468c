// Registers the service worker. A new version takes over at once if nothing was touched, else after a click.

import { el } from "../shared/dom.js";
import { say } from "../shared/page.js";

const banner = document.getElementById("banner");
let touched = false;
let waiting = null; // shows the banner of a new version again
for (const kind of ["pointerdown", "keydown"]) {
  window.addEventListener(kind, () => (touched = true), { once: true, capture: true });
}

/** Show a sentence above everything else, with a button if there is an action. */
export function announce(text, act = null, word = "") {
  banner.replaceChildren(el("span", {}, text));
  if (act) banner.append(el("button", { type: "button", click: act }, word));
  banner.hidden = false;
}

/** Remove the sentence, unless a new version is waiting. */
export function clearAnnouncement() {
  if (waiting) waiting();
  else banner.hidden = true;
}

function askToReload(renew) {
  waiting = () => announce(say("new_version"), renew, say("renew"));
  waiting();
}

function offer(worker, busy) {
  const take = () => worker.postMessage("take over");
  if (!touched && !busy()) take();
  else askToReload(take);
}

/** Register the worker. `busy()`: whether there is input that a reload would lose. */
export async function startShell(busy) {
  if (!("serviceWorker" in navigator)) return;
  const container = navigator.serviceWorker;
  let hadController = container.controller !== null;
  const renew = () => location.reload();
  container.addEventListener("controllerchange", () => {
    const first = !hadController;
    hadController = true;
    if (first) return;
    if (busy()) askToReload(renew); // another window updated the worker: reload only when the user agrees, or input would be lost
    else renew();
  });
  try {
    // "none": the browser's HTTP cache could hide a new worker for a day.
    const options = { type: "module", scope: "/field", updateViaCache: "none" };
    const registration = await container.register("/field/sw.js", options);
    if (registration.waiting && container.controller) offer(registration.waiting, busy);
    registration.addEventListener("updatefound", () => {
      const fresh = registration.installing;
      fresh?.addEventListener("statechange", () => fresh.state === "installed" && container.controller && offer(fresh, busy));
    });
  } catch {
    // offline, or no service workers in this browser: the page works, but cannot be opened offline
  }
}

/** Ask the browser to wake the worker once it is online, where it supports that. */
export async function requestBackgroundSync() {
  try {
    await (await navigator.serviceWorker.ready).sync.register("send");
  } catch {
    // not supported everywhere; the page itself sends when it is open
  }
}
