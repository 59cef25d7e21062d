import { session } from "./session.js";

const PLAIN = { autocomplete: "off", placeholder: "Din fråga eller begäran" };
const CODE = { inputmode: "numeric", autocomplete: "one-time-code", placeholder: "Koden i mejlet, 8 siffror" };
const YES_NO = { placeholder: "Svara ja eller nej" };

// Hints only: whatever a person writes is sent as it is.
const HINTS = {
  relation: { placeholder: "Till exempel: jag har sökt jobb hos er" },
  own_data: { placeholder: "Till exempel: ja, mina egna" },
  concerns: { placeholder: "Berätta kort vad det gäller" },
  name: { autocomplete: "name", autocapitalize: "words", placeholder: "För- och efternamn" },
  email: { inputmode: "email", autocomplete: "email", autocapitalize: "none", placeholder: "namn@exempel.se" },
  code: CODE,
  confirmed: YES_NO,
  reference: { autocapitalize: "characters", placeholder: "INS-XXXX-XXXX" },
  lookup_code: CODE,
  cancel_confirmed: YES_NO,
};
const ATTRIBUTES = ["inputmode", "autocomplete", "autocapitalize", "placeholder"];

const bytes = (text) => new TextEncoder().encode(text).length;

/** The field one writes in. `on`: `send(text)`, `announce(text)`. */
export class Compose {
  #near = false;
  #over = false;

  constructor(form, counter, limit, on) {
    this.field = form.elements.text;
    this.counter = counter;
    this.limit = limit;
    this.on = on;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#submit();
    });
    this.field.addEventListener("input", () => this.#changed());
    this.text = session.get("draft") ?? "";
  }

  get text() {
    return this.field.value;
  }

  set text(value) {
    this.field.value = value;
    this.#changed();
  }

  /** Puts unsent texts back, before whatever is being written. */
  giveBack(texts) {
    this.text = [...texts, this.text].filter((text) => text.trim()).join("\n\n");
  }

  focus() {
    this.field.focus({ preventScroll: true });
  }

  /** Suits keyboard, autofill and placeholder to what was asked for. */
  expect(kind) {
    const hints = { ...PLAIN, ...HINTS[kind] };
    for (const name of ATTRIBUTES) {
      if (hints[name]) this.field.setAttribute(name, hints[name]);
      else this.field.removeAttribute(name);
    }
  }

  #submit() {
    const text = this.text.trim();
    if (!text) return this.focus();
    if (bytes(text) > this.limit) {
      this.on.announce(this.counter.textContent);
      return this.focus();
    }
    this.text = "";
    this.on.send(text);
  }

  #changed() {
    session.set("draft", this.text);
    const left = this.limit - bytes(this.text.trim());
    const near = left < this.limit / 8;
    const number = Math.abs(left).toLocaleString("sv-SE");
    this.counter.hidden = !near;
    this.counter.classList.toggle("over", left < 0);
    this.counter.textContent = !near ? "" : left < 0 ? `Texten är ungefär ${number} tecken för lång.` : `Plats för ungefär ${number} tecken till.`;
    if (left < 0) this.field.setAttribute("aria-invalid", "true");
    else this.field.removeAttribute("aria-invalid");
    const crossed = near !== this.#near || (left < 0) !== this.#over;
    if (near && crossed) this.on.announce(this.counter.textContent);
    this.#near = near;
    this.#over = left < 0;
    this.#fit();
  }

  // Browsers without field-sizing grow the field by hand.
  #fit() {
    if (CSS.supports("field-sizing", "content")) return;
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight}px`;
  }
}
