// The service worker: stores the page's files as one set under one version, and sends the queue once the
// phone is online. The server writes `self.shell` in front: the version, and every file with its SHA-256.

import { sendAll } from "/static/zhijie/field/send.js";

const { version, pages, files } = self.shell;
const FAMILY = "zhijie-field-";
const CACHE = FAMILY + version;
const known = new Map([...Object.values(pages), ...Object.entries(files)]);

async function sha256(answer) {
  const digest = await crypto.subtle.digest("SHA-256", await answer.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A file of exactly this version: the server may have been updated after it wrote the list. */
async function fetchVerified([path, digest]) {
  const answer = await fetch(path, { cache: "no-cache", credentials: "same-origin" });
  const right = answer.ok && !answer.redirected && (await sha256(answer.clone())) === digest;
  if (!right) throw new Error(`not of this version: ${path}`);
  return [path, answer];
}

/** Install all files or none: an incomplete set is never used. */
async function installFiles() {
  const answers = await Promise.all([...known].map(fetchVerified));
  const cache = await caches.open(CACHE);
  for (const [path, answer] of answers) await cache.put(path, answer);
}

async function activate() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(FAMILY) && name !== CACHE).map((name) => caches.delete(name)));
  await self.clients.claim();
}

function languageOf(url) {
  const preferred = [url.searchParams.get("lang"), ...self.navigator.languages];
  return preferred.map((tag) => tag?.slice(0, 2).toLowerCase()).find((tag) => tag in pages) ?? "zh";
}

/** The stored response for a path, else the network's. */
async function fromCache(path, request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(path)) ?? fetch(request);
}

/** Send; a rejected promise makes the browser try again. */
async function sendOrRetry() {
  const outcome = await sendAll();
  if (outcome === "away") throw new Error("no net yet");
}

// The update protocol: a new worker installs its files beside the old version's and waits. The page
// (shell.js) tells it to take over, at once or after a click; only then are old caches deleted and the page
// reloaded. So no page ever runs with files of two versions.
self.addEventListener("install", (event) => event.waitUntil(installFiles()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("message", ({ data }) => data === "take over" && self.skipWaiting());
self.addEventListener("sync", (event) => event.waitUntil(sendOrRetry()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate" && url.pathname === "/field") {
    event.respondWith(fromCache(pages[languageOf(url)][0], request));
  } else if (known.has(url.pathname) && url.search === "") {
    event.respondWith(fromCache(url.pathname, request));
  }
});
