// The names of matters, kinds of zones and states, from the server.

import { getJson } from "../../shared/http.js";
import { page } from "../../shared/page.js";

const tables = { categories: new Map(), zone_kinds: new Map(), statuses: new Map() };

export async function loadVocabulary() {
  const found = await getJson("/api/vocabulary");
  for (const [name, table] of Object.entries(tables)) {
    for (const { code, name: word } of found[name] ?? []) table.set(code, word);
  }
}

/** [code, name] of each matter, kind of zone or state. */
export const words = (name) => [...tables[name]];

export const categoryName = (code) => tables.categories.get(code) ?? code;
export const zoneName = (code) => tables.zone_kinds.get(code) ?? code;
export const statusName = (code) => tables.statuses.get(code) ?? code;

/** The short word beside a matter's mark at high zooms; "" for a matter without one. */
export const glyphOf = (code) => page.glyphs[code] ?? "";

/** [code, word] of each effect, most severe first. */
export const effects = () => ["prohibited", "permit_required", "clear", "unknown"].map((code) => [code, page.effects[code]]);
