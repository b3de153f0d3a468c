// Requests to the service, and the kinds of failure. No page and no texts in here.

/** The service cannot be reached, or reports trouble of its own (5xx, 429). */
export class Unreachable extends Error {}
/** The request needs a sign-in. */
export class SignedOut extends Error {}
/** The service has refused the request; `message` is its own text. */
export class Refused extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

const SHORT_MS = 15_000;
const LONG_MS = 600_000; // for a photo over a slow connection
const LATER = [408, 425, 429]; // worth trying again later

async function problemText(answer) {
  try {
    const { detail, hint } = await answer.json();
    return [detail, hint].filter(Boolean).join(" ");
  } catch {
    return String(answer.status);
  }
}

async function fetchOrThrow(path, options) {
  try {
    return await fetch(path, { credentials: "same-origin", ...options });
  } catch (error) {
    throw new Unreachable("", { cause: error });
  }
}

async function requireOk(answer) {
  if (answer.ok || answer.status === 304) return answer;
  if (answer.status === 401) throw new SignedOut();
  if (answer.status >= 500 || LATER.includes(answer.status)) throw new Unreachable(await problemText(answer));
  throw new Refused(answer.status, await problemText(answer));
}

/** Send a request and return the response. `body`: an object, or a Blob that is sent as it is. */
export async function request(method, path, { body, headers = {}, lang = "zh", csrf = null, patience = SHORT_MS } = {}) {
  const bytes = body instanceof Blob;
  const allHeaders = { accept: "application/json", "accept-language": lang === "zh" ? "zh-CN" : "en", ...headers };
  if (body !== undefined) allHeaders["content-type"] = bytes ? "application/octet-stream" : "application/json";
  if (csrf !== null) allHeaders["x-csrf-token"] = csrf;
  const sent = body === undefined || bytes ? body : JSON.stringify(body);
  const signal = AbortSignal.timeout(bytes ? LONG_MS : patience);
  return requireOk(await fetchOrThrow(path, { method, headers: allHeaders, body: sent, signal }));
}

/** Send a request and return its JSON. */
export async function requestJson(method, path, options) {
  const answer = await request(method, path, options);
  try {
    return await answer.json();
  } catch (error) {
    throw new Unreachable("", { cause: error });
  }
}

/** The current session: {name, shown, csrf, rights …}. */
export const fetchSession = (lang) => requestJson("GET", "/api/session", { lang });

/** Change something, with the CSRF token of the session at this moment. */
export async function mutate(method, path, options = {}) {
  const { csrf } = await fetchSession(options.lang);
  return requestJson(method, path, { ...options, csrf });
}
