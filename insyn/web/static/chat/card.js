import { copy } from "../clipboard.js";
import { writtenDate } from "../dates.js";
import { button, element, icon } from "./element.js";
import { outside } from "./text.js";

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** A case as name and value pairs in Swedish, for the card and for the copied transcript. */
export function caseFacts(found) {
  return [
    ["Gäller", found.kind_name && capital(found.kind_name)],
    ["Mottaget", found.received && writtenDate(found.received)],
    ["Svar senast", found.due && writtenDate(found.due)],
    ["Läge", found.status_name && capital(found.status_name)],
  ].filter(([, value]) => value);
}

/** The card of a case, with a reference that can be copied. */
export function caseCard(found, announce) {
  const label = element("span", {}, "Kopiera");
  const press = async (node) => {
    const done = await copy(found.reference);
    label.textContent = done ? "Kopierat" : "Gick inte";
    announce(done ? "Ärendenumret är kopierat." : "Det gick inte att kopiera. Markera numret och kopiera för hand.");
    setTimeout(() => (label.textContent = "Kopiera"), 2500);
    node.focus({ preventScroll: true });
  };
  return element(
    "div",
    { class: "case", role: "group", "aria-label": `Ärende ${found.reference}` },
    element(
      "div",
      { class: "case-head" },
      element("p", {}, found.reference),
      button({ class: "small" }, press, icon("copy"), label, element("span", { class: "unseen" }, " ärendenumret")),
    ),
    element("dl", {}, ...caseFacts(found).map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value)))),
  );
}

/** Where an answer stands in the policy, as a footnote of links; null when it names no source. */
export function sourceList(sources) {
  if (!sources.length) return null;
  const links = sources.map(({ title, section, url }) => element("li", {}, outside(url, title || section, icon("out"))));
  return element(
    "div",
    { class: "sources" },
    element("span", { class: "sources-title" }, sources.length > 1 ? "Källor" : "Källa"),
    element("ul", {}, ...links),
  );
}
