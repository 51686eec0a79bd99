// The texts of all temperatures, written a slice of time after another, so that a page stays at hand.

import { drawAfter, goOn, noiseOf } from "./engine/story.js";
import { checkPrompt } from "./prompt.js";
import { isSame, temperatureOf } from "./store.js";
import { stopAt } from "./stops.js";

/**
 * A text so far: its places, those of the prompt included, and whether it is complete.
 * @typedef {{ T: number, path: import("./engine/story.js").Place[], done: boolean, steps?: any[][] }} Text
 */

// Milliseconds: a frame has 16.
const SLICE = 8;
// A reader who waits for a text can do without some frames.
const FIRST_SLICE = 30;
const UNTIL_TOLD_AGAIN = 100;

/**
 * Write the text of the current temperature first, then that of 1, then all others outwards.
 * @param {import("./engine/story.js").StoryModel} model
 * @param {import("./stops.js").Stops} stops
 * @param {import("./store.js").Store} store
 */
export function writerOf(model, stops, store) {
  const followers = new Set();
  const values = Array.from({ length: stops.count }, (_, position) => stopAt(stops, position));
  const { port1, port2 } = new MessageChannel();
  let isWaiting = false;
  let toldAt = 0;
  /** @type {any} */
  let job;
  port1.onmessage = () => {
    isWaiting = false;
    const [T, begun] = [temperatureOf(store.get()), performance.now()];
    const asked = nextText();
    const isShown = [T, 1].includes(asked?.T) || (asked && asked === beside());
    const until = begun + (isShown ? FIRST_SLICE : SLICE);
    do {
      const text = nextText();
      if (!text) break;
      carryOn(text);
    } while (performance.now() < until);
    start();
    // What is shown has grown; of all others it is enough to tell now and then how far they are.
    if (isShown || begun - toldAt > UNTIL_TOLD_AGAIN || !isWaiting) {
      toldAt = begun;
      for (const follower of [...followers]) follower();
    }
  };

  /** Begin anew where something else is to be written: what was written of the last is dropped. */
  function current() {
    const { prompt, seed, length, steps, taken } = store.get();
    const asked = { prompt, seed, length, steps, taken };
    if (job && isSame(job.asked, asked)) return job;
    const isOtherSeed = job?.asked.seed !== seed;
    const noise = isOtherSeed ? noiseOf(BigInt(seed), model.tokens.length) : job.noise;
    job = { asked, noise, begun: taken.flat(), ids: checkPrompt(model, prompt, length), texts: new Map(), from: undefined, left: [] };
    return job;
  }

  /** @param {number} T */
  function at(T) {
    const { texts } = current();
    if (!texts.has(T)) texts.set(T, { T, path: [], done: false });
    const text = texts.get(T);
    // What other texts have in common with it is there already.
    if (!text.path.length) carryOn(text);
    return text;
  }

  /** @param {Text} text */
  function carryOn(text) {
    const { ids, asked, noise, begun } = job;
    const chain = chainAt(text.steps ?? asked.steps, text.T);
    // A reader's tokens leave the dice of all others as they are.
    const draw = (place, position) => begun[position] ?? drawAfter(place, text.T, noise(position), chain);
    text.done = goOn(model, text.path, ids, asked.length, draw);
  }

  /** Return the text that is held beside the current one, if there is one. */
  function beside() {
    const held = store.get().beside;
    if (!held) return undefined;
    const own = current();
    if (!isSame(own.held, held)) Object.assign(own, { held, beside: { T: temperatureOf(held), steps: held.steps, path: [], done: false } });
    if (!own.beside.path.length) carryOn(own.beside);
    return own.beside;
  }

  /** Return the text to go on with, or none. */
  function nextText() {
    const T = temperatureOf(store.get());
    const own = current();
    if (!own.texts.get(T)?.done) return at(T);
    const other = beside();
    if (other && !other.done) return other;
    if (!own.texts.get(1)?.done) return at(1);
    if (own.from !== T) {
      const far = (/** @type {number} */ stop) => Math.abs(stop - Math.min(T, values[values.length - 1]));
      Object.assign(own, { from: T, left: values.toSorted((one, next) => far(next) - far(one)) });
    }
    while (own.left.length && own.texts.get(own.left.at(-1))?.done) own.left.pop();
    return own.left.length ? at(own.left.at(-1)) : undefined;
  }

  function start() {
    if (isWaiting || !followers.size || !nextText()) return;
    isWaiting = true;
    port2.postMessage(0);
  }

  store.follow(start);
  return {
    at,
    beside,
    ids: () => current().ids,
    /** The noise with which a place is drawn that has so many tokens before it. */
    luck: (depth) => current().noise(depth - current().ids.length),
    /** The places of the texts that are complete, without the prompt's, and none of the others. */
    rows() {
      const { ids, texts } = current();
      return values.map((T) => (texts.get(T)?.done ? texts.get(T).path.slice(ids.length) : []));
    },
    /** Of all stops, at how many the text is complete. */
    progress() {
      const { texts } = current();
      return { count: values.filter((T) => texts.get(T)?.done).length, total: values.length };
    },
    follow(follower) {
      followers.add(follower);
      start();
      return () => followers.delete(follower);
    },
  };
}

/**
 * Return the steps that are on, at a temperature, or nothing where none cuts.
 * @param {any[][]} steps
 * @param {number} T
 * @returns {import("./engine/cuts.js").Step[] | undefined}
 */
export function chainAt(steps, T) {
  const on = steps.filter(([name, value]) => name === "temperature" || value !== null);
  if (on.length === 1) return undefined;
  return on.map(([name, value]) => [name, name === "temperature" ? T : value]);
}
