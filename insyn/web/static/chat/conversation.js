import * as api from "./api.js";
import { Events } from "./events.js";
import { Queue } from "./queue.js";
import { session } from "./session.js";
import { backOff, wait } from "./wait.js";

const OPENING_TRIES = 4;
const SLEEP_MS = 30_000;

/**
 * One conversation from its greeting to its erasure, over reloads, broken networks and renewed tokens.
 *
 * `state`: opening, open, unreachable, over. `on`: `arrived(records)`, `restored()`, `delivery(item, name, about)`,
 * `refused(item, error)`, `changed(state, about)`.
 */
export class Conversation {
  state = "opening";
  #seen = Date.now();
  #opening = new AbortController();

  constructor(log, on) {
    this.log = log;
    this.on = on;
    this.queue = new Queue((item, signal) => this.#deliver(item, signal), {
      state: (item, name, about) => this.#fares(item, name, about),
      answered: (item, reply) => this.#answered(item, reply),
      refused: (item, error) => this.#refused(item, error),
      gone: () => this.#over("gone"),
    });
    this.events = new Events({
      token: () => session.get("token"),
      lastId: () => this.log.lastId,
      message: (message) => {
        this.#take([message]);
        this.#endIfSaid([message]);
      },
      transcript: (entries) => {
        this.on.arrived(this.log.sync(entries));
        this.#endIfSaid(entries);
      },
      refused: (token) => this.#renewed(token),
    });
    document.addEventListener("visibilitychange", () => this.#woke());
    window.addEventListener("pageshow", (event) => event.persisted && this.#resume());
    window.addEventListener("online", () => this.#resume());
  }

  /** Takes up the conversation of this tab, or begins one. */
  async open() {
    this.#opening.abort();
    this.#opening = new AbortController();
    const { signal } = this.#opening;
    this.#change("opening");
    for (let tries = 1; !signal.aborted; tries += 1) {
      try {
        await (session.get("token") ? this.#restore(signal) : this.#begin(signal));
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (tries >= OPENING_TRIES || !error.passing) return this.#change("unreachable", { message: error.message });
        await wait(error.retryAfter ? error.retryAfter * 1000 : backOff(tries), { signal, online: true });
      }
    }
  }

  /** Queues a text or a choice and shows it at once. */
  say(what) {
    if (this.state === "over") this.log.clear();
    const item = this.queue.add(what);
    this.log.person(item);
    if (this.state === "open") this.queue.kick();
    else {
      this.#fares(item, "unopened");
      if (this.state !== "opening") this.open();
    }
  }

  retry() {
    if (this.state === "unreachable") this.open();
    else this.queue.kick();
  }

  beginAgain() {
    this.log.clear();
    this.open();
  }

  /** Erases the conversation at the service and here. Raises `ApiError` when the service could not. */
  async erase() {
    try {
      if (session.get("token")) await api.erase(session.get("token"));
    } catch (error) {
      if (error.status !== 401 && error.status !== 404) throw error;
    }
    this.#over("erased");
    this.log.clear();
  }

  /** Sends a thumb; false when it could not be kept. */
  async rate(messageId, value) {
    try {
      await api.rate(session.get("token"), messageId, value);
      return true;
    } catch {
      return false;
    }
  }

  /** A file that a message offers, as a Blob. Raises `ApiError`. */
  file(path) {
    return api.file(session.get("token"), path);
  }

  async #begin(signal) {
    const { token, messages } = await api.begin(signal);
    if (signal.aborted) return;
    session.set("token", token);
    session.set("answered", 0);
    this.#take(messages);
    this.#opened();
  }

  async #restore(signal) {
    const token = session.get("token");
    let entries;
    try {
      ({ messages: entries } = await api.transcript(token, signal));
    } catch (error) {
      if (error.status !== 401 || signal.aborted) throw error;
      if (!(await this.#renewed(token))) return;
      if (session.get("token") === token) throw new api.ApiError(0);
      return this.#restore(signal);
    }
    if (signal.aborted) return;
    this.#rebuild(entries);
    this.#opened();
    this.on.restored();
    this.#endIfSaid(entries);
  }

  // The service may have heard the first waiting message although no answer came: then it is in the transcript already.
  #rebuild(entries) {
    const items = this.queue.items;
    const heard = entries.filter(({ author }) => author === "person")[session.get("answered") ?? 0];
    this.log.clear();
    for (const entry of entries) {
      if (entry.author !== "person") this.log.message(entry);
      else if (entry === heard && items[0]?.tries) this.log.person({ ...items.shift(), id: entry.id });
      else this.log.person(entry);
    }
    for (const item of items) this.log.person(item);
  }

  #opened() {
    this.#change("open");
    this.events.restart();
    this.queue.kick();
  }

  #deliver(item, signal) {
    const what = item.choice ? { choice: item.choice } : { text: item.text };
    return api.say(session.get("token"), what, item.key, signal);
  }

  #fares(item, name, about) {
    const record = this.log.find(item.key);
    if (record && name === "sending") record.begun = true;
    this.on.delivery(item, name, about);
  }

  #answered(item, reply) {
    if (reply.token) {
      session.set("token", reply.token);
      this.events.restart();
    }
    this.on.delivery(item, "answered");
    this.#take(reply.messages);
    // What was said stays to be read here; at the service nothing is left.
    if (reply.ended) this.#over("erased");
  }

  #refused(item, error) {
    const record = this.log.find(item.key);
    if (record) record.refused = true;
    this.on.refused(item, error);
  }

  #take(messages) {
    this.on.arrived(messages.filter(({ author }) => author !== "person").map((message) => this.log.message(message)).filter(Boolean));
  }

  // An answer that came late and ends the conversation waits at the service until somebody has it before their eyes.
  async #endIfSaid(messages) {
    if (this.state === "over" || !messages.some(({ ended }) => ended)) return;
    if (document.hidden) await new Promise((seen) => document.addEventListener("visibilitychange", seen, { once: true }));
    try {
      await api.erase(session.get("token"));
    } catch {
      // The service does it itself before long.
    }
    this.#over("erased");
  }

  // A refused token may have been renewed by an answer still on its way, or by one that got lost: only when neither
  // is so, is the conversation gone. Resolves to whether to go on.
  async #renewed(token) {
    if (this.queue.items.some(({ tries }) => tries)) this.queue.kick();
    while (this.queue.running && this.state !== "over") await wait(200);
    if (this.state === "over") return false;
    if (this.queue.stalled || session.get("token") !== token) return true;
    this.#over("gone");
    return false;
  }

  #over(why) {
    if (this.state === "over") return;
    this.#opening.abort();
    this.events.stop();
    const unsent = this.queue.drain();
    for (const { key } of unsent) this.log.remove(key);
    session.reset();
    this.#change("over", { why, texts: why === "gone" ? unsent.filter(({ choice }) => !choice).map(({ text }) => text) : [] });
  }

  #change(state, about = {}) {
    this.state = state;
    this.on.changed(state, about);
  }

  #woke() {
    if (document.hidden) this.#seen = Date.now();
    else if (Date.now() - this.#seen > SLEEP_MS) this.#resume();
  }

  #resume() {
    if (this.state === "unreachable") this.open();
    if (this.state !== "open") return;
    this.events.restart();
    this.queue.kick();
  }
}
