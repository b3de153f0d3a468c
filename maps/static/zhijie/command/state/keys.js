// Keyboard shortcuts, one letter each, listed by "?". They are off while the user types.

const help = document.getElementById("keys");

/** `actions`: key → action. Escape closes the innermost open element. */
export function startKeys(actions, escape) {
  document.getElementById("keys-close").addEventListener("click", () => help.close());
  document.getElementById("rail-keys").addEventListener("click", () => help.showModal());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || help.open) return;
    if (event.key === "Escape") return void (event.defaultPrevented || escape());
    if (event.target.closest("input:not([type=checkbox]):not([type=range]), select, textarea")) return;
    const action = event.key === "?" ? () => help.showModal() : actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
