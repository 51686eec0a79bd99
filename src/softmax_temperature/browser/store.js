// The state of an explorer: what is set, in one object, and who follows it.

import { asTemperature } from "./engine/checks.js";
import { phrase } from "./engine/words.js";

/**
 * What is set in an explorer. Each kind has some of these, and the address of a page names them.
 * @typedef {Object} State
 * @property {number | "inf"} T
 * @property {string} seed A whole number, which can be a large one.
 * @property {number} dice Which random number of the seed is on show, counted from 0, or -1.
 * @property {number | null} place Where between 0 and 1 a reader has put the dice, if not there.
 * @property {number} draws How many draws are on show at once, or 0.
 * @property {number} batch Which batch of so many draws, counted from 0.
 * @property {number} table Which of the explorer's tables.
 * @property {number} constant What is added to every logit.
 * @property {string[] | null} tokens The words that a reader has typed,
 * @property {any[] | null} logits and their logits.
 * @property {any[][]} steps A sampler's steps; the temperature's value is T's.
 * @property {string} prompt How a text begins,
 * @property {number} length the largest number of its new tokens,
 * @property {number} chosen and which of them is chosen, counted from 0, or -1.
 * @property {{ T: number | "inf", steps: any[][] } | null} beside The setting of a text that is held beside it.
 * @property {number[][]} taken What it begins with: a list for each token that a reader has taken, its last.
 */

/**
 * @typedef {Object} Store
 * @property {() => State} get
 * @property {(part: Partial<State>) => void} set Change some of it, and tell all that follow.
 * @property {(state: State) => void} receive Take a state that comes from elsewhere.
 * @property {(follower: () => void) => () => void} follow What comes back ends it.
 */

/**
 * Keep a state, and send on what is changed here.
 * @param {State} state
 * @param {(state: State, part: Partial<State>) => void} send
 * @returns {Store}
 */
export function storeOf(state, send = () => {}) {
  const followers = new Set();
  const receive = (next) => {
    if (isSame(next, state)) return;
    state = next;
    for (const follower of [...followers]) follower();
  };
  return {
    get: () => state,
    set(part) {
      if (Object.keys(part).every((name) => isSame(part[name], state[name]))) return;
      const next = { ...state, ...part };
      send(next, part);
      receive(next);
    },
    receive,
    follow(follower) {
      followers.add(follower);
      return () => followers.delete(follower);
    },
  };
}

/** Tell whether two values say the same, lists included. */
export function isSame(one, other) {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

/** Return the temperature of a state, which JSON can't hold where it is infinite. */
export function temperatureOf({ T }) {
  return numberOf(T);
}

/** Return the number that a state holds as a number, "inf" or "-inf". */
export function numberOf(held) {
  return { inf: Infinity, "-inf": -Infinity }[held] ?? held;
}

/** Return a state's dice, put somewhere between 0 and 1: rounded, so that an address can hold it. */
export function diceAt(place) {
  return { place: Number(Math.min(Math.max(place, 0), 0.9999).toFixed(4)), draws: 0, batch: 0 };
}

/** Return which roll of the dice a state shows, if it shows one: not where a reader has put them. */
export function rollOf({ seed, dice, place, draws, batch }) {
  return draws || (dice >= 0 && place === null) ? `${[seed, dice, draws, batch]}` : "";
}

/** Return a temperature as a state holds it. */
export function asHeld(temperature) {
  return temperature === Infinity ? "inf" : temperature;
}

/**
 * Read a temperature as people write it, "0,7" or "∞" too. Of anything else an error tells.
 * @param {string} text
 */
export function readTemperature(text) {
  const plain = text.trim().replace(/^\+/, "");
  if (/^(∞|inf|infinity)$/i.test(plain)) return Infinity;
  return asTemperature(readNumber(plain, "temperature"));
}

/**
 * Read a number as people write it, with a decimal point or comma.
 * @param {string} text
 * @param {string} name
 */
export function readNumber(text, name) {
  const plain = text.trim().replace(/^[−–]/, "-").replace(/^([-+]?\d*),(\d+)$/, "$1.$2");
  if (!/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(plain)) throw new TypeError(phrase("no_number", { name, text: excerpt(text) }));
  return Number(plain);
}

/** Return the beginning of what a reader has typed, for a sentence that refuses it. */
export function excerpt(text) {
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
