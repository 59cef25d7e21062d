import { refusal, transcript } from "./api.js";
import { backOff, wait } from "./wait.js";

const SILENCE_MS = 45_000;
const POLL_MS = 5_000;
const POLLS_BEFORE_STREAM = 12;

/**
 * Hears what comes later (a human's answer): server-sent events over fetch, since EventSource cannot carry a token,
 * and polling of the transcript while streaming fails.
 *
 * `on`: `token()`, `lastId()`, `message(message)`, `transcript(entries)`, and `refused(token)`, which resolves to
 * whether to go on (the token has been renewed meanwhile).
 */
export class Events {
  #abort = null;

  constructor(on) {
    this.on = on;
  }

  stop() {
    this.#abort?.abort();
    this.#abort = null;
  }

  restart() {
    this.stop();
    this.#abort = new AbortController();
    this.#listen(this.#abort.signal);
  }

  async #listen(signal) {
    let failures = 0;
    while (!signal.aborted) {
      const token = this.on.token();
      try {
        await this.#stream(token, signal, () => (failures = 0));
      } catch (error) {
        if (signal.aborted) return;
        if (error.status !== 401) failures += 1;
        else if (!(await this.on.refused(token))) return;
      }
      if (failures < 3) await wait(backOff(failures + 1), { signal, online: true });
      else await this.#poll(signal);
    }
  }

  async #stream(token, outer, opened) {
    const silence = new AbortController();
    let timer;
    const heard = () => {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
    };
    heard();
    try {
      const headers = { Authorization: `Bearer ${token}`, Accept: "text/event-stream" };
      if (this.on.lastId()) headers["Last-Event-ID"] = this.on.lastId();
      const response = await fetch("/api/chat/events", {
        headers,
        cache: "no-store",
        credentials: "omit",
        signal: AbortSignal.any([outer, silence.signal]),
      });
      if (!response.ok) throw await refusal(response);
      const reader = response.body.getReader();
      const read = eventReader((data) => this.on.message(data));
      for (;;) {
        const { done, value } = await reader.read();
        if (done || outer.aborted) return;
        opened();
        heard();
        read(value);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async #poll(signal) {
    for (let round = 0; round < POLLS_BEFORE_STREAM && !signal.aborted; round += 1) {
      const token = this.on.token();
      try {
        const { messages } = await transcript(token, signal);
        if (!signal.aborted) this.on.transcript(messages);
      } catch (error) {
        if (signal.aborted) return;
        if (error.status === 401 && !(await this.on.refused(token))) return this.stop();
      }
      await wait(POLL_MS, { signal, online: true });
    }
  }
}

/** A reader of bytes that calls `take` with the JSON of every complete event that holds a message. */
export function eventReader(take) {
  const decoder = new TextDecoder();
  let rest = "";
  let data = [];
  return (bytes) => {
    rest += decoder.decode(bytes, { stream: true });
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop();
    for (const line of lines) {
      if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
      if (line !== "") continue;
      const message = data.length ? parsed(data.join("\n")) : null;
      data = [];
      if (message?.id && typeof message.text === "string") take(message);
    }
  };
}

function parsed(json) {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
