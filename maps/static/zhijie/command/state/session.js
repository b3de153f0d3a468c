// Who is signed in, and what they may.

import { getJson } from "../../shared/http.js";

let rights = new Set();

export async function loadMe() {
  rights = new Set((await getJson("/api/session")).rights);
}

export const may = (...wanted) => wanted.some((right) => rights.has(right));
