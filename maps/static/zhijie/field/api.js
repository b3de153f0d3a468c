// Requests to the service, and what kind of no they met. No page and no words in here.

/** The service cannot be reached, or answers that it is in trouble. */
export class Away extends Error {}
/** Nobody is signed in. */
export class SignedOut extends Error {}
/** The service says no, in its own words. */
export class Refused extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

const SHORT_MS = 15_000;
const LONG_MS = 600_000; // for a photo over a thin line
const LATER = [408, 425, 429]; // not now: what is said then may well be taken later

async function wordsOf(answer) {
  try {
    const { detail, hint } = await answer.json();
    return [detail, hint].filter(Boolean).join(" ");
  } catch {
    return String(answer.status);
  }
}

async function fetched(path, options) {
  try {
    return await fetch(path, { credentials: "same-origin", ...options });
  } catch (error) {
    throw new Away("", { cause: error });
  }
}

async function checked(answer) {
  if (answer.ok || answer.status === 304) return answer;
  if (answer.status === 401) throw new SignedOut();
  if (answer.status >= 500 || LATER.includes(answer.status)) throw new Away(await wordsOf(answer));
  throw new Refused(answer.status, await wordsOf(answer));
}

/** Ask; gives the answer. `body`: JSON, or bytes as they are. */
export async function ask(method, path, { body, headers = {}, lang = "zh", csrf = null, patience = SHORT_MS } = {}) {
  const bytes = body instanceof Blob;
  const given = { accept: "application/json", "accept-language": lang === "zh" ? "zh-CN" : "en", ...headers };
  if (body !== undefined) given["content-type"] = bytes ? "application/octet-stream" : "application/json";
  if (csrf !== null) given["x-csrf-token"] = csrf;
  const sent = body === undefined || bytes ? body : JSON.stringify(body);
  const signal = AbortSignal.timeout(bytes ? LONG_MS : patience);
  return checked(await fetched(path, { method, headers: given, body: sent, signal }));
}

/** The same, as JSON. */
export async function askJson(method, path, options) {
  const answer = await ask(method, path, options);
  try {
    return await answer.json();
  } catch (error) {
    throw new Away("", { cause: error });
  }
}

/** Who is signed in: {name, shown, csrf, rights …}. */
export const session = (lang) => askJson("GET", "/api/session", { lang });

/** Change something, as who is signed in at this moment. */
export async function act(method, path, options = {}) {
  const { csrf } = await session(options.lang);
  return askJson(method, path, { ...options, csrf });
}
