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

/** Return the key of the tints, each by its name. */
export function drawTints() {
  const swatches = NAMES.flatMap((name, level) => [" ", make("span", { className: `level-${level}` }, phrase(name))]);
  return make("p", { className: "key" }, phrase("surprise_key"), ...swatches);
}
