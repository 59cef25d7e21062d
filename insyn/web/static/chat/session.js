// What has to survive a reload of this tab, and nothing longer: sessionStorage, or memory where that is refused.
const NAME = "insyn";
let memory = {};

try {
  memory = JSON.parse(sessionStorage.getItem(NAME)) ?? {};
} catch {
  // Blocked or broken storage: begin with nothing.
}

/** `token`, `queue` (unanswered messages), `answered` (how many were), `draft`. */
export const session = {
  get: (name) => memory[name],
  set(name, value) {
    memory[name] = value;
    write();
  },
  /** Forgets everything but the draft. */
  reset() {
    memory = memory.draft ? { draft: memory.draft } : {};
    write();
  },
};

function write() {
  try {
    sessionStorage.setItem(NAME, JSON.stringify(memory));
  } catch {
    // The tab still works from memory; only a reload would lose it.
  }
}
