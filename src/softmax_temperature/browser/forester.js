// Many texts of one setting or two, each with dice of its own, written when nothing else is.

import { drawAfter, goOn, noiseOf } from "./engine/story.js";
import { isSame, temperatureOf } from "./store.js";
import { chainAt } from "./writer.js";

/**
 * @typedef {{ T: number | "inf", steps: any[][] }} Setting
 * @typedef {{ path: import("./engine/story.js").Place[], done: boolean }} ForestText
 */

// Milliseconds: of a frame, and until what is set has come to rest.
const FOREST_SLICE = 8;
const UNTIL_AT_REST = 300;

/**
 * Write so many texts for each setting, those of the first dice first, as long as they are asked for.
 * @param {import("./engine/story.js").StoryModel} model
 * @param {import("./store.js").Store} store
 * @param {{ ids: () => number[], progress: () => { count: number, total: number }, follow: Function }} writer
 * @param {number} many
 */
export function foresterOf(model, store, writer, many) {
  const { port1, port2 } = new MessageChannel();
  const followers = new Set();
  /** @type {Map<string, (position: number) => Float64Array>} */
  let dice = new Map();
  let [isOpen, isWaiting] = [false, false];
  /** @type {any} */
  let timer;
  /** @type {{ asked: any, texts: ForestText[][], left: (() => boolean)[] } | undefined} */
  let job;

  const asked = () => {
    const { T, steps, beside, prompt, seed, length, taken } = store.get();
    return { settings: settingsOf(T, steps, beside), prompt, seed, length, taken };
  };
  const tell = () => [...followers].forEach((follower) => follower());

  function begin() {
    const now = asked();
    const { settings, seed, length, taken } = now;
    const [ids, begun] = [writer.ids(), taken.flat()];
    const seeds = seedsFrom(seed, many);
    dice = new Map(seeds.map((one) => [one, dice.get(one) ?? noiseOf(BigInt(one), model.tokens.length)]));
    const texts = settings.map(() => seeds.map(() => ({ path: [], done: false })));
    const left = seeds.flatMap((one, row) =>
      settings.map((setting, panel) => {
        const T = temperatureOf(setting);
        const [chain, noise, text] = [chainAt(setting.steps, T), dice.get(one), texts[panel][row]];
        const draw = (place, position) => begun[position] ?? drawAfter(place, T, noise(position), chain);
        return () => (text.done = goOn(model, text.path, ids, length, draw));
      }),
    );
    job = { asked: now, texts, left: left.reverse() };
    goAhead();
  }

  // The texts at the slider come first.
  function goAhead() {
    const { count, total } = writer.progress();
    if (!isOpen || isWaiting || !job?.left.length || count < total) return;
    isWaiting = true;
    port2.postMessage(0);
  }

  port1.onmessage = () => {
    isWaiting = false;
    if (!isOpen || !job) return;
    const [until, count] = [performance.now() + FOREST_SLICE, job.left.length];
    do if (job.left.at(-1)()) job.left.pop();
    while (job.left.length && performance.now() < until);
    goAhead();
    if (job.left.length < count) tell();
  };

  function ask() {
    if (!isOpen || (job && isSame(job.asked, asked()))) return;
    job = undefined;
    clearTimeout(timer);
    timer = setTimeout(begin, UNTIL_AT_REST);
    tell();
  }

  store.follow(ask);
  writer.follow(goAhead);
  return {
    /** Begin, or stop: nobody sees it. */
    open(/** @type {boolean} */ isNow) {
      isOpen = isNow;
      ask();
      goAhead();
    },
    settings: () => asked().settings,
    seeds: () => seedsFrom(store.get().seed, many),
    /** The places of each setting's texts, without the prompt's: of one that is not complete, none. */
    rows: () => job?.texts.map((texts) => texts.map(({ path, done }) => (done ? path.slice(writer.ids().length) : []))) ?? [],
    follow(/** @type {() => void} */ follower) {
      followers.add(follower);
    },
  };
}

/** The setting of the text and the one beside it, which is temperature 1 if none is held. */
function settingsOf(T, steps, beside) {
  const own = { T, steps };
  const other = beside ?? { T: 1, steps: [["temperature", null]] };
  const isSameText = isSame(own, other) || (T === 1 && !beside && !chainAt(steps, 1));
  return isSameText ? [own] : [own, other];
}

const seedsFrom = (seed, many) => Array.from({ length: many }, (_, i) => `${BigInt(seed) + BigInt(i)}`);
