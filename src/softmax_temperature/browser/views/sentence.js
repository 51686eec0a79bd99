// A text in large letters: each word is tinted by its surprise.

import { phrase } from "../engine/words.js";
import { make, whenAtRest } from "./parts.js";
import { levelOf } from "./tints.js";

/**
 * Fill an element with a text, and return what shows it as it is now.
 * @param {HTMLElement} el
 * @param {Object} core As `coreOf` in opening.js returns it.
 */
export function drawSentence(el, core) {
  el.classList.add("softmax-temperature", "softmax-temperature-sentence");
  const [shown, room] = [make("p"), make("p", { "aria-hidden": "true" })];
  const aloud = make("div", { className: "aloud", role: "status" });
  el.replaceChildren(make("div", { className: "large" }, shown, room), aloud);
  const rest = whenAtRest((temperature, whole) => (aloud.textContent = `${phrase("temperature_aloud", { temperature })} ${whole}`));
  let last = "";
  // The longest text of all keeps its room, so that nothing below jumps.
  const texts = core.rows().map((row) => `${core.data.prompt}${row.pieces.join("")} …`);
  room.textContent = texts.reduce((one, next) => (next.length > one.length ? next : one));
  return () => {
    const { prompt, pieces, words, bits, temperature } = core.frame();
    const spans = [];
    for (let i = 0; i < pieces.length; ) {
      let [text, surprise] = ["", 0];
      const first = i;
      while (i < pieces.length && words[i] === words[first]) {
        text += pieces[i];
        surprise += bits[i++];
      }
      // The space before a word is none of its ground, and a line does not end within the sentence.
      text = text.replaceAll("\n", "↵");
      const space = /^\s*/.exec(text)[0];
      spans.push(space, make("span", { className: `level-${levelOf(surprise)}` }, text.slice(space.length)));
    }
    shown.replaceChildren(make("b", {}, prompt), ...spans, " …");
    const whole = shown.textContent;
    if (whole === last) return;
    // Nothing is read aloud before the first change.
    if (last) rest.wait(temperature, whole);
    last = whole;
  };
}
