const NEAR_PX = 96;
const AIR_PX = 16;

/** Keeps the newest in view for whoever is reading the end, and leaves alone whoever has scrolled up. */
export class Follow {
  #following = true;
  #last = 0;
  #unseen = null;

  constructor(box, newer) {
    this.box = box;
    this.newer = newer;
    newer.addEventListener("click", () => {
      this.#following = true;
      this.#show(this.#unseen);
      this.#seen();
    });
    document.addEventListener("scroll", () => this.#scrolled(), { capture: true, passive: true });
    let height = box.clientHeight;
    new ResizeObserver(() => {
      // The keyboard, or a growing field, took from the room: what stood at the end still does.
      const before = this.#left() - (height - box.clientHeight);
      if (before < NEAR_PX) this.#view.scrollTop += Math.max(0, height - box.clientHeight);
      height = box.clientHeight;
    }).observe(box);
  }

  /** Scrolls to the very end, for what the person did themselves. */
  end() {
    this.#following = true;
    this.#view.scrollTo({ top: this.#view.scrollHeight });
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

  // On very low screens the page itself scrolls.
  get #view() {
    return getComputedStyle(this.box).overflowY === "auto" ? this.box : document.documentElement;
  }

  #left() {
    const { scrollHeight, clientHeight, scrollTop } = this.#view;
    return scrollHeight - clientHeight - scrollTop;
  }

  #show(first) {
    const start = first.getBoundingClientRect().top + this.#view.scrollTop - AIR_PX;
    this.#view.scrollTo({ top: Math.min(start, this.#view.scrollHeight - this.#view.clientHeight) });
  }

  #seen() {
    this.#unseen = null;
    this.newer.hidden = true;
  }

  #scrolled() {
    const at = this.#view.scrollTop;
    if (at < this.#last - 2) this.#following = false;
    if (this.#left() < NEAR_PX) {
      this.#following = true;
      this.#seen();
    }
    this.#last = at;
  }
}
