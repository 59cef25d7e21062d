import { writtenTime } from "../dates.js";
import { caseCard, sourceList } from "./card.js";
import { button, element, icon } from "./element.js";
import { inline, words } from "./text.js";

const NAMES = { person: "Du", insyn: "Insyn", staff: "Kontek, en människa" };
const RATED = /^(policy|process|assistant)\./;

/**
 * The conversation as shown: every message once, in order, whichever way it came.
 *
 * A record is `{author, at, text, id?, key?, message?, node}`; what a person wrote has a `key` until the service has
 * given it an `id`. `on`: `choose(choice)`, `save(file)` (resolves to a problem or nothing), `rate(id, value)` (resolves to success), `announce(text)`.
 */
export class Log {
  records = [];
  #thinking = null;

  constructor(box, on) {
    this.box = box;
    this.on = on;
  }

  get lastId() {
    return this.records.findLast((record) => record.message)?.id;
  }

  get hasPerson() {
    return this.records.some((record) => record.author === "person");
  }

  has(id) {
    return this.records.some((record) => record.id === id);
  }

  /** Shows what the person wrote: an item of the queue, or an entry of the transcript. */
  person({ key, id, text, at, tries = 0 }) {
    const delivery = element("div", { class: "delivery", hidden: true });
    const paper = element("div", { class: "paper" }, ...inline(text));
    const node = this.#article("person", at, paper, delivery);
    const record = { author: "person", at, text, key, id, node, delivery, begun: tries > 0 || !key };
    this.#insert(record);
    this.#settleChoices(record);
    return record;
  }

  /** Shows a message; null when it is already there. */
  message(message) {
    if (this.has(message.id)) return null;
    const author = message.author === "staff" ? "staff" : "insyn";
    const at = message.at ?? new Date().toISOString();
    const paper = element(
      "div",
      { class: "paper" },
      words(message.text, { linked: true }),
      message.case ? caseCard(message.case, this.on.announce) : null,
      sourceList(message.sources ?? []),
      this.#files(message.files ?? []),
    );
    const record = { author, at, text: message.text, id: message.id, message, buttons: [] };
    record.node = this.#article(author, at, paper, this.#choices(record), this.#thumbs(message));
    this.#insert(record);
    return record;
  }

  /** Brings the log in line with the transcript; returns the records that were new. */
  sync(entries) {
    return entries.filter(({ id }) => !this.has(id)).flatMap((entry) => {
      if (entry.author !== "person") return this.message(entry) ?? [];
      const own = this.records.find(({ key, id, begun, refused }) => key && !id && begun && !refused);
      if (!own) return this.person(entry);
      own.id = entry.id;
      return [];
    });
  }

  find(key) {
    return this.records.find((record) => record.key === key);
  }

  /** A line under what the person wrote about how it fares; nothing clears it. */
  delivery(key, text = "", action = null) {
    const record = this.find(key);
    if (!record) return;
    record.delivery.replaceChildren(...(text ? [element("span", {}, text)] : []), ...(action ? [action] : []));
    record.delivery.hidden = !text;
  }

  remove(key) {
    const record = this.find(key);
    record?.node.remove();
    this.records = this.records.filter((other) => other !== record);
  }

  clear() {
    this.thinking(false);
    this.records = [];
    this.box.replaceChildren();
  }

  thinking(shown, text = "Insyn letar fram ett svar") {
    this.#thinking?.remove();
    this.#thinking = null;
    if (!shown) return;
    const dots = element("span", { class: "dots", "aria-hidden": "true" }, element("i"), element("i"), element("i"));
    this.#thinking = element("div", { class: "thinking" }, dots, element("span", {}, text));
    this.box.insertBefore(this.#thinking, this.#firstUnsent()?.node ?? null);
  }

  #firstUnsent() {
    return this.records.find((record) => record.key && !record.begun);
  }

  #insert(record) {
    const next = record.key ? null : this.#firstUnsent();
    this.box.insertBefore(record.node, next?.node ?? null);
    this.records.splice(next ? this.records.indexOf(next) : this.records.length, 0, record);
  }

  #article(author, at, ...parts) {
    const time = element("time", { datetime: at }, writtenTime(at));
    return element(
      "article",
      { class: `message ${author}` },
      element("h3", { class: "byline" }, element("span", {}, NAMES[author]), " ", time),
      ...parts,
    );
  }

  #choices(record) {
    const choices = record.message.choices ?? [];
    if (!choices.length) return null;
    record.buttons = choices.map((choice) =>
      button({ class: "choice" }, (node) => {
        if (node.getAttribute("aria-disabled") === "true") return;
        this.#use(record, node);
        this.on.choose(choice);
      }, choice.title),
    );
    return element("div", { class: "choices", role: "group", "aria-label": "Förslag" }, ...record.buttons);
  }

  // A question is answered once; suggestions for further reading are used up one by one.
  #use(record, chosen) {
    const whole = record.message.expects || record.message.topic === "fallback.clarify";
    for (const node of record.buttons) if (whole || node === chosen) node.setAttribute("aria-disabled", "true");
    if (!chosen || chosen.dataset.chosen !== undefined) return;
    chosen.dataset.chosen = "";
    chosen.append(element("span", { class: "unseen" }, " (vald)"));
  }

  /** Makes the choices of a message usable again, for the one made did not arrive. */
  reopen(choiceId) {
    for (const { message, buttons } of this.records) {
      if (!message?.choices?.some(({ id }) => id === choiceId)) continue;
      for (const node of buttons) {
        node.removeAttribute("aria-disabled");
        delete node.dataset.chosen;
        node.querySelector(".unseen")?.remove();
      }
    }
  }

  // After a reload too, what was asked and has been answered is used.
  #settleChoices(answer) {
    const before = this.records.slice(0, this.records.indexOf(answer));
    const asked = before.findLast((record) => record.buttons?.length);
    if (!asked) return;
    const chosen = asked.buttons.find((node) => node.firstChild.data === answer.text);
    if (chosen || asked.message.expects) this.#use(asked, chosen);
  }

  #files(files) {
    if (!files.length) return null;
    const buttons = files.map((file) => {
      const press = async (node) => {
        node.disabled = true;
        const problem = await this.on.save(file);
        node.disabled = false;
        note.textContent = problem || "Filen är hämtad.";
        this.on.announce(note.textContent);
        node.focus({ preventScroll: true });
      };
      return button({ class: "button" }, press, file.title);
    });
    const note = element("p", { class: "fine" });
    return element("div", { class: "files", role: "group", "aria-label": "Filer" }, ...buttons, note);
  }

  #thumbs(message) {
    if (!RATED.test(message.topic ?? "")) return null;
    const thumb = (value, label) => {
      const pressed = String(message.feedback === value);
      return button({ class: "thumb", "aria-pressed": pressed, "aria-label": label, title: label }, () => press(value), icon(`thumb-${value}`));
    };
    const thumbs = { up: thumb("up", "Ja, svaret hjälpte"), down: thumb("down", "Nej, svaret hjälpte inte") };
    const question = element("span", {}, message.feedback ? "Tack!" : "Hjälpte svaret?");
    const mark = (value) => {
      for (const [name, node] of Object.entries(thumbs)) node.setAttribute("aria-pressed", String(name === value));
    };
    const press = async (value) => {
      mark(value);
      const done = await this.on.rate(message.id, value);
      if (!done) mark(null);
      question.textContent = done ? "Tack!" : "Det gick inte att spara. Försök gärna igen.";
      this.on.announce(done ? "Tack för att du talade om det." : question.textContent);
    };
    return element("div", { class: "feedback", role: "group", "aria-label": "Hjälpte svaret?" }, question, thumbs.up, thumbs.down);
  }
}
