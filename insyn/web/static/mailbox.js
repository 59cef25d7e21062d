import { copy } from "./clipboard.js";
import { writtenTime } from "./dates.js";

const EVERY_MS = 5_000;
const CODE = /(?<!\d)\d{4} ?\d{4}(?!\d)/;

const box = document.getElementById("mailbox");
const state = document.getElementById("mailbox-state");
const ids = (root) => [...root.querySelectorAll("[data-id]")].map((letter) => letter.dataset.id);

/** Gives a letter its Swedish time and, where it holds a code, a button that copies it. */
function dress(letter) {
  const time = letter.querySelector("time");
  time.textContent = writtenTime(time.dateTime);
  const code = letter.querySelector("pre").textContent.match(CODE)?.[0];
  if (!code) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button copy-code";
  button.textContent = "Kopiera koden";
  button.addEventListener("click", async () => {
    button.textContent = (await copy(code)) ? "Koden är kopierad" : `Koden är ${code}`;
    state.textContent = button.textContent;
    setTimeout(() => (button.textContent = "Kopiera koden"), 3000);
  });
  letter.append(button);
}

/** Fetches this page again and swaps in what is new, so that nothing moves when nothing came. */
async function refresh() {
  if (document.hidden) return;
  try {
    const response = await fetch(location.href, { cache: "no-store" });
    if (!response.ok) throw new Error(response.statusText);
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("mailbox");
    const had = new Set(ids(box));
    const now = ids(fresh);
    if (/^Ingen kontakt/.test(state.textContent)) state.textContent = "";
    if (now.length === had.size && now.every((id) => had.has(id))) return;
    swap(fresh, had);
    const count = now.filter((id) => !had.has(id)).length;
    if (count) state.textContent = count === 1 ? "Ett nytt mejl har kommit." : `${count} nya mejl har kommit.`;
  } catch {
    state.textContent = "Ingen kontakt med tjänsten. Sidan försöker igen.";
  }
}

// Letters already here keep their place and focus; only new ones are put in, and gone ones taken out.
function swap(fresh, had) {
  const kept = new Set(ids(fresh));
  for (const node of [...box.children]) if (!kept.has(node.dataset.id)) node.remove();
  let next = box.firstElementChild;
  for (const node of [...fresh.children]) {
    if (had.has(node.dataset.id)) next = next?.nextElementSibling;
    else {
      const letter = document.adoptNode(node);
      box.insertBefore(letter, next);
      if (letter.dataset.id) dress(letter);
    }
  }
}

for (const letter of box.querySelectorAll("[data-id]")) dress(letter);
setInterval(refresh, EVERY_MS);
document.addEventListener("visibilitychange", refresh);
