// The four pages under the map, as tabs at the bottom.

const TABS = ["ask", "report", "queue", "work"];
const byId = (id) => document.getElementById(id);
const events = new EventTarget();

let open = "ask";

export const opened = () => open;
export const onTab = (listener) => events.addEventListener("tab", () => listener(open));

/** Show a page. */
export function show(wanted) {
  open = wanted;
  for (const tab of TABS) {
    byId(`tab-${tab}`).hidden = tab !== wanted;
    byId(`to-${tab}`).setAttribute("aria-selected", String(tab === wanted));
    byId(`to-${tab}`).tabIndex = tab === wanted ? 0 : -1;
  }
  document.body.dataset.tab = wanted;
  events.dispatchEvent(new Event("tab"));
}

function onKey(event) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const next = TABS[(TABS.indexOf(open) + step + TABS.length) % TABS.length];
  show(next);
  byId(`to-${next}`).focus();
}

/** Show the number of waiting reports on the queue's tab. */
export function badge(count) {
  const tab = byId("to-queue");
  tab.dataset.count = count > 0 ? String(count) : "";
}

export function startTabs() {
  for (const tab of TABS) byId(`to-${tab}`).addEventListener("click", () => show(tab));
  document.querySelector("[role=tablist]").addEventListener("keydown", onKey);
  show("ask");
}
