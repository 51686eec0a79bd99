// Texts of a model that is not in the page: Python writes them, as `explorers/teller.py` says.

import { chanceText, phrase } from "./engine/words.js";
import { isSame, numberOf, temperatureOf } from "./store.js";
import { stopAt } from "./stops.js";

/**
 * @typedef {Object} Row
 * @property {number | "inf"} T
 * @property {number[]} tokens
 * @property {string[]} pieces
 * @property {number[]} bits
 * @property {number[]} contexts What each was drawn from,
 * @property {number[][]} shares and the shares of what that lists.
 * @property {boolean} done
 */

/**
 * @typedef {Object} Told
 * @property {Object} asked
 * @property {Row[]} rows
 * @property {{ tokens: number[], ranks: number[], shares: number[], total: number }[]} contexts
 * @property {Object<string, [string, string]>} names
 * @property {number} count
 * @property {number} total
 * @property {string} problem
 * @property {boolean} stopped
 * @property {{ held: Object, row: Row } | null} beside
 */

/** @type {Told} */
const NOTHING = { asked: {}, rows: [], contexts: [], names: {}, count: 0, total: 1, problem: "", stopped: false, beside: null };
const NONE = { path: [], pieces: [] };
const isNear = (/** @type {number} */ one, /** @type {number} */ next) => one === next || Math.abs(one - next) < 1e-9;

/**
 * Return what stands in the place of a model and of what writes with it.
 * @param {Object} data As `explorers/data.py` types it.
 * @param {import("./store.js").Store} store
 * @param {(message: Object) => void} [ask] Tell Python; a page has no Python.
 */
export function toldOf(data, store, ask) {
  /** @type {Set<() => void>} */
  const followers = new Set();
  /** @type {Told} */
  let told = NOTHING;
  // A place is one for all texts that begin with it.
  let places = new Map();
  /** @type {any[]} */
  let texts = [];
  /** @type {any} */
  let beside;
  /** @type {number[]} */
  let ids = [];
  let askedLast = "";
  let stoppedAt = NaN;

  const asked = () => {
    const { prompt, seed, length, steps, taken } = store.get();
    return { prompt, seed, length, steps, taken };
  };
  const isCurrent = () => isSame(told.asked, asked());
  const rowAt = (/** @type {number} */ T) => (isCurrent() ? texts.find((text) => isNear(text.T, T)) : undefined);

  /** @param {Row} row */
  function textOf(row) {
    let [key, parent] = ["", undefined];
    const path = row.tokens.map((token, depth) => {
      key += `${token},`;
      if (!places.has(key)) places.set(key, { token, parent, depth, bits: row.bits[depth] });
      parent = places.get(key);
      return parent;
    });
    return { T: numberOf(row.T), path, pieces: row.pieces, done: row.done, row };
  }

  /** @param {Told} next */
  function hear(next) {
    if (!next?.asked || next === told) return;
    if (!isSame(next.asked, told.asked)) places = new Map();
    told = next;
    texts = told.rows.map(textOf);
    beside = told.beside && textOf(told.beside.row);
    ids = [];
    for (const follower of [...followers]) follower();
    ask?.({ heard: true });
    want();
  }

  /** Ask for what is to be shown and is not there, once. */
  function want() {
    if (!ask || !followers.size) return;
    const T = temperatureOf(store.get());
    const isStop = [...Array(data.stops.count).keys()].some((position) => isNear(stopAt(data.stops, position), T));
    const isComing = isCurrent() && (told.stopped ? stoppedAt === T : isStop || Boolean(told.problem));
    const held = store.get().beside;
    if ((rowAt(T) || isComing) && (!held || told.problem || isSame(told.beside?.held, held))) return;
    const key = JSON.stringify([asked(), held, isStop && !told.stopped ? "" : T]);
    if (key === askedLast) return;
    askedLast = key;
    ask({ write: store.get() });
  }

  store.follow(want);
  hear(data.told);
  const writer = {
    at: (/** @type {number} */ T) => rowAt(T) ?? { ...NONE, T, done: false },
    /** The text that is held beside the current one, if one is. */
    beside() {
      const held = store.get().beside;
      if (!held) return undefined;
      const at = numberOf(held.T);
      if (isSame(held.steps, store.get().steps) && rowAt(at)) return rowAt(at);
      return isCurrent() && isSame(told.beside?.held, held) ? beside : { ...NONE, T: at, done: false };
    },
    ids: () => ids,
    rows: () =>
      Array.from({ length: data.stops.count }, (_, position) => {
        const text = rowAt(stopAt(data.stops, position));
        const { path, pieces } = text?.done ? text : NONE;
        return Object.assign([...path], { pieces });
      }),
    progress: () => (isCurrent() ? { count: told.count, total: told.total } : { count: 0, total: 1 }),
    /** Why nothing more is written, or an empty text. */
    halted: () => (isCurrent() ? told.problem || (told.stopped ? phrase("stopped_writing") : "") : ""),
    stop:
      ask &&
      (() => {
        // Another temperature goes on.
        stoppedAt = temperatureOf(store.get());
        ask({ stop: true });
      }),
    follow(/** @type {() => void} */ follower) {
      followers.add(follower);
      want();
      return () => followers.delete(follower);
    },
  };

  /** Return what a token of the text was drawn from, as far as it is listed. */
  function rivals(place) {
    const text = rowAt(temperatureOf(store.get()));
    const depth = text?.path.indexOf(place) ?? -1;
    if (depth < 0) return { lines: [], name: "", rank: 0, total: 0, chance: "" };
    const context = told.contexts[text.row.contexts[depth]];
    const shares = text.row.shares[depth];
    const own = context.tokens.indexOf(place.token);
    const isCut = store.get().steps.some(([name, value]) => name !== "temperature" && value !== null);
    const shown = [...context.tokens.keys()].filter((i) => i < LISTED_AT_ONCE || i === own);
    const lines = shown.map((i) => ({
      token: context.tokens[i],
      rank: context.ranks[i],
      name: told.names[context.tokens[i]][0],
      isOwn: i === own,
      at1: context.shares[i],
      share: shares[i],
      text: isCut && shares[i] === 0 ? phrase("cut") : chanceText(shares[i], shares[i] === 1),
      textAt1: chanceText(context.shares[i], context.total === 1),
    }));
    const [label, word] = told.names[place.token];
    const chance = chanceText(context.shares[own], context.total === 1);
    return { lines, name: word.trim() || label, rank: context.ranks[own], total: context.total, chance };
  }

  /** Check what needs no model; Python does the rest. */
  function check(/** @type {string} */ prompt) {
    if (/\p{Surrogate}/u.test(prompt)) throw new RangeError(phrase("no_half"));
  }

  return {
    hear,
    writer,
    rivals,
    check,
    luck: () => undefined,
    model: { tokens: [], end: data.end },
    names: new Proxy({}, { get: (_, token) => told.names[`${String(token)}`]?.[0] }),
    isToken: (/** @type {number} */ token) => Number.isInteger(token) && token >= 0 && token < data.tokens,
    // Without Python what is there can be looked at.
    problem: ask ? undefined : phrase("needs_python"),
  };
}

// So many of the likeliest are listed, as in text.js.
const LISTED_AT_ONCE = 8;
