import { session } from "./session.js";
import { backOff, wait } from "./wait.js";

const TRIES = 5;
const OFFLINE_MS = 20_000;
const LONGEST_WAIT_S = 90;

/**
 * Sends messages one at a time, in order, each under its own idempotency key, until the service has answered it.
 * An item is `{key, at, text, choice?, tries}`; it stays in the session until answered, so a reload goes on with it.
 *
 * `send(item, signal)` delivers one. `on` hears `state(item, name, {seconds, message}?)` with name sending, waiting,
 * slow (told to), offline, stalled; `answered(item, reply)`, `refused(item, error)`, and `gone()` when the
 * conversation no longer exists.
 */
export class Queue {
  #items = session.get("queue") ?? [];
  #running = false;
  #abort = new AbortController();
  #wake = new AbortController();
  #stalled = false;

  constructor(send, on) {
    this.send = send;
    this.on = on;
  }

  /** Whether an item is being sent or waits for its next try. */
  get running() {
    return this.#running;
  }

  /** Whether it has given up until kicked. */
  get stalled() {
    return this.#stalled;
  }

  get items() {
    return [...this.#items];
  }

  add({ text, choice }) {
    const item = { key: newKey(), at: new Date().toISOString(), text, choice, tries: 0 };
    this.#items.push(item);
    this.#save();
    return item;
  }

  /** Goes on sending, without waiting out a pause; offline there is nothing to hurry for. */
  kick() {
    if (this.#stalled) this.#items.forEach((item) => (item.tries &&= 1));
    this.#stalled = false;
    if (navigator.onLine !== false) {
      this.#wake.abort();
      this.#wake = new AbortController();
    }
    this.run();
  }

  /** Takes everything unsent out, for the conversation it belonged to is over. */
  drain() {
    this.#abort.abort();
    this.#wake.abort();
    this.#abort = new AbortController();
    this.#wake = new AbortController();
    this.#running = this.#stalled = false;
    const left = this.#items;
    this.#items = [];
    this.#save();
    return left;
  }

  async run() {
    if (this.#running || this.#stalled) return;
    this.#running = true;
    const { signal } = this.#abort;
    while (this.#items.length && !this.#stalled && !signal.aborted) await this.#step(this.#items[0], signal);
    if (!signal.aborted) this.#running = false;
  }

  async #step(item, signal) {
    if (navigator.onLine === false) {
      this.on.state(item, "offline");
      await wait(OFFLINE_MS, { signal: this.#wake.signal, online: true });
      if (signal.aborted) return;
    }
    item.tries += 1;
    this.#save();
    this.on.state(item, "sending");
    try {
      const reply = await this.send(item, signal);
      if (signal.aborted) return;
      this.#finish(item);
      session.set("answered", (session.get("answered") ?? 0) + 1);
      this.on.answered(item, reply);
    } catch (error) {
      if (signal.aborted) return;
      if (error.status === 401) {
        this.#stalled = true;
        this.on.gone();
      } else if (!error.passing) {
        this.#finish(item);
        this.on.refused(item, error);
      } else await this.#pause(item, error);
    }
  }

  async #pause(item, { status, retryAfter, message }) {
    if (item.tries >= TRIES || retryAfter > LONGEST_WAIT_S) {
      this.#stalled = true;
      this.on.state(item, "stalled", { message });
      return;
    }
    const ms = retryAfter ? retryAfter * 1000 : backOff(item.tries);
    this.on.state(item, status === 429 ? "slow" : "waiting", { seconds: Math.ceil(ms / 1000) });
    await wait(ms, { signal: this.#wake.signal, online: status === 0 });
  }

  #finish(item) {
    this.#items = this.#items.filter((other) => other !== item);
    this.#save();
  }

  #save() {
    session.set("queue", this.#items);
  }
}

function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
