// The filters and other state of the page, stored in its address.

const LISTS = ["category", "effect", "status", "zone"];
const FLAGS = ["overdue", "urgent", "mine"];
const TEXTS = ["unit", "since", "until"];
const NAMES = [...TEXTS, ...LISTS, ...FLAGS];

const listeners = new Set();

function read() {
  const given = new URLSearchParams(location.search);
  const found = {};
  for (const name of TEXTS) found[name] = given.get(name) ?? "";
  for (const name of LISTS) found[name] = (given.get(name) ?? "").split(",").filter(Boolean);
  for (const name of FLAGS) found[name] = given.get(name) === "true";
  return found;
}

let filters = read();

export const current = () => filters;

/** The filters that are set, as query parameters of the API. */
export function filterQuery() {
  const query = {};
  for (const name of TEXTS) if (filters[name]) query[name] = filters[name];
  for (const name of LISTS) if (filters[name].length > 0) query[name] = filters[name].join(",");
  for (const name of FLAGS) if (filters[name]) query[name] = "true";
  return query;
}

/** Call `listener(filters, before)` whenever the filters have changed. */
export const onFilters = (listener) => listeners.add(listener);

function notifyListeners(before) {
  for (const listener of listeners) listener(filters, before);
}

/** Put values into the address under names of the page's own; "" and null remove them. */
export function setAddress(values, { push = false } = {}) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) {
    if (value === "" || value === null) query.delete(name);
    else query.set(name, value);
  }
  const address = query.size > 0 ? `?${query}` : location.pathname;
  if (address === location.search) return;
  if (push) history.pushState(null, "", address);
  else history.replaceState(null, "", address);
}

/** The value of a name in the address. */
export const addressValue = (name) => new URLSearchParams(location.search).get(name);

/** Change some filters. Another unit becomes a step of the browser's history. */
export function change(patch) {
  const before = filters;
  filters = { ...filters, ...patch };
  const now = filterQuery();
  const values = Object.fromEntries(NAMES.map((name) => [name, now[name] ?? ""]));
  setAddress(values, { push: filters.unit !== before.unit });
  notifyListeners(before);
}

/** Remove all filters. */
export function reset() {
  const blank = {};
  for (const name of TEXTS) blank[name] = "";
  for (const name of LISTS) blank[name] = [];
  for (const name of FLAGS) blank[name] = false;
  change(blank);
}

window.addEventListener("popstate", () => {
  const before = filters;
  filters = read();
  notifyListeners(before);
});

/** The prefix that the codes of all units below a unit share: 140500 → 1405. */
export const stem = (code) => (/^\d{6}$/.test(code) ? code.replace(/(00)+$/, "") : code);

const dayOf = (iso) => new Date(Date.parse(iso) + 8 * 3600_000).toISOString().slice(0, 10);

/**
 * Whether a report of the stream matches the filters: true, false, or null where only the server knows
 * ("mine").
 */
export function passes(report) {
  const { unit, since, until, category, effect, status, zone, overdue, urgent, mine } = filters;
  const within = (list, value) => list.length === 0 || list.includes(value);
  if (unit && !(report.unit_code ?? "").startsWith(stem(unit))) return false;
  if (!within(category, report.category) || !within(effect, report.effect) || !within(status, report.status)) return false;
  if (overdue && report.clock !== 3) return false;
  if (urgent && !report.urgent) return false;
  const day = since || until ? dayOf(report.received_at) : "";
  if ((since && day < since) || (until && day > until)) return false;
  if (zone.length > 0 && !(report.zone_kinds ?? []).some((kind) => zone.includes(kind))) return false;
  return mine ? null : true;
}
