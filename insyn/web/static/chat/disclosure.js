/** A button that shows and hides its panel with `show(open)`; Escape in or on it hides. Returns the setter. */
export function disclosure(toggle, show) {
  const set = (open) => {
    toggle.setAttribute("aria-expanded", String(open));
    show(open);
  };
  const isOpen = () => toggle.getAttribute("aria-expanded") === "true";
  toggle.addEventListener("click", () => set(!isOpen()));
  toggle.parentElement.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !isOpen()) return;
    set(false);
    toggle.focus();
  });
  return set;
}
