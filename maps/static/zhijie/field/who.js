// Who is signed in here. Without a net it is who was last; whoever signs out is forgotten (account.js).

import { Away, SignedOut, session } from "./api.js";
import { page } from "../shared/page.js";

const KEY = "zhijie-who"; // account.js takes it away when somebody signs out
const heard = new EventTarget();

/** state: "in", "away" (no net) or "out". `name` outlives the end of a session while the page is open. */
export const who = { state: "away", name: null, rights: [] };

function known() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "null");
  } catch {
    return null;
  }
}

export async function recognise() {
  const before = `${who.state} ${who.name}`;
  try {
    const { name, rights } = await session(page.lang);
    Object.assign(who, { state: "in", name, rights });
    localStorage.setItem(KEY, JSON.stringify({ name, rights }));
  } catch (error) {
    if (error instanceof SignedOut) {
      who.state = "out";
      localStorage.removeItem(KEY);
    } else if (error instanceof Away) {
      const last = known();
      if (who.name === null && last) Object.assign(who, last);
      who.state = "away";
    } else throw error;
  }
  if (before !== `${who.state} ${who.name}`) heard.dispatchEvent(new Event("who"));
  return who.state;
}

/** The session has ended, as an answer said. */
export function signedOut() {
  who.state = "out";
  localStorage.removeItem(KEY);
  heard.dispatchEvent(new Event("who"));
}

export const onWho = (hear) => heard.addEventListener("who", hear);
export const may = (right) => who.rights.includes(right);
