const NEAR_PX = 96;
const AIR_PX = 16;

/** Keeps the newest in view for whoever is reading the end, and leaves alone whoever has scrolled up. */
export class Follow {
  #following = true;
  #last = 0;
  #unseen = null;

  constructor(dock, newer) {
    this.newer = newer;
    newer.addEventListener("click", () => {
      this.#following = true;
      this.#show(this.#unseen);
      this.#seen();
    });
    window.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => {
      const sticky = getComputedStyle(dock).position === "sticky";
      document.documentElement.style.setProperty("--dock", `${sticky ? dock.offsetHeight : 0}px`);
    }).observe(dock);
  }

  /** Scrolls to the very end, for what the person did themselves. */
  end() {
    this.#following = true;
    window.scrollTo({ top: document.documentElement.scrollHeight });
    this.#seen();
  }

  /** Something came: show it from `first` on, or offer to. */
  arrived(first) {
    if (this.#following) this.#show(first);
    else {
      this.#unseen ??= first;
      this.newer.hidden = false;
    }
  }

  /** Shows `node` to whoever reads the end, and disturbs no one else. */
  glimpse(node) {
    if (this.#following) this.#show(node);
  }

  #show(first) {
    const end = document.documentElement.scrollHeight - window.innerHeight;
    const start = first.getBoundingClientRect().top + window.scrollY - AIR_PX;
    window.scrollTo({ top: Math.min(start, end) });
  }

  #seen() {
    this.#unseen = null;
    this.newer.hidden = true;
  }

  #scrolled() {
    const at = window.scrollY;
    if (at < this.#last - 2) this.#following = false;
    if (document.documentElement.scrollHeight - window.innerHeight - at < NEAR_PX) {
      this.#following = true;
      this.#seen();
    }
    this.#last = at;
  }
}
