/** Resolves after `ms`, or at once when `signal` aborts or (with `online`) the network returns. */
export function wait(ms, { signal, online = false } = {}) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      window.removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    if (signal?.aborted) done();
    signal?.addEventListener("abort", done);
    if (online) window.addEventListener("online", done);
  });
}

/** Milliseconds before try number `tries + 1`: 1, 2, 4, 8 … 30 s. */
export const backOff = (tries) => Math.min(30_000, 1000 * 2 ** Math.max(0, tries - 1));
