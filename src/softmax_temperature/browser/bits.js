// Questions with two answers: a reader says how sure they are, and is scored in bits of surprise.

import { phrase, rounded } from "./engine/words.js";
import { make, uniquePrefix } from "./views/parts.js";

/**
 * A question, its two answers, which of them is right, and why.
 * @typedef {{ text: string, answers: string[], right: number, why: string }} Doubt
 */

/** Return the bits by which something surprises whoever gave it so many percent. */
export const bitsOf = (percent) => 0 - Math.log2(percent / 100);

/** Return a number of bits in words, or of choices: none is infinite that can't be. */
const textOf = (number) => (number === Infinity ? "∞" : rounded(number, 2));

/**
 * Fill an element with questions, and say in the end how uncertain all answers together were.
 * @param {HTMLElement} el
 * @param {Doubt[]} doubts
 */
export function askForBits(el, doubts) {
  const total = make("p", { className: "total", role: "status" }, phrase("perplexity_to_come"));
  /** @type {number[]} */
  const bits = [];
  const asked = doubts.map((doubt) =>
    askOne(doubt, (own) => {
      bits.push(own);
      if (bits.length === doubts.length) total.textContent = sumUp(bits);
    }),
  );
  el.replaceChildren(make("div", { className: "doubts" }, ...asked), total);
}

function sumUp(bits) {
  const mean = bits.reduce((sum, number) => sum + number, 0) / bits.length;
  const perplexity = 2 ** mean;
  const gaps = { bits: textOf(mean), perplexity: textOf(perplexity) };
  const beside = perplexity > 2 ? "perplexity_above_2" : perplexity < 2 ? "perplexity_below_2" : "perplexity_just_2";
  const verdict = phrase(perplexity === Infinity ? "perplexity_never" : beside);
  return `${phrase("own_perplexity", gaps)} ${verdict} ${phrase("trained_on_it")}`;
}

/**
 * @param {Doubt} doubt
 * @param {(bits: number) => void} told
 */
function askOne({ text, answers, right, why }, told) {
  const id = uniquePrefix();
  const sides = answers.map((answer) => {
    const [share, price] = [make("b"), make("small")];
    return { share, price, el: make("span", { className: "side" }, make("span", {}, answer), share, price) };
  });
  const input = make("input", {
    type: "range",
    min: 0,
    max: 100,
    value: 50,
    autocomplete: "off",
    "aria-labelledby": id,
    oninput: show,
  });
  const button = make("button", { type: "button", onclick: answer }, phrase("my_answer"));
  const verdict = make("p", { className: "verdict", role: "status" });
  const el = make(
    "div",
    { className: "doubt" },
    make("p", { id }, text),
    make("div", { className: "sides", "aria-hidden": "true" }, ...sides.map((side) => side.el)),
    input,
    button,
    verdict,
  );

  const percents = () => [100 - input.valueAsNumber, input.valueAsNumber];

  function show() {
    const given = percents();
    sides.forEach(({ share, price }, i) => {
      share.textContent = phrase("percent", { number: `${given[i]}` });
      price.textContent = phrase("price", { bits: textOf(bitsOf(given[i])) });
    });
    const said = answers.map((name, i) => phrase("given", { answer: name, percent: `${given[i]}`, bits: textOf(bitsOf(given[i])) }));
    input.setAttribute("aria-valuetext", said.join(", "));
  }

  function answer() {
    // Unlike a disabled one, this button keeps the focus.
    if (button.ariaDisabled === "true") return;
    button.ariaDisabled = "true";
    input.disabled = true;
    const given = percents()[right];
    const bits = bitsOf(given);
    sides[right].el.classList.add("right");
    const sign = make("span", { "aria-hidden": "true" }, given > 50 ? "✓ " : given < 50 ? "✗ " : "");
    verdict.replaceChildren(sign, `${why} ${phrase("cost", { percent: `${given}`, bits: textOf(bits) })}`);
    el.classList.add("answered");
    told(bits);
  }

  show();
  return el;
}
