// What the views of one explorer share in a notebook: each view loads its module anew, and finds it
// here by the explorer's key.

const SHARED = Symbol.for("softmax-temperature");
const OPENED = "softmax-temperature-opened";

/** Return all sessions by their keys, or call a function first where there were none. */
export function sessionsOf(begin = () => {}) {
  if (!globalThis[SHARED]) {
    globalThis[SHARED] = new Map();
    begin();
  }
  return globalThis[SHARED];
}

/** Tell that a session has a core, or another one. */
export function tellOpened() {
  dispatchEvent(new Event(OPENED));
}

/** Call a function where that is told. What comes back ends it. */
export function whenOpened(act) {
  addEventListener(OPENED, act);
  return () => removeEventListener(OPENED, act);
}
