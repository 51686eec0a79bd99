/** A real language model of one megabyte, and the texts that it writes, as the tree that they are. */

import { masked, runChain } from "./cuts.js";
import { defaultRng } from "./dice.js";
import { exponent, isUsual, prepare } from "./numbers.js";
import { START, tokenizerOf } from "./tokenizer.js";
import { transformerOf } from "./transformer.js";

/**
 * A token after those before it. Texts that begin alike share what was computed for them.
 * @typedef {Object} Place
 * @property {number} token
 * @property {Place | undefined} parent
 * @property {number} depth How many tokens stand before it.
 * @property {import("./transformer.js").Seen} seen
 * @property {Float64Array} logits Of the tokens that can follow.
 * @property {Map<number, Place>} next
 * @property {import("./numbers.js").Table} [table] The logits, sorted, once a cut has asked for that.
 */

/**
 * @typedef {Object} StoryModel
 * @property {string[]} tokens
 * @property {number} end The token that ends a text.
 * @property {number} context How many tokens it can see.
 * @property {(text: string) => number[]} encode
 * @property {(ids: number[]) => string} decode
 * @property {(ids: number[]) => string[]} pieces
 * @property {(parent: Place | undefined, token: number) => boolean} knows Tell whether a place is there.
 * @property {(parent: Place | undefined, token: number) => Place} placeAfter Find a place, or add it.
 */

// About 7 kilobytes each.
const MOST_PLACES = 20_000;

/**
 * Read a model and its tokens, as the files of karpathy/llama2.c have them.
 * @param {Uint8Array} weights
 * @param {Uint8Array} vocabulary
 * @returns {StoryModel}
 */
export function storyModelOf(weights, vocabulary) {
  const { context, forward } = transformerOf(weights);
  const { tokens, encode, decode, pieces } = tokenizerOf(vocabulary);
  /** @type {Place | undefined} */
  let root;
  let count = 0;

  /** @type {StoryModel["placeAfter"]} */
  function placeAfter(parent, token) {
    const known = parent ? parent.next.get(token) : root;
    if (known) return known;
    if (root && ++count > MOST_PLACES) {
      // What is being written goes on with the places that it holds.
      root.next.clear();
      count = 0;
    }
    const before = [];
    for (let place = parent; place; place = place.parent) before.push(place.seen);
    const { seen, logits } = forward(token, before.reverse());
    // Signs that stand in no text which the model has learned from.
    for (const sign of [0, 2]) logits[sign] = -Infinity;
    const made = { token, parent, depth: before.length, seen, logits, next: new Map() };
    if (parent) parent.next.set(token, made);
    else root = made;
    return made;
  }

  /** @type {StoryModel["knows"]} */
  const knows = (parent, token) => (parent ? parent.next.has(token) : Boolean(root));
  return { tokens, end: START, context, encode, decode, pieces, knows, placeAfter };
}

/**
 * Return a seed's dice: one Gumbel noise for each position and token, made as they are needed.
 * @param {number | bigint} seed
 * @param {number} count How many tokens there are.
 */
export function noiseOf(seed, count) {
  const generator = defaultRng(seed);
  /** @type {Float64Array[]} */
  const rows = [];
  return (/** @type {number} */ position) => {
    while (rows.length <= position) rows.push(generator.gumbel(count));
    return rows[position];
  };
}

/**
 * Draw the token that follows a place: of all, the one whose score and luck are the most together.
 *
 * C. J. Maddison, D. Tarlow and T. Minka, "A* sampling", 2014, section 2 (the Gumbel-max trick).
 * arXiv:1411.0030
 * @param {Place} place
 * @param {number} temperature
 * @param {Float64Array} noise
 * @param {import("./cuts.js").Step[]} [chain] What is cut, and when: the temperature is one of its steps.
 */
export function drawAfter(place, temperature, noise, chain) {
  const scores = scoresAfter(place, temperature, chain);
  let best = 0;
  for (let token = 1; token < scores.length; token++) {
    if (scores[token] + noise[token] > scores[best] + noise[best]) best = token;
  }
  return best;
}

/**
 * Return what is added to the noise of each token: its logit, cut and divided.
 * @param {Place} place
 * @param {number} temperature
 * @param {import("./cuts.js").Step[]} [chain]
 */
export function scoresAfter(place, temperature, chain) {
  return chain ? masked(leftAfter(place, chain)) : tempered(place, temperature);
}

/**
 * Return the logits after a place, shifted and divided by a temperature.
 * @param {Place} place
 * @param {number} temperature
 */
function tempered({ logits }, temperature) {
  // Plain loops: it is done for each token of each text.
  let top = -Infinity;
  for (let token = 0; token < logits.length; token++) if (logits[token] > top) top = logits[token];
  const slope = 1 / temperature;
  if (!isUsual(slope)) return logits.map((logit) => exponent(logit - top, temperature));
  const scores = new Float64Array(logits.length);
  for (let token = 0; token < scores.length; token++) scores[token] = (logits[token] - top) * slope;
  return scores;
}

/**
 * Return the logits that a chain leaves of those after a place.
 * @param {Place} place
 * @param {import("./cuts.js").Step[]} chain
 */
export function leftAfter(place, chain) {
  place.table ??= prepare(place.logits);
  return runChain(place.table, chain);
}

/**
 * Go on with a text: through all that is known already, and then by one token that is computed.
 * @param {StoryModel} model
 * @param {Place[]} path The places of the text so far, those of the prompt included.
 * @param {number[]} ids The tokens of the prompt.
 * @param {number} length The largest number of new tokens.
 * @param {(place: Place, position: number) => number} draw Return the token at a new position.
 * @returns {boolean} Whether the text is complete.
 */
export function goOn(model, path, ids, length, draw) {
  for (let isNew = false; ; ) {
    const [last, position] = [path.at(-1), path.length - ids.length];
    if (position === length || (position > 0 && last?.token === model.end)) return true;
    if (isNew) return false;
    const token = position < 0 ? ids[path.length] : draw(/** @type {Place} */ (last), position);
    isNew = !model.knows(last, token);
    path.push(model.placeAfter(last, token));
  }
}
