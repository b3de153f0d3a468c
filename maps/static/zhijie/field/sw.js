// The service worker: keeps the page's files as one set under one version, and sends what waits when the net
// is back. The server writes `self.shell` before this: the version, and every file with its SHA-256.

import { sendAll } from "/static/zhijie/field/send.js";

const { version, pages, files } = self.shell;
const FAMILY = "zhijie-field-";
const CACHE = FAMILY + version;
const known = new Map([...Object.values(pages), ...Object.entries(files)]);

async function sha256(answer) {
  const digest = await crypto.subtle.digest("SHA-256", await answer.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** One file as this version has it: the server may have been renewed since the version was told. */
async function fetched([path, digest]) {
  const answer = await fetch(path, { cache: "no-cache", credentials: "same-origin" });
  const right = answer.ok && !answer.redirected && (await sha256(answer.clone())) === digest;
  if (!right) throw new Error(`not of this version: ${path}`);
  return [path, answer];
}

/** All files or none: a set that is not whole is not installed. */
async function keep() {
  const answers = await Promise.all([...known].map(fetched));
  const cache = await caches.open(CACHE);
  for (const [path, answer] of answers) await cache.put(path, answer);
}

async function takeOver() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(FAMILY) && name !== CACHE).map((name) => caches.delete(name)));
  await self.clients.claim();
}

function languageOf(url) {
  const wished = [url.searchParams.get("lang"), ...self.navigator.languages];
  return wished.map((tag) => tag?.slice(0, 2).toLowerCase()).find((tag) => tag in pages) ?? "zh";
}

/** The kept answer for a path of ours, else the network's. */
async function kept(path, request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(path)) ?? fetch(request);
}

/** A failure tells the browser to wake this once more. */
async function sendOrAgain() {
  const came = await sendAll();
  if (came === "away") throw new Error("no net yet");
}

self.addEventListener("install", (event) => event.waitUntil(keep()));
self.addEventListener("activate", (event) => event.waitUntil(takeOver()));
self.addEventListener("message", ({ data }) => data === "take over" && self.skipWaiting());
self.addEventListener("sync", (event) => event.waitUntil(sendOrAgain()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate" && url.pathname === "/field") {
    event.respondWith(kept(pages[languageOf(url)][0], request));
  } else if (known.has(url.pathname) && url.search === "") {
    event.respondWith(kept(url.pathname, request));
  }
});
