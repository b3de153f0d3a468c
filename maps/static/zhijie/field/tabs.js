// The four pages under the map, as tabs at the thumb.

const TABS = ["ask", "report", "queue", "work"];
const at = (id) => document.getElementById(id);
const heard = new EventTarget();

let open = "ask";

export const opened = () => open;
export const onTab = (hear) => heard.addEventListener("tab", () => hear(open));

/** Show a page. */
export function show(wanted) {
  open = wanted;
  for (const tab of TABS) {
    at(`tab-${tab}`).hidden = tab !== wanted;
    at(`to-${tab}`).setAttribute("aria-selected", String(tab === wanted));
    at(`to-${tab}`).tabIndex = tab === wanted ? 0 : -1;
  }
  document.body.dataset.tab = wanted;
  heard.dispatchEvent(new Event("tab"));
}

function onKey(event) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const next = TABS[(TABS.indexOf(open) + step + TABS.length) % TABS.length];
  show(next);
  at(`to-${next}`).focus();
}

/** How many wait, on the tab of the queue. */
export function badge(count) {
  const tab = at("to-queue");
  tab.dataset.count = count > 0 ? String(count) : "";
}

export function startTabs() {
  for (const tab of TABS) at(`to-${tab}`).addEventListener("click", () => show(tab));
  document.querySelector("[role=tablist]").addEventListener("keydown", onKey);
  show("ask");
}
