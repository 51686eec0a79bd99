/** What the cuts of a sampler are in a picture of probabilities: lines, edges, bands; and back. */

import { deviationOf } from "./cuts.js";
import { exponent, fallingOf, firstOf, sums } from "./numbers.js";

/** @typedef {import("./numbers.js").Row} Row */
/** @typedef {import("./numbers.js").Table} Table */

/**
 * A cut as it is drawn, on the curve of the temperature at its step: that of all tokens, cut or not.
 * Ranks count from 0, and probabilities are natural logarithms.
 * @typedef {Object} Rule
 * @property {number} place Which of the steps it is.
 * @property {string} name
 * @property {number} value
 * @property {number} T
 * @property {Row} before What it cuts from.
 * @property {number} base The probability of the first token of that.
 * @property {number} first From this rank,
 * @property {number} end to below this one tokens are kept.
 * @property {number} cross Below which rank its line meets the curve.
 * @property {number[]} levels Of a level line one, of a band two, the lower first.
 * @property {number} [mass] Of top-p, what is kept.
 */

/**
 * Return the rules of a sampler's steps that are on.
 * @param {Table} table
 * @param {Row[]} rows The logits after each step.
 * @param {[string, number | null][]} steps
 * @param {number} temperature
 * @returns {Rule[]}
 */
export function rulesOf(table, rows, steps, temperature) {
  let T = 1;
  /** @type {Rule[]} */
  const rules = [];
  steps.forEach(([name, value], place) => {
    if (name === "temperature") T = temperature;
    if (name === "temperature" || value === null) return;
    const [before, { first, end, mark }] = [place ? rows[place - 1] : table, rows[place]];
    const share = logShares(table, T);
    const base = share(before.first);
    const levels = name === "top_k" || name === "top_p" ? [] : [mark].flat().map((gap) => base + Math.min(Number(gap), 700));
    const [k, level] = [before.first + value, levels[0]];
    // What cuts nothing has its line where it would begin to.
    const beyond = name === "top_k" ? k : level === undefined ? end : firstOf(table.end, (rank) => share(rank) < level);
    const cross = end < before.end ? end : Math.min(Math.max(beyond, end), table.end);
    const mass = name === "top_p" ? Number(mark) : undefined;
    rules.push({ place, name, value, T, before, base, first, end, cross, levels, mass });
  });
  return rules;
}

/**
 * Return the logarithm of the probability at a rank of a table, at a temperature.
 * @param {Table} table
 * @param {number} T
 */
export function logShares({ values, all }, T) {
  const total = Math.log(sums(all, T).sum);
  return (/** @type {number} */ rank) => exponent(values[rank] - values[0], T) - total;
}

/**
 * Return the value at which a rule would cut here, to as many digits as one drags.
 * @param {Rule} rule
 * @param {number} rank Below which rank the line of top-k and top-p is dragged.
 * @param {number} level To which probability all others are, as a logarithm.
 */
export function valueAt({ name, before, base }, rank, level) {
  const most = name === "top_k" ? before.order.length : before.end - before.first;
  const count = Math.min(Math.max(Math.round(rank) - before.first, 1), most);
  if (name === "top_k") return digits(count, 3);
  const { shifted } = fallingOf(before);
  const { sum: total, gaps } = sums(fallingOf(before), 1);
  const gap = Math.min(level - base, 0);
  if (name === "top_p") return asMass(massWithin(shifted, 0, count) / total);
  if (name === "typical_p") {
    const far = Math.abs(level - base + gaps / total);
    const from = firstOf(shifted.length, (i) => shifted[i] + gaps / total <= far);
    const to = firstOf(shifted.length, (i) => shifted[i] + gaps / total < -far);
    return asMass(massWithin(shifted, from, Math.max(to, from + 1)) / total);
  }
  if (name === "top_n_sigma") return Math.max(digits(-gap / (deviationOf(before) || 1), 3), 0.01);
  if (name === "min_p") return twoDigits(Math.exp(gap));
  const share = Math.exp(gap) / total;
  if (name === "epsilon_cutoff") return twoDigits(share);
  // Of eta the smaller counts: itself, or its root times exp(-H).
  const least = Math.exp(-(Math.log(total) + gaps / total));
  return twoDigits(share <= least ** 2 ? share : (share / least) ** 2);
}

/**
 * Return the value that comes next on the way up or down.
 * @param {Rule} rule
 * @param {number} steps
 */
export function valueBeside({ name, value, before }, steps) {
  if (name === "top_k") {
    // A hundredth of a large number, else one.
    const one = Math.max(10 ** (Math.floor(Math.log10(value)) - 1), 1);
    return Math.min(Math.max(digits(value + steps * one, 3), 1), Math.max(before.order.length, value));
  }
  if (name === "top_n_sigma") return Math.max(digits(value + 0.05 * steps, 3), 0.05);
  if (name === "top_p" || name === "typical_p") return Math.min(Math.max(digits(value + 0.01 * steps, 6), 0.01), 0.999);
  return twoDigits(value * 10 ** (steps / 20), 1e-9);
}

/** @type {(shifted: Float64Array, from: number, to: number) => number} */
function massWithin(shifted, from, to) {
  let mass = 0;
  for (let place = Math.min(to, shifted.length); place-- > from;) mass += Math.exp(shifted[place]);
  return mass;
}

/** @type {(number: number, count: number) => number} */
const digits = (number, count) => Number(number.toPrecision(count));

// Near 1 the digits of what is missing count. All of the mass would be off.
/** @type {(mass: number) => number} */
function asMass(mass) {
  const near = mass > 0.9 ? 1 - Math.max(digits(1 - mass, 2), 1e-5) : Math.max(digits(mass, 3), 1e-3);
  return digits(near, 6);
}

/** @type {(share: number, least?: number) => number} */
function twoDigits(share, least = 1e-9) {
  return Math.min(Math.max(digits(share, 2), least), 1);
}
