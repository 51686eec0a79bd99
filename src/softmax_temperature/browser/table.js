// A table of tokens and logits, and what an explorer shows of it: all of it worked out here, by the
// engine, from logits and labels that Python has sent.

import { general } from "./engine/checks.js";
import { dice, landings } from "./engine/dice.js";
import { entropies, likeliest, prepare, shift, sweep } from "./engine/numbers.js";
import {
  factsOf,
  heading,
  inText,
  luck,
  manyDraws,
  phrase,
  probabilityText,
  sentences,
  temperatureText,
  tokenLabels,
} from "./engine/words.js";
import { numberOf, temperatureOf } from "./store.js";
import { unpack } from "./unpack.js";

/**
 * A table as `explorers/data.py` sends it.
 * @typedef {Object} Given
 * @property {string} prompt
 * @property {import("./unpack.js").Packed} logits
 * @property {import("./unpack.js").Packed | string[]} words Each token as it stands in a sentence.
 * @property {number} [wordsOf] Or the earlier table that has the same ones.
 * @property {string[]} [tokens] The tokens themselves, of a table that a reader can change.
 * @property {string[]} names Of each bar, the likeliest first; that of all others comes last.
 * @property {string[]} shortNames
 * @property {boolean} others
 * @property {boolean} percent
 * @property {import("./engine/words.js").Facts} facts
 * @property {Object[]} layouts
 * @property {Object[]} [ranks] Of a large table, also the frames of a rank chart.
 */

/**
 * Unpack all tables of an explorer.
 * @param {Given[]} given
 */
export async function readTables(given) {
  const words = [];
  const tables = [];
  for (const table of given) {
    const own = table.words ?? words[table.wordsOf];
    words.push(own instanceof Array ? own : await unpack(own));
    /** @type {any} */
    const logits = await unpack(table.logits);
    if (logits.length !== words.at(-1)?.length) throw new TypeError(phrase("damaged_data"));
    shift(logits); // Refuses what is no logits.
    const count = table.names.length - (table.others ? 1 : 0);
    tables.push({ ...table, type: table.logits.type, count, words: words.at(-1), ...prepared(logits, count, table.logits.type) });
  }
  if (!tables.length) throw new TypeError(phrase("damaged_data"));
  return tables;
}

// To sort a whole vocabulary takes longer than all else: several explorers have the same.
const orders = new WeakMap();

function prepared(logits, count, type) {
  if (!orders.has(logits)) orders.set(logits, likeliest(logits, logits.length));
  const order = orders.get(logits);
  const table = prepare(logits, order.subarray(0, count), type, order);
  const { shares, possible } = sweep(table, [1]);
  return { raw: logits, table, at1: shares[0], possibleAt1: possible[0], bitsAt1: entropies(table.all, [1])[0] };
}

/**
 * Return a table with the words and logits that a reader has typed, and a constant on each logit.
 *
 * Bars stay in order of likelihood, so that names change their places with it.
 */
export function changed(given, { tokens, logits, constant }) {
  if (!tokens && !constant) return given;
  const raw = Float64Array.from(tokens ? logits.map(numberOf) : given.raw, (logit) => logit + constant);
  if (!tokens) return { ...given, constant, ...prepared(raw, given.count, given.type) };
  const order = likeliest(raw, raw.length);
  const ranked = Array.from(order, (position) => tokens[position]);
  const first = given.table.order;
  return {
    ...given,
    constant,
    ...prepared(raw, given.count, "f8"),
    isEdited: true,
    // Each word keeps its colour, which its rank has given it at first.
    hues: Array.from(order, (position) => first.indexOf(position)),
    words: tokens.map((token) => inText(token)),
    names: tokenLabels(ranked, LONGEST_TYPED),
    shortNames: tokenLabels(ranked, 10),
    facts: factsOf(tokens, raw),
  };
}

// What a reader types stands in a picture that was made for other names.
const LONGEST_TYPED = 14;

/**
 * Return what a temperature makes of a table: the share of each bar, its number, and a sentence.
 * @param {Object} shown As `changed` returns it.
 * @param {import("./store.js").State} state
 * @param {{ stops: import("./stops.js").Stops, withOpenness: boolean }} data
 */
export function plainFrame(shown, state, { stops, withOpenness }) {
  const T = temperatureOf(state);
  const { table, facts, at1, possibleAt1, bitsAt1, count, shortNames } = shown;
  const { shares, possible } = sweep(table, [T]);
  const bits = withOpenness ? entropies(table.all, [T])[0] : undefined;
  const [top, topAt1] = [shares[0], at1].map((row) => Math.max(...row.subarray(0, count)));
  const temperature = temperatureText(T, stops.step);
  const texts = textsOf(shown, shares[0], possible[0]);
  return {
    shares: shares[0],
    outlines: at1,
    texts,
    before: textsOf(shown, at1, possibleAt1),
    title: heading(facts, T, temperature, shortNames[0], texts[0]),
    aloud: phrase("temperature_aloud", { temperature }),
    sentence: sentences(facts, T, top, topAt1, bits, bitsAt1),
    ...thrown(shown, state),
  };
}

/** Return the name of a step and what its knob reads. */
export function settingOf([name, value]) {
  return [phrase(name), value === null ? phrase("off") : general(value, 6)];
}

/** Return the number at each bar. */
export function textsOf({ percent }, shares, possible) {
  const canBeOne = possible.filter(Boolean).length === 1;
  return Array.from(shares, (share, i) => probabilityText(share, { percent, canBeZero: !possible[i], canBeOne }));
}

/** Return where the dice lie and what they land on, or how many of many draws each bar gets. */
function thrown({ table, words, names, count, at1: bars }, state) {
  const { draws, batch, seed, dice: number, place } = state;
  const T = [temperatureOf(state)];
  if (draws) {
    const numbers = numbersOf(seed, draws, batch + 1);
    const ranks = landings(table.all, T, numbers)[0];
    const counts = new Array(bars.length).fill(0);
    for (const rank of ranks) counts[Math.min(rank, bars.length - 1)]++;
    const share = sweep(table, T).shares[0][0];
    const met = Array.from(new Set(ranks)).sort((a, b) => a - b);
    const times = new Map(met.map((rank) => [rank, 0]));
    for (const rank of ranks) times.set(rank, times.get(rank) + 1);
    return {
      counts,
      marks: counts.map((drawn) => drawn / draws),
      dots: numbers,
      // By token, those without a bar of their own included.
      ranks,
      word: manyDraws([...times.values()], met.map((rank) => words[table.order[rank]].trim() || "·")),
      luck: luck(draws, counts[0], share, names[0]),
    };
  }
  const dice = place ?? (number < 0 ? undefined : numbersOf(seed, number + 1)[number]);
  if (dice === undefined) return {};
  const ranks = landings(table.all, T, Float64Array.of(dice))[0];
  return { dice, ranks, word: words[table.order[ranks[0]]] };
}

// Random numbers are the same at each frame: the last ones that were asked for are kept.
const thrownBefore = new Map();
function numbersOf(seed, count, batch = 0) {
  const key = `${seed} ${count} ${batch}`;
  if (!thrownBefore.has(key)) {
    if (thrownBefore.size > 20) thrownBefore.clear();
    thrownBefore.set(key, dice(BigInt(seed), count, batch));
  }
  return thrownBefore.get(key);
}
