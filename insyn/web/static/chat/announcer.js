const KEPT_MS = 15_000;

/** Speaks whole messages to screen readers, apart from the log, so that nothing is read in pieces or twice. */
export class Announcer {
  constructor(region) {
    this.region = region;
  }

  say(text) {
    const line = document.createElement("p");
    line.textContent = text;
    this.region.append(line);
    setTimeout(() => line.remove(), KEPT_MS);
  }
}
