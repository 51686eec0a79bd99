// The prompt of a text: what a model can take, and how much of it fits.

import { phrase } from "./engine/words.js";

/**
 * Check that a model can go on from a prompt for so many tokens, and return the prompt's.
 * @param {import("./engine/story.js").StoryModel} model
 * @param {string} prompt
 * @param {number} length
 */
export function checkPrompt(model, prompt, length) {
  if (/\p{Surrogate}/u.test(prompt)) throw new RangeError(phrase("no_half"));
  // A tab and a line break are text.
  const [sign] = prompt.match(/[\0-\x08\x0b-\x1f\x7f]/) ?? [];
  if (sign) {
    const code = sign.charCodeAt(0).toString(16).padStart(2, "0");
    throw new RangeError(phrase("no_control", { sign: `\\x${code}` }));
  }
  if (length >= model.context) {
    const [least, most] = ["1", `${model.context - 1}`];
    throw new RangeError(phrase("no_count", { name: phrase("length"), text: `${length}`, least, most }));
  }
  const ids = model.encode(prompt);
  if (ids.length + length > model.context) {
    const fitting = `${fittingOf(model, prompt, model.context - length)}`;
    throw new RangeError(phrase("prompt_too_long", { length: `${length}`, fitting }));
  }
  return ids;
}

/** Count the characters of a text's longest beginning that takes no more tokens than that. */
function fittingOf(model, text, most) {
  const characters = [...text];
  // A shorter text can be cut into other tokens: those before the cut decide only about how much fits.
  const longest = Math.max(...model.tokens.map((token) => token.length));
  const about = [...model.decode(model.encode(text).slice(0, most))].length + longest;
  for (let count = Math.min(about, characters.length); count > 0; count--) {
    if (model.encode(characters.slice(0, count).join("")).length <= most) return count;
  }
  return 0;
}
