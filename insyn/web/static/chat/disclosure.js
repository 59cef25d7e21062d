/** A button that shows and hides its panel. A `floating` one also closes on Escape and when focus or a press leaves it. */
export function disclosure(toggle, show, { floating = false } = {}) {
  const set = (open) => {
    toggle.setAttribute("aria-expanded", String(open));
    show(open);
  };
  const isOpen = () => toggle.getAttribute("aria-expanded") === "true";
  toggle.addEventListener("click", () => set(!isOpen()));
  if (floating) {
    const area = toggle.parentElement;
    area.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !isOpen()) return;
      set(false);
      toggle.focus();
    });
    area.addEventListener("focusout", ({ relatedTarget }) => {
      if (relatedTarget && !area.contains(relatedTarget)) set(false);
    });
    document.addEventListener("pointerdown", ({ target }) => {
      if (isOpen() && !area.contains(target)) set(false);
    });
  }
  return set;
}
