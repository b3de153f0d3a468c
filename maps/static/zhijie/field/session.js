// The current user. Offline it is the last one; signing out makes the phone forget it (account.js).

import { Unreachable, SignedOut, fetchSession } from "./api.js";
import { page } from "../shared/page.js";

const KEY = "zhijie-who"; // account.js removes it on signing out
const events = new EventTarget();

/** state: "in", "away" (offline) or "out". `name` survives the end of a session while the page is open. */
export const user = { state: "away", name: null, rights: [] };

function storedUser() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "null");
  } catch {
    return null;
  }
}

export async function refreshSession() {
  const before = `${user.state} ${user.name}`;
  try {
    const { name, rights } = await fetchSession(page.lang);
    Object.assign(user, { state: "in", name, rights });
    localStorage.setItem(KEY, JSON.stringify({ name, rights }));
  } catch (error) {
    if (error instanceof SignedOut) {
      user.state = "out";
      localStorage.removeItem(KEY);
    } else if (error instanceof Unreachable) {
      const stored = storedUser();
      if (user.name === null && stored) Object.assign(user, stored);
      user.state = "away";
    } else throw error;
  }
  if (before !== `${user.state} ${user.name}`) events.dispatchEvent(new Event("who"));
  return user.state;
}

/** A response has shown that the session has ended. */
export function signedOut() {
  user.state = "out";
  localStorage.removeItem(KEY);
  events.dispatchEvent(new Event("who"));
}

export const onUserChange = (listener) => events.addEventListener("who", listener);
export const may = (right) => user.rights.includes(right);
