// A text in large letters: each word is tinted by its surprise.

import { phrase } from "../engine/words.js";
import { make } from "./parts.js";
import { levelOf } from "./tints.js";

/**
 * Fill an element with a text, and return what shows it as it is now.
 * @param {HTMLElement} el
 * @param {Object} core As `coreOf` in text.js returns it.
 */
export function drawSentence(el, core) {
  el.classList.add("softmax-temperature", "softmax-temperature-sentence");
  const [shown, room] = [make("p"), make("p", { "aria-hidden": "true" })];
  const aloud = make("div", { className: "aloud", role: "status" });
  el.replaceChildren(make("div", { className: "large" }, shown, room), aloud);
  /** @type {any} */
  let pause;
  let last = "";
  let isMeasured = false;
  return () => {
    if (!core.frame) {
      shown.textContent = core.data.text;
      return;
    }
    const { prompt, pieces, words, bits, ended, done, temperature } = core.frame();
    const spans = [];
    for (let i = 0; i < pieces.length; ) {
      let [text, surprise] = ["", 0];
      const first = i;
      while (i < pieces.length && words[i] === words[first]) {
        text += pieces[i];
        surprise += bits[i++];
      }
      // The space before a word is none of its ground.
      const space = /^\s*/.exec(text)[0];
      spans.push(space, make("span", { className: `level-${levelOf(surprise)}` }, text.slice(space.length)));
    }
    shown.replaceChildren(make("b", {}, prompt), ...spans, ended ? "" : " …");
    const whole = shown.textContent;
    const { count, total } = core.writer.progress();
    // The longest text of all keeps its room, so that nothing below jumps.
    if (count === total && !isMeasured) {
      isMeasured = true;
      const texts = core.rows().map((row) => `${prompt}${row.pieces.join("")} …`);
      room.textContent = texts.reduce((one, next) => (next.length > one.length ? next : one));
    }
    if (!done || whole === last) return;
    clearTimeout(pause);
    // Read aloud only what has come to rest, and nothing before the first change.
    const isFirst = last === "";
    last = whole;
    if (isFirst) return;
    pause = setTimeout(() => {
      aloud.textContent = `${phrase("temperature_aloud", { temperature })} ${whole}`;
    }, 600);
  };
}
