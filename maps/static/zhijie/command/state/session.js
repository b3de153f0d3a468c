// The rights of the current account.

import { getJson } from "../../shared/http.js";

let rights = new Set();

export async function loadSession() {
  rights = new Set((await getJson("/api/session")).rights);
}

export const may = (...wanted) => wanted.some((right) => rights.has(right));
