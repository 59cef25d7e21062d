// Keys of the console (docs/console.md): j and k between rows, Enter opens, x marks, / searches, e goes to what can be done, ? helps.
const STORED = "insyn-keys";
const help = document.getElementById("keys");
const keysOn = document.getElementById("keys-on");

const rows = () => [...document.querySelectorAll("[data-row]")];
// What takes the focus for a row: its link, else the first thing in it that can be used, else the row itself.
function opener(row) {
  const inside = row.querySelector("[data-open]") ?? row.querySelector("a[href], button, input, summary");
  if (!inside) row.tabIndex = -1;
  return inside ?? row;
}

function step(by) {
  const all = rows();
  if (!all.length) return;
  const at = all.findIndex((row) => row.contains(document.activeElement));
  const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1);
  opener(all[next]).focus();
}

function mark() {
  const row = rows().find((each) => each.contains(document.activeElement));
  row?.querySelector("input[type=checkbox]")?.click();
}

const actions = {
  j: () => step(1),
  k: () => step(-1),
  x: mark,
  "/": () => document.querySelector("[data-search]")?.focus(),
  e: () => (document.querySelector("[data-act]") ?? rows().map(opener)[0])?.focus(),
  "?": () => help?.showModal(),
};

let going = false;
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (localStorage.getItem(STORED) === "off" || help?.open) return;
  const field = event.target instanceof HTMLElement && event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
  if (field) return;
  if (going) {
    going = false;
    const place = document.querySelector(`.rail-nav [data-key="${CSS.escape(event.key)}"]`);
    if (place) {
      event.preventDefault();
      place.click();
    }
    return;
  }
  if (event.key === "g") {
    going = true;
    return;
  }
  const action = actions[event.key];
  if (action) {
    event.preventDefault();
    action();
  }
});

if (keysOn) {
  keysOn.checked = localStorage.getItem(STORED) !== "off";
  keysOn.addEventListener("change", () => localStorage.setItem(STORED, keysOn.checked ? "on" : "off"));
  document.getElementById("keys-open").addEventListener("click", () => help.showModal());
  document.getElementById("keys-close").addEventListener("click", () => help.close());
}
