/** Steps from logits to masked logits, and their chains as the engines run them. */

import { asCount, asTemperature, realNumber, repr, short } from "./checks.js";
import { exponent, fallingOf, firstOf, isUsual, sums } from "./numbers.js";

/** @typedef {import("./numbers.js").Row} Row */
/** @typedef {import("./numbers.js").Table} Table */

/**
 * A step's name and value.
 * @typedef {[string, number]} Step
 */

/**
 * From which rank of a row to below which tokens are kept, and the rule's own mark: how far below the
 * largest logit it cuts, or, of a band, between which distances it keeps; of top-p, what mass it keeps.
 * @typedef {[number, number, (number | [number, number])?]} Kept
 */

/**
 * Which values a truncation takes, and what of a row it keeps.
 * @typedef {Object} Truncation
 * @property {(value: unknown, name: string) => number} check
 * @property {(row: Row, knob: number) => Kept} keeps
 */


/** @type {Record<string, Truncation>} */
export const TRUNCATIONS = {
  top_k: { check: asK, keeps: keepsTopK },
  top_p: { check: asShare, keeps: keepsTopP },
  min_p: { check: asShare, keeps: keepsMinP },
  typical_p: { check: asShare, keeps: keepsTypicalP },
  top_n_sigma: { check: asN, keeps: keepsTopNSigma },
  epsilon_cutoff: { check: asShare, keeps: keepsEpsilonCutoff },
  eta_cutoff: { check: asShare, keeps: keepsEtaCutoff },
};

// The steps of each engine in its order. Those without a value are off.
/** @type {Record<string, Record<string, number | null>>} */
export const PRESETS = {
  huggingface: {
    temperature: 1,
    top_k: 50,
    top_p: null,
    min_p: null,
    typical_p: null,
    epsilon_cutoff: null,
    eta_cutoff: null,
  },
  "llama.cpp": {
    top_n_sigma: null,
    top_k: 40,
    typical_p: null,
    top_p: 0.95,
    min_p: 0.05,
    temperature: 0.8,
  },
  vllm: { temperature: 1, min_p: null, top_k: null, top_p: null },
};

// What the engines write for a step that is off.
/** @type {Record<string, number[]>} */
export const OFF = {
  top_k: [0, -1],
  top_p: [1],
  min_p: [0],
  typical_p: [1],
  top_n_sigma: [0, -1],
  epsilon_cutoff: [0],
  eta_cutoff: [0],
};

/**
 * Shift logits so that their largest is 0, and divide them by a temperature.
 * @param {Row} row
 * @param {number} temperature
 * @returns {Row}
 */
export function scale({ columns, order, values, first, end, slack, all }, temperature) {
  const [scaled, top, slope] = [new Float64Array(end), values[first], 1 / temperature];
  const usual = isUsual(slope);
  for (let rank = first; rank < end; rank++) {
    const gap = values[rank] - top;
    scaled[rank] = usual ? gap * slope : exponent(gap, temperature);
  }
  const unmasked = firstOf(end, (rank) => scaled[rank] === -Infinity);
  const divided = (all?.divided ?? 1) * temperature;
  return {
    columns,
    order: settled(order, scaled, first, unmasked),
    values: scaled,
    first,
    end: unmasked,
    slack,
    all: all && { ...all, shifted: scaled.subarray(first, unmasked), divided },
  };
}

/** @type {(value: unknown, name: string) => number} */
function asK(value, name) {
  return asCount(value, name, 1, ": leave the step out to keep all tokens");
}

/** @type {(value: unknown, name: string) => number} */
function asShare(value, name) {
  const number = realNumber(value, name);
  if (0 < number && number <= 1) return number;
  throw new RangeError(`${name} must be above 0 and at most 1, got ${repr(number)}`);
}

/** @type {(value: unknown, name: string) => number} */
function asN(value, name) {
  const number = realNumber(value, name);
  if (0 < number && number < Infinity) return number;
  throw new RangeError(`${name} must be above 0 and finite, got ${repr(number)}`);
}

/** @type {Truncation["keeps"]} */
function keepsTopK({ values, first, end }, k) {
  if (k >= end - first) return [first, end];
  const lowest = values[first + k - 1];
  return [first, firstOf(end, (rank) => values[rank] < lowest)];
}

/** @type {Truncation["keeps"]} */
function keepsTopP(row, p) {
  const { first, end, slack } = row;
  if (p === 1) return [first, end, 1];
  const falling = fallingOf(row);
  const total = sums(falling, 1).sum;
  const goal = p * total * (1 - slack);
  let [rank, mass] = [0, 0];
  while (mass < goal && rank < end - first) mass += Math.exp(falling.shifted[rank++]);
  // Tied tokens are in the order of their table: of them, too, the first are kept.
  return [first, first + rank, mass / total];
}

/** @type {Truncation["keeps"]} */
function keepsMinP(row, p) {
  return atLeast(row, Math.log(p));
}

/** @type {Truncation["keeps"]} */
function keepsTypicalP(row, p) {
  const { first, end, slack } = row;
  if (p === 1) return [first, end, [-Infinity, Infinity]];
  const falling = fallingOf(row);
  const { shifted } = falling;
  const { sum: total, gaps } = sums(falling, 1);
  const goal = p * total * (1 - slack);
  const expected = Math.log(total) - (Math.log(total) + gaps / total);
  const distance = (/** @type {number} */ rank) => Math.abs(expected - shifted[rank]);
  // On either side of what is expected distances rise: the nearest come first.
  let below = firstOf(shifted.length, (rank) => shifted[rank] < expected);
  let above = below - 1;
  let [mass, furthest] = [0, 0];
  while (mass < goal && (above >= 0 || below < shifted.length)) {
    const up = above >= 0 && !(below < shifted.length && distance(below) < distance(above));
    const rank = up ? above-- : below++;
    furthest = distance(rank);
    mass += Math.exp(shifted[rank]);
  }
  const widest = furthest + slack;
  return [
    first +
      firstOf(shifted.length, (rank) => expected >= shifted[rank] || distance(rank) <= widest),
    first + firstOf(shifted.length, (rank) => expected >= shifted[rank] && distance(rank) > widest),
    [expected - furthest, expected + furthest],
  ];
}

/** @type {Truncation["keeps"]} */
function keepsTopNSigma(row, n) {
  return atLeast(row, -n * deviationOf(row));
}

/**
 * Return the standard deviation of a row's logits.
 * @param {Row} row
 */
export function deviationOf(row) {
  const { shifted } = fallingOf(row);
  // Scaled, so that no square overflows.
  const widest = Math.max(-shifted[shifted.length - 1], 2 ** -1022);
  let [sum, squares] = [0, 0];
  for (const gap of shifted) sum += gap / widest;
  const mean = sum / shifted.length;
  for (const gap of shifted) squares += (gap / widest - mean) ** 2;
  return widest * Math.sqrt(squares / shifted.length);
}

/** @type {Truncation["keeps"]} */
function keepsEpsilonCutoff(row, epsilon) {
  return atLeast(row, Math.log(epsilon) + Math.log(sums(fallingOf(row), 1).sum));
}

/** @type {Truncation["keeps"]} */
function keepsEtaCutoff(row, eta) {
  const { sum: total, gaps } = sums(fallingOf(row), 1);
  const entropy = Math.log(total) + gaps / total;
  const logShare = Math.min(Math.log(eta), Math.log(eta) / 2 - entropy);
  return atLeast(row, logShare + Math.log(total));
}

/**
 * Keep the logits that are at most so far below the largest, up to a rounding.
 * @param {Row} row
 * @param {number} distance 0 or negative: the largest is always kept.
 * @returns {Kept}
 */
function atLeast({ values, first, end, slack }, distance) {
  const lowest = Math.min(distance - slack * Math.max(Math.abs(distance), 1), 0);
  return [first, firstOf(end, (rank) => values[rank] - values[first] < lowest), distance];
}

/**
 * Put tokens that a temperature has tied into the order of their table.
 * @param {Int32Array} order
 * @param {Float64Array} values
 * @param {number} first
 * @param {number} end
 */
function settled(order, values, first, end) {
  let [result, start, isRising] = [order, first, true];
  for (let rank = first + 1; rank <= end; rank++) {
    if (rank < end && values[rank] === values[start]) {
      isRising &&= order[rank - 1] < order[rank];
      continue;
    }
    if (!isRising) {
      if (result === order) result = order.slice();
      result.subarray(start, rank).sort();
    }
    [start, isRising] = [rank, true];
  }
  return result;
}

/**
 * Check a step's name and value.
 * @param {string} name
 * @param {unknown} value
 * @returns {Step}
 */
export function asStep(name, value) {
  if (name === "temperature") return [name, asTemperature(value, name)];
  if (!Object.hasOwn(TRUNCATIONS, name)) {
    const known = ["temperature", ...Object.keys(TRUNCATIONS)].join(", ");
    throw new RangeError(`a step must be one of ${known}, got ${short(name)}`);
  }
  return [name, TRUNCATIONS[name].check(value, name)];
}

/**
 * Return the steps of an engine in its order, with its defaults or with other values.
 * @param {string} name
 * @param {Record<string, unknown>} values
 */
export function preset(name, values = {}) {
  if (!Object.hasOwn(PRESETS, name)) {
    const known = Object.keys(PRESETS).join(", ");
    throw new RangeError(`name must be one of ${known}, got ${short(name)}`);
  }
  const steps = PRESETS[name];
  for (const key of Object.keys(values)) {
    if (!Object.hasOwn(steps, key)) {
      const known = Object.keys(steps).join(", ");
      throw new RangeError(`${name} has no step ${short(key)}, but ${known}`);
    }
  }
  return Object.entries({ ...steps, ...values })
    .filter(([key, value]) => !isOff(key, value))
    .map(([key, value]) => asStep(key, value));
}

/**
 * Tell whether a value switches a step off.
 * @param {string} name
 * @param {unknown} value
 */
export function isOff(name, value) {
  return value === null || (Object.hasOwn(OFF, name) && OFF[name].some((off) => off === value));
}

/**
 * Return logits after all steps, likeliest first, those that are left.
 * @param {Row} row
 * @param {Step[]} steps
 */
export function runChain(row, steps) {
  return steps.reduce(afterStep, row);
}

/**
 * Return each step with the logits after it.
 * @param {Row} row
 * @param {Step[]} steps
 * @returns {[Step, Row][]}
 */
export function afterEach(row, steps) {
  return steps.map((step) => [step, (row = afterStep(row, step))]);
}

/**
 * @param {Row} row
 * @param {Step} step
 * @returns {Row}
 */
function afterStep(row, [name, value]) {
  if (name === "temperature") return scale(row, value);
  const { columns, order, values, slack } = row;
  const [first, end, mark] = TRUNCATIONS[name].keeps(row, value);
  return { columns, order, values, first, end, slack, mark };
}

/**
 * Return the probability, at a temperature at which nothing is cut, of what is left of a table.
 * @param {Row} row
 * @param {Table} table
 * @param {number} temperature
 */
export function massOf({ order, first, end }, { shifted, all }, temperature) {
  let mass = 0;
  for (let rank = first; rank < end; rank++) {
    mass += Math.exp(exponent(shifted[order[rank]], temperature));
  }
  return mass / sums(all, temperature).sum;
}

/**
 * Return logits in the order of their table, and -Infinity for what is cut.
 * @param {Row} row
 */
export function masked({ columns, order, values, first, end }) {
  const logits = new Float64Array(columns.length).fill(-Infinity);
  for (let rank = first; rank < end; rank++) logits[order[rank]] = values[rank];
  return logits;
}
