// The one scale of tints for surprise: in texts, in maps, and in their key.

import { phrase } from "../engine/words.js";
import { make } from "./parts.js";

// Where the next tint begins, in bits.
const SURPRISE = [1, 2, 4, 8];
const NAMES = ["level_0", "level_1", "level_2", "level_3", "level_4"];

/** Return which tint a surprise has: the twin of `tint_of` in `drawing/colours.py`. */
export function levelOf(/** @type {number} */ bits) {
  return SURPRISE.filter((level) => bits >= level).length;
}

/**
 * Return the surprise of the word that a token is a piece of: all its pieces have one tint.
 * @param {number} place
 * @param {number[]} words Which word each token is of.
 * @param {number[]} bits
 */
export function surpriseOfWord(place, words, bits) {
  return bits.reduce((sum, own, i) => (words[i] === words[place] ? sum + own : sum), 0);
}

/** Return the key of the tints, each by its name. */
export function drawTints() {
  const swatches = NAMES.flatMap((name, level) => [" ", make("span", { className: `level-${level}` }, phrase(name))]);
  return make("p", { className: "key" }, phrase("surprise_key"), ...swatches);
}
