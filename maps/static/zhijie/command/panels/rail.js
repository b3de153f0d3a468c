// The rail on the left: buttons of drawers and switches.

const drawers = [...document.querySelectorAll(".drawer")];
const buttons = new Map(drawers.map((drawer) => [drawer, document.getElementById(`rail-${drawer.id.replace("drawer-", "")}`)]));

/** Close every drawer; true where one was open. */
export function closeDrawers() {
  const open = drawers.filter((drawer) => !drawer.hidden);
  for (const drawer of open) {
    const held = drawer.contains(document.activeElement);
    drawer.hidden = true;
    buttons.get(drawer).setAttribute("aria-expanded", "false");
    if (held) buttons.get(drawer).focus();
  }
  return open.length > 0;
}

/** Open the drawer of that name, or close it where it is open. */
export function toggleDrawer(name) {
  const drawer = drawers.find(({ id }) => id === `drawer-${name}`);
  const closed = drawer.hidden;
  closeDrawers();
  if (!closed) return;
  drawer.hidden = false;
  buttons.get(drawer).setAttribute("aria-expanded", "true");
  drawer.querySelector("input")?.focus({ preventScroll: true });
}

/** A button that is on or off. Returns a function that sets it without calling `turned`. */
export function toggle(name, turned, on = false) {
  const button = document.getElementById(`rail-${name}`);
  const set = (value) => button.setAttribute("aria-pressed", String(value));
  button.addEventListener("click", () => {
    const now = button.getAttribute("aria-pressed") !== "true";
    set(now);
    turned(now);
  });
  set(on);
  return set;
}

export function startRail() {
  for (const drawer of drawers) {
    buttons.get(drawer).addEventListener("click", () => toggleDrawer(drawer.id.replace("drawer-", "")));
    drawer.querySelector(".shut")?.addEventListener("click", closeDrawers);
  }
}
