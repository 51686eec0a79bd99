/** Softmax with temperature, entropy and perplexity, and a table's logits, sorted once. */

import { general } from "./checks.js";

/**
 * Logits of some tokens, likeliest first: from `first` to below `end` those that are not masked.
 * @typedef {Object} Row
 * @property {Int32Array} columns Of each token its place among those that are shown, or -1.
 * @property {Int32Array} order The tokens' positions in their table, tied ones in its order.
 * @property {Float64Array} values The logits in that order.
 * @property {number} first
 * @property {number} end
 * @property {number} slack By how much, in relation, a boundary may be missed that is reached.
 * @property {Falling} [all] What `fallingOf` gives of it, where that is known already.
 * @property {number | [number, number]} [mark] What the step that has left it says of its cut.
 */

/**
 * Unmasked logits minus the largest of all, likeliest first; bins of them where they are many.
 * @typedef {Object} Falling
 * @property {Float64Array} shifted
 * @property {Bin[]} [bins]
 * @property {number} [divided] By which temperature the logits are divided, but not yet the bins.
 */

/**
 * The logits just below an edge, as sums of the powers of their distances d from it: of d^k / k!.
 * @typedef {Object} Bin
 * @property {number} edge
 * @property {Float64Array} moments
 */

/**
 * The shifted logits of the tokens that are shown, and of all others.
 * @typedef {Object} Parts
 * @property {Float64Array} own
 * @property {Falling} others
 * @property {boolean} someLeftOut
 */

/**
 * A table of logits, sorted once: a frame takes from it only what it needs.
 * @typedef {Row & Parts & { shifted: Float64Array, all: Falling }} Table
 */

/**
 * The shares of some tokens and, where there are any, of all others in a last column.
 * @typedef {Object} Sweep
 * @property {Float64Array[]} shares A row a temperature.
 * @property {boolean[][]} possible Which of them are above 0 in exact arithmetic: the nearest float
 * can be 0.
 */

const TINY = 2 ** -1022;
// Two float32 logits below 16 differ by up to 9.6e-7 more or less than what they were rounded from.
/** @type {Record<string, number>} */
const SLACKS = { f4: 1e-6, f8: 1e-12 };
// The weights of numbers that lie so far below are less than the rounding of the largest, however
// many they are. Below the lowest, the nearest float to a weight is 0.
const FAR = 60;
const LOWEST = -746;
// Within a bin's width times 1 / T, 12 terms of the exponential's series are as exact as a float.
const BIN_WIDTH = 1 / 32;
const MOMENTS = 12;
const LEAST_BINNED = 1 / 8;
const MOST_AREAS = 12;

/**
 * Turn logits into probabilities, sharpened or flattened by a temperature.
 * @param {ArrayLike<number>} logits
 */
export function softmax(logits, temperature = 1) {
  const weights = shift(logits).map((gap) => Math.exp(exponent(gap, temperature)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/**
 * Measure how open a choice is, in bits.
 * @param {Float64Array} probabilities
 */
export function entropy(probabilities) {
  return 0 - probabilities.reduce((sum, p) => (p > 0 ? sum + p * Math.log(p) : sum), 0) / Math.LN2;
}

/**
 * Count the effective choices: how many equally likely tokens would be as open.
 * @param {Float64Array} probabilities
 */
export function perplexity(probabilities) {
  return 2 ** entropy(probabilities);
}

/**
 * Sort logits, once for all that is asked of them. Shown are all tokens, unless others are named.
 * @param {ArrayLike<number>} logits
 * @param {ArrayLike<number>} [shown]
 * @param {string} [type] As which floats Python has them: these here are wide.
 * @param {Int32Array} [order] All positions in order of likelihood, where they are known.
 * @returns {Table}
 */
export function prepare(logits, shown = likeliest(logits), type = "f8", order = likeliest(logits, logits.length)) {
  const shifted = shift(logits);
  const columns = new Int32Array(logits.length).fill(-1);
  for (let column = 0; column < shown.length; column++) columns[shown[column]] = column;
  const values = new Float64Array(logits.length);
  for (let rank = 0; rank < values.length; rank++) values[rank] = logits[order[rank]];
  const end = firstOf(values.length, (rank) => values[rank] === -Infinity);
  const row = { columns, order, values, first: 0, end, slack: SLACKS[type] };
  const parts = partsOf(row, shown.length);
  parts.others.bins = binned(parts.others.shifted);
  const all = fallingOf(row);
  all.bins = binned(all.shifted);
  return { ...row, ...parts, shifted, all };
}

/**
 * Return the positions of the `top` largest logits, largest first, tied ones in their order.
 * Without `top`, all positions in the order of the table.
 * @param {ArrayLike<number>} logits
 * @param {number} [top]
 */
export function likeliest(logits, top) {
  const positions = new Int32Array(logits.length).map((_, position) => position);
  if (top === undefined) return positions;
  return positions.sort((a, b) => logits[b] - logits[a] || a - b).subarray(0, top);
}

/**
 * Divide a row into the tokens that are shown, of which there are so many, and all others.
 * @param {Row} row
 * @param {number} count
 * @returns {Parts}
 */
export function partsOf({ columns, order, values, first, end }, count) {
  const own = new Float64Array(count).fill(-Infinity);
  const rest = new Float64Array(end - first);
  let others = 0;
  for (let rank = first; rank < end; rank++) {
    const [gap, column] = [values[rank] - values[first], columns[order[rank]]];
    if (column < 0) rest[others++] = gap;
    else own[column] = gap;
  }
  const shifted = rest.subarray(0, others);
  return { own, others: { shifted }, someLeftOut: count < columns.length };
}

/**
 * Return a row minus its largest logit.
 * @param {Row} row
 * @returns {Falling}
 */
export function fallingOf({ values, first, end, all }) {
  if (all) return all;
  const [shifted, top] = [values.subarray(first, end), values[first]];
  return { shifted: top === 0 ? shifted : shifted.map((value) => value - top) };
}

/**
 * Return the probabilities of the tokens that are shown, and of all others in a last column.
 *
 * The others are summed up directly, since 1 minus the rest would lose the digits of a small sum.
 * @param {Parts} parts
 * @param {ArrayLike<number>} temperatures
 * @returns {Sweep}
 */
export function sweep({ own, others, someLeftOut }, temperatures) {
  const gaps = someLeftOut ? [...own, others.shifted[0] ?? -Infinity] : [...own];
  const shares = Array.from(temperatures, (temperature) => {
    const row = Float64Array.from(gaps, (gap) => Math.exp(exponent(gap, temperature)));
    if (someLeftOut) row[own.length] = sums(others, temperature).sum;
    const total = row.reduce((sum, weight) => sum + weight, 0);
    return row.map((weight) => weight / total);
  });
  const chances = Array.from(temperatures, (temperature) =>
    gaps.map((gap) => (temperature === 0 ? gap === 0 : gap > -Infinity)),
  );
  return { shares, possible: chances };
}

/**
 * Return the entropy of the softmax in bits, a number a temperature.
 * @param {Falling} falling
 * @param {ArrayLike<number>} temperatures
 */
export function entropies(falling, temperatures) {
  return Float64Array.from(temperatures, (temperature) => {
    // ln Z and the mean gap are both at least 0, so that their sum loses no digits.
    const { sum, gaps } = sums(falling, temperature);
    return (Math.log(sum) + gaps / sum) / Math.LN2;
  });
}

/**
 * Return logits minus their largest.
 * @param {ArrayLike<number>} logits
 */
export function shift(logits) {
  const values = Float64Array.from(logits);
  if (!values.length) throw new RangeError("logits must not be empty, got shape (0,)");
  const top = values.reduce((largest, value) => Math.max(largest, value));
  for (const [wrong, advice] of /** @type {[boolean, string][]} */ ([
    [Number.isNaN(top), "must not contain NaN: drop the token or use -inf to mask it"],
    [top === Infinity, "must not contain +inf: use temperature=0 for a certain choice"],
    [top === -Infinity, "must not all be -inf: leave at least one token unmasked"],
  ])) {
    if (wrong) throw new RangeError(`logits ${advice}`);
  }
  return values.map((value) => {
    if (value > -Infinity && value - top === -Infinity) {
      throw new RangeError(
        `logits must not span more than ${general(Number.MAX_VALUE, 3)}, got a largest of ` +
          `${general(top, 3)}: use -inf to mask a token`,
      );
    }
    return value - top;
  });
}

/**
 * Return the logarithm of a softmax's numerator.
 * @param {number} gap A logit minus the largest.
 * @param {number} temperature
 */
export function exponent(gap, temperature) {
  if (temperature === 0) return gap === 0 ? 0 : -Infinity;
  if (temperature === Infinity) return gap > -Infinity ? 0 : -Infinity;
  // As Python does it, to the last bit: it multiplies where it can.
  const slope = 1 / temperature;
  return isUsual(slope) ? gap * slope : gap / temperature;
}

/**
 * Tell whether 1 / T is a number with all its digits.
 * @param {number} slope
 */
export function isUsual(slope) {
  return TINY <= slope && slope <= Number.MAX_VALUE;
}

/**
 * Sum up weights, and weights times gaps (m - x) / T.
 * @param {Falling} falling
 * @param {number} temperature
 */
export function sums({ shifted, bins, divided = 1 }, temperature) {
  const lowest = Math.max(exponent(shifted[0], temperature) - FAR, LOWEST);
  const whole = temperature * divided;
  if (bins && whole >= LEAST_BINNED) return sumsOfBins(bins, whole, lowest);
  const slope = 1 / temperature;
  const usual = isUsual(slope);
  let [sum, gaps] = [0, 0];
  // From the smallest upwards, so that their digits are not lost to the large.
  let place = firstOf(shifted.length, (i) => exponent(shifted[i], temperature) < lowest);
  while (place-- > 0) {
    const power = usual ? shifted[place] * slope : exponent(shifted[place], temperature);
    const weight = Math.exp(power);
    sum += weight;
    gaps -= weight * power;
  }
  return { sum, gaps };
}

/**
 * Return the ranks at which the areas of a map begin, and at which the last one ends: of many tokens
 * the ten likeliest have one each, and all others share areas by powers of ten.
 * @param {number} count How many tokens are not masked.
 */
export function areaEdges(count) {
  if (count <= MOST_AREAS) return [...Array(count + 1).keys()];
  const powers = [2, 3, 4, 5, 6, 7, 8].map((power) => 10 ** power);
  return [...Array(11).keys(), ...powers.filter((power) => power < count), count];
}

/**
 * Return where areas of ranks begin and end, from 0 to 1, a row a temperature.
 * @param {Falling} falling
 * @param {number[]} edges
 * @param {ArrayLike<number>} temperatures
 */
export function areaEnds({ shifted }, edges, temperatures) {
  const parts = edges.slice(1).map((end, i) => {
    const part = shifted.subarray(edges[i], end);
    return { shifted: part, bins: binned(part) };
  });
  return Array.from(temperatures, (temperature) => {
    const ends = new Float64Array(edges.length);
    parts.forEach((part, i) => {
      ends[i + 1] = ends[i] + sums(part, temperature).sum;
    });
    return ends.map((end) => end / ends[parts.length]);
  });
}

/**
 * Return the first of so many places from which on a test holds, or their number.
 * @param {number} count
 * @param {(place: number) => boolean} test
 */
export function firstOf(count, test) {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (test(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Sum up falling numbers by bins, where that takes fewer steps than to go through all of them.
 * @param {Float64Array} shifted
 * @returns {Bin[] | undefined}
 */
function binned(shifted) {
  /** @type {Bin[]} */
  const bins = [];
  let bin = { edge: Infinity, moments: new Float64Array() };
  for (const value of shifted) {
    if (value < bin.edge - BIN_WIDTH) {
      bin = { edge: value, moments: new Float64Array(MOMENTS) };
      bins.push(bin);
      if (bins.length * 2 * MOMENTS > shifted.length) return undefined;
    }
    let term = 1;
    for (let k = 0; k < MOMENTS; term *= (value - bin.edge) / ++k) bin.moments[k] += term;
  }
  return bins;
}

/**
 * @param {Bin[]} bins
 * @param {number} temperature
 * @param {number} lowest
 */
function sumsOfBins(bins, temperature, lowest) {
  const slope = 1 / temperature;
  let [sum, gaps] = [0, 0];
  let place = firstOf(bins.length, (i) => bins[i].edge * slope < lowest);
  while (place-- > 0) {
    const { edge, moments } = bins[place];
    // The sum of exp(d / T), and that of exp(d / T) d / T, by the series of the exponential.
    let [part, pull] = [0, 0];
    for (let k = MOMENTS - 1; k >= 0; k--) {
      part = part * slope + moments[k];
      pull = pull * slope + k * moments[k];
    }
    const weight = Math.exp(edge * slope);
    sum += weight * part;
    gaps -= weight * (edge * slope * part + pull);
  }
  return { sum, gaps };
}
