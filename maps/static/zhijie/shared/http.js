// Requests to our own API, with failures in words.

import { page, say } from "./page.js";

const PATIENCE_MS = 30_000;

export class Failure extends Error {}

function address(path, query) {
  const url = new URL(path, location.origin);
  if (url.origin !== location.origin) throw new Failure(say("reason_garbled"));
  for (const [name, value] of Object.entries({ lang: page.lang, ...query })) url.searchParams.set(name, value);
  return url;
}

async function send(url, signal, more = {}) {
  const headers = { accept: "application/json", ...more.headers };
  try {
    return await fetch(url, { ...more, signal, headers, credentials: "same-origin" });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw new Failure(say("reason_offline"), { cause: error });
  }
}

async function jsonOf(response, signal) {
  if (!response.ok) {
    const failure = new Failure(say("reason_status", { status: response.status }));
    throw Object.assign(failure, { status: response.status });
  }
  try {
    return await response.json();
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw new Failure(say("reason_garbled"), { cause: error });
  }
}

/** The JSON at a path. Throws Failure with a sentence, or AbortError where the caller aborted. */
export async function getJson(path, query = {}, given = null) {
  const timeout = new AbortController();
  const abort = () => timeout.abort(given.reason);
  if (given?.aborted) abort();
  given?.addEventListener("abort", abort);
  const timer = setTimeout(() => timeout.abort(new Failure(say("reason_slow"))), PATIENCE_MS);
  try {
    return await jsonOf(await send(address(path, query), timeout.signal), timeout.signal);
  } finally {
    clearTimeout(timer);
    given?.removeEventListener("abort", abort);
  }
}

/**
 * Features of a paged collection, page after page along "next", `most` at the most.
 * Yields {features, capped}: the features of one page, and whether more were left behind.
 */
export async function* pages(path, query, { most, signal }) {
  let left = most;
  let next = path;
  while (next !== null) {
    const { features, next: following } = await getJson(next, query, signal);
    next = following ?? null;
    const taken = features.slice(0, left);
    left -= taken.length;
    const capped = taken.length < features.length || (left === 0 && next !== null);
    yield { features: taken, capped };
    if (left === 0) return;
    query = {};
  }
}

let token = null;

/** The session's CSRF token, fetched once a page. */
async function csrf() {
  token ??= (await getJson("/api/session")).csrf;
  return token;
}

/** The problem document of a response, as a Failure with its status and, if it names one, its field. */
async function problemOf(response) {
  const otherwise = say("reason_status", { status: response.status });
  const problem = await response.json().catch(() => ({}));
  const text = [problem.detail, problem.hint].filter(Boolean).join(" ") || otherwise;
  return Object.assign(new Failure(text), { status: response.status, field: problem.field ?? "" });
}

/** Change something at a path; returns the JSON. Throws Failure with the server's own text. */
export async function sendJson(method, path, body) {
  const headers = { "content-type": "application/json", "x-csrf-token": await csrf() };
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const response = await send(address(path, {}), signal, { method, headers, body: JSON.stringify(body) });
  if (!response.ok) throw await problemOf(response);
  return jsonOf(response, signal);
}

export const isAbort = (error) => error?.name === "AbortError";
