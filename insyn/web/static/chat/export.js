import { writtenDate, writtenTime } from "../dates.js";
import { caseFacts } from "./card.js";
import { plain } from "./text.js";

const NAMES = { person: "Du", insyn: "Insyn", staff: "Kontek, en människa" };

/** A message as one would read it aloud. */
export function spoken({ text, sources, choices, case: found, author }) {
  const parts = [`${author === "staff" ? NAMES.staff : NAMES.insyn}: ${plain(text)}`];
  if (found) parts.push(`Ärende ${found.reference}.`, ...caseFacts(found).map(([name, value]) => `${name}: ${value}.`));
  if (sources?.length) parts.push(`Källa: ${sources.map(({ title, section }) => title || section).join(", ")}.`);
  if (choices?.length) parts.push(`Förslag: ${choices.map(({ title }) => title).join(", ")}.`);
  return parts.join("\n");
}

/** The whole conversation as plain text. */
export function asText(records, now = new Date()) {
  const head = `Samtal med Insyn, Konteks dataskyddsassistent\nSparat ${writtenDate(now.toISOString())} kl. ${writtenTime(now.toISOString())}`;
  const parts = records.map(({ author, at, text, message }) => {
    const lines = [`${NAMES[author]}, ${writtenTime(at)}`, plain(text)];
    if (message?.case) {
      lines.push(`Ärende: ${message.case.reference}`, ...caseFacts(message.case).map(([name, value]) => `${name}: ${value}`));
    }
    for (const { title, section, url } of message?.sources ?? []) lines.push(`Källa: ${title || section}, ${url}`);
    return lines.join("\n");
  });
  return `${[head, ...parts].join("\n\n")}\n`;
}

/** Hands `content` (a text or a Blob) to the person as a file. */
export function download(content, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type: "text/plain;charset=utf-8" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
