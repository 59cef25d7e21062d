import { element } from "./element.js";

const BULLET = /^\s*[–•-]\s+/;
const MASK = /⟨([^⟨⟩]{1,40})⟩/;
const LINK = /https?:\/\/[^\s<>"”]+[^\s<>"”.,;:!?)]|[\w.+-]+@[\w-]+(?:\.[\w-]+)+/;

/** `text` as nodes: paragraphs at blank lines, lists at dashes, and links where `linked`. Text nodes only. */
export function words(text, { linked = false } = {}) {
  const box = element("div", { class: "words" });
  for (const block of text.trim().split(/\n\s*\n/)) {
    let run = [];
    let list = null;
    const endRun = () => {
      if (run.length) box.append(element("p", {}, ...joined(run, linked)));
      run = [];
    };
    for (const line of block.split("\n")) {
      if (BULLET.test(line)) {
        endRun();
        list ??= box.appendChild(element("ul"));
        list.append(element("li", {}, ...inline(line.replace(BULLET, ""), linked)));
      } else {
        list = null;
        run.push(line);
      }
    }
    endRun();
  }
  return box;
}

function joined(lines, linked) {
  return lines.flatMap((line, index) => [...(index ? [element("br")] : []), ...inline(line, linked)]);
}

/** One line as nodes: masked values marked, addresses linked where `linked`. */
export function inline(line, linked = false) {
  const pattern = new RegExp(linked ? `${MASK.source}|(${LINK.source})` : MASK.source, "gu");
  const nodes = [];
  let from = 0;
  for (const match of line.matchAll(pattern)) {
    nodes.push(line.slice(from, match.index), match[1] ? masked(match[1]) : link(match[2]));
    from = match.index + match[0].length;
  }
  return [...nodes, line.slice(from)].filter((node) => node !== "");
}

function masked(name) {
  return element(
    "span",
    { class: "masked", title: "Uppgiften är dold och sparas krypterad för sig" },
    element("span", { class: "unseen" }, "dold uppgift: "),
    name,
  );
}

function link(address) {
  return /^https?:/.test(address) ? outside(address, address) : element("a", { href: `mailto:${address}` }, address);
}

/** A link that opens a new tab and says so; plain text unless `url` is http(s). */
export function outside(url, title, ...marks) {
  let target;
  try {
    target = new URL(url, location.href);
  } catch {
    return element("span", {}, title);
  }
  if (!/^https?:$/.test(target.protocol)) return element("span", {}, title);
  const hint = element("span", { class: "new-tab" }, " ny flik", ...marks);
  return element("a", { href: target.href, target: "_blank", rel: "noopener" }, title, hint);
}

/** The same text without the marks of masked values. */
export const plain = (text) => text.replace(new RegExp(MASK.source, "gu"), "[$1]");
