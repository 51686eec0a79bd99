/** Seeded random numbers, to the bit those of numpy's default generator, and where they land. */

import { exponent, firstOf, sums } from "./numbers.js";

/**
 * A seed: a whole number of at least 0, as large as one likes, or a list of such.
 * @typedef {number | bigint | (number | bigint)[]} Seed
 */

const WORD_MASK = 0xffffffffn;
const STATE_MASK = (1n << 128n) - 1n;
const PCG_FACTOR = 0x2360ed051fc65da44385df649fccf645n;

/**
 * Return seeded random numbers from 0 to below 1: of a few, or of one of several batches.
 * @param {number | bigint} seed
 * @param {number} count
 */
export function dice(seed, count, batch = 0) {
  return defaultRng(batch ? [seed, count, batch] : seed).random(count);
}

/**
 * Return the rank of the token that each number from 0 to 1 lands on, a row a temperature: the
 * smallest k with u < p_0 + ... + p_k, in order of likelihood.
 * @param {import("./numbers.js").Falling} falling
 * @param {ArrayLike<number>} temperatures
 * @param {Float64Array} numbers
 */
export function landings(falling, temperatures, numbers) {
  const { shifted } = falling;
  const furthest = numbers.reduce((most, number) => Math.max(most, number), 0);
  const ends = new Float64Array(shifted.length);
  return Array.from(temperatures, (temperature) => {
    const { sum: total } = sums(falling, temperature);
    let [count, end] = [0, 0];
    while (count < shifted.length && end <= furthest) {
      end += Math.exp(exponent(shifted[count], temperature)) / total;
      ends[count++] = end;
    }
    // A sum that is rounded to a little below 1 leaves numbers beyond the last token.
    const possible = temperature ? shifted.length : firstOf(shifted.length, (i) => shifted[i] < 0);
    return Int32Array.from(numbers, (number) =>
      Math.min(
        firstOf(count, (i) => number < ends[i]),
        possible - 1,
      ),
    );
  });
}

/**
 * Return the tokens that score and luck choose from T = 0 upwards, and where each takes over: i
 * overtakes j at T = (x_i - x_j) / (g_j - g_i). Each has one interval of T, since the largest of
 * straight lines in 1/T is convex.
 * @param {Float64Array} logits
 * @param {Float64Array} luck
 * @returns {[number, number][]}
 */
export function handovers(logits, luck) {
  const there = Array.from(logits, (_, token) => token).filter((token) => Number.isFinite(logits[token]));
  const luckiest = (tokens) => tokens.reduce((best, token) => (luck[token] > luck[best] ? token : best));
  const top = there.reduce((most, token) => Math.max(most, logits[token]), -Infinity);
  let now = luckiest(there.filter((token) => logits[token] === top));
  /** @type {[number, number][]} */
  const found = [[now, 0]];
  for (;;) {
    const rivals = there.filter((token) => luck[token] > luck[now]);
    if (!rivals.length) return found;
    const ends = rivals.map((token) => (logits[now] - logits[token]) / (luck[token] - luck[now]));
    const end = ends.reduce((least, T) => Math.min(least, T), Infinity);
    // Of several that take over at once, the luckiest stays on top.
    now = luckiest(rivals.filter((_, i) => ends[i] === end));
    found.push([now, end]);
  }
}

/**
 * Return a generator: numpy's `SeedSequence` and `PCG64`, as `default_rng` joins them.
 *
 * M. E. O'Neill, "PCG: a family of simple fast space-efficient statistically good algorithms for
 * random number generation", 2014, https://www.pcg-random.org: the variant XSL-RR 128/64.
 * @param {Seed} seed
 */
export function defaultRng(seed) {
  const [state0, state1, step0, step1] = stateOf(seed);
  const increment = ((((step0 << 64n) | step1) << 1n) | 1n) & STATE_MASK;
  let state = (increment + ((state0 << 64n) | state1)) & STATE_MASK;
  const next = () => {
    state = (state * PCG_FACTOR + increment) & STATE_MASK;
    return state;
  };
  next();
  const double = () => {
    const drawn = next();
    const folded = (drawn >> 64n) ^ (drawn & 0xffffffffffffffffn);
    const turn = drawn >> 122n;
    const turned = BigInt.asUintN(64, (folded >> turn) | (folded << (64n - turn)));
    return Number(turned >> 11n) * 2 ** -53;
  };
  // Of 0 the logarithm's logarithm would be infinite: numpy draws again.
  const aboveZero = () => {
    let number = 0;
    while (!number) number = double();
    return number;
  };
  return {
    /** Numbers from 0 to below 1. @param {number} count */
    random: (count) => Float64Array.from({ length: count }, double),
    /** Standard Gumbel noise. @param {number} count */
    gumbel: (count) =>
      Float64Array.from({ length: count }, () => -Math.log(-Math.log(1 - aboveZero()))),
  };
}

/**
 * Spread a seed over 256 bits, as `SeedSequence` does.
 *
 * M. E. O'Neill, "Developing a seed_seq alternative", 2015, https://www.pcg-random.org.
 * @param {Seed} seed
 * @returns {bigint[]} Four words of 64 bits.
 */
function stateOf(seed) {
  const entropy = [seed].flat().flatMap(wordsOf);
  const hash = hasher(0x43b0d7e5, 0x931e8875);
  const mix = (/** @type {number} */ x, /** @type {number} */ y) => {
    const mixed = (Math.imul(0xca01f9dd, x) - Math.imul(0x4973f715, y)) >>> 0;
    return (mixed ^ (mixed >>> 16)) >>> 0;
  };
  const pool = [0, 1, 2, 3].map((i) => hash(entropy[i] ?? 0));
  for (const source of pool.keys()) {
    for (const target of pool.keys()) {
      if (source !== target) pool[target] = mix(pool[target], hash(pool[source]));
    }
  }
  for (const word of entropy.slice(4)) {
    for (const target of pool.keys()) pool[target] = mix(pool[target], hash(word));
  }
  const spread = hasher(0x8b51f9dd, 0x58f38ded);
  const words = [...pool, ...pool].map((word) => BigInt(spread(word)));
  return [0, 2, 4, 6].map((i) => words[i] | (words[i + 1] << 32n));
}

/**
 * Return a function that scrambles words of 32 bits, each one otherwise.
 * @param {number} constant
 * @param {number} factor
 */
function hasher(constant, factor) {
  return (/** @type {number} */ word) => {
    const mixed = word ^ constant;
    constant = Math.imul(constant, factor);
    const product = Math.imul(mixed, constant) >>> 0;
    return (product ^ (product >>> 16)) >>> 0;
  };
}

/**
 * Cut a whole number into words of 32 bits, the lowest first.
 * @param {number | bigint} number
 */
function wordsOf(number) {
  const words = [];
  let rest = BigInt(number);
  do words.push(Number(rest & WORD_MASK));
  while ((rest >>= 32n));
  return words;
}
