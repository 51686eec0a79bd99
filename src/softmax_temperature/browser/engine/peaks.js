/** The temperature at which a token is as probable as it can be. */

import { firstOf, shift } from "./numbers.js";

/**
 * Find the temperature at which each token asked for is as probable as it can be.
 *
 * 0 for the leaders, infinity at or below the mean of the unmasked logits, NaN for a masked token.
 * Elsewhere it is where the mean logit, which falls as T rises, has come down to the token's own.
 * @param {Float64Array} logits
 * @param {ArrayLike<number>} positions
 */
export function peakTemperature(logits, positions) {
  const shifted = shift(logits);
  const unmasked = logits.filter((value) => value > -Infinity).sort();
  // Scaled by a power of 2, which rounds nothing, so that no sum overflows.
  const span = shifted.reduce((least, gap) => (gap > -Infinity ? Math.min(least, gap) : least), 0);
  const power = span ? Math.ceil(Math.log2(-span)) : 0;
  const [down, up] = [timesPowerOf2(-power), timesPowerOf2(power)];
  const rising = unmasked.map(down);
  return Float64Array.from(positions, (position) => up(peakOf(rising, down(logits[position]))));
}

/**
 * Return the T at which the mean of rising logits, which span at most 1, is one of them.
 * @param {Float64Array} logits
 * @param {number} own
 */
function peakOf(logits, own) {
  if (own === -Infinity) return NaN;
  if (own === logits[logits.length - 1]) return 0;
  const gaps = logits.map((value) => value - own);
  const lost = roundedOff(logits, own, gaps);
  const pull = balance(gaps, lost, 0, gaps.length);
  // At or below the mean of all logits, which is the mean at an infinite T.
  return pull >= 0 ? Infinity : 1 / rootOf(gaps, lost, pull);
}

/**
 * Return what the subtraction of one logit from all has rounded off, exactly (TwoSum).
 * @param {Float64Array} logits
 * @param {number} own
 * @param {Float64Array} gaps
 */
function roundedOff(logits, own, gaps) {
  return logits.map((value, i) => {
    const back = gaps[i] - value;
    return value - (gaps[i] - back) - (own + back);
  });
}

/**
 * Return the root in beta of the sum of exp(beta * gaps) * gaps, by Newton within a bracket.
 *
 * The sum rises with beta, from `pull`, which is below 0, at 0.
 * @param {Float64Array} gaps
 * @param {Float64Array} lost
 * @param {number} pull
 */
function rootOf(gaps, lost, pull) {
  const { length } = gaps;
  // Here is where its tangent at 0 has a root.
  let beta = -pull / gaps.reduce((sum, gap) => sum + gap * gap, 0);
  let [low, high] = [0, Infinity];
  for (;;) {
    // Terms of either sign are summed up apart, so that their logarithms' difference is close to
    // a line in beta. Of a term near 0 only exp - 1 is taken, since the rest cancels exactly.
    const first = firstOf(length, (i) => beta * gaps[i] >= -1);
    const last = firstOf(length, (i) => beta * gaps[i] >= 1);
    pull = balance(gaps, lost, first, last);
    let [up, down, upSlope, downSlope] = [Math.max(pull, 0), Math.max(-pull, 0), 0, 0];
    for (let i = 0; i < length; i++) {
      const gap = gaps[i];
      const term = Math.exp(beta * gap) * gap;
      const near = first <= i && i < last ? Math.expm1(beta * gap) * gap : term;
      if (i < first) {
        down -= near;
        downSlope += term * gap;
      } else {
        up += near;
        upSlope += term * gap;
      }
    }
    const step = Math.log(up / down) / (upSlope / up + downSlope / down);
    [low, high] = up < down ? [beta, high] : [low, beta];
    if (Math.min(high - low, Math.abs(step)) <= 1e-11 * beta) return beta;
    if (low < beta - step && beta - step < high) beta -= step;
    else beta = high === Infinity ? 2 * low : (low + high) / 2;
  }
}

/**
 * Sum up some values, and exactly, with what they lost, where little would be left of them.
 * @param {Float64Array} values
 * @param {Float64Array} lost
 * @param {number} start
 * @param {number} end
 */
function balance(values, lost, start, end) {
  let [rough, size] = [0, 0];
  for (let i = start; i < end; i++) {
    rough += values[i];
    size += Math.abs(values[i]);
  }
  if (Math.abs(rough) > 1e-4 * size) return rough;
  return exactSum([values.subarray(start, end), lost.subarray(start, end)]);
}

/**
 * Sum up numbers exactly, in parts that do not overlap.
 *
 * J. R. Shewchuk, "Adaptive precision floating-point arithmetic and fast robust geometric
 * predicates", Discrete & Computational Geometry 18, 1997. doi:10.1007/PL00009321
 * @param {Float64Array[]} rows
 */
function exactSum(rows) {
  /** @type {number[]} */
  const parts = [];
  for (const row of rows) {
    for (let number of row) {
      let kept = 0;
      for (const part of parts) {
        const sum = number + part;
        // What the addition has rounded off, whichever of the two is larger.
        const back = sum - number;
        const rest = number - (sum - back) + (part - back);
        if (rest) parts[kept++] = rest;
        number = sum;
      }
      parts.length = kept;
      parts.push(number);
    }
  }
  return parts.reduce((sum, part) => sum + part, 0);
}

/**
 * Return a function that multiplies by a power of 2, in two steps: the power itself might overflow.
 * @param {number} power
 */
function timesPowerOf2(power) {
  const [one, other] = [2 ** Math.trunc(power / 2), 2 ** (power - Math.trunc(power / 2))];
  return (/** @type {number} */ value) => value * one * other;
}
