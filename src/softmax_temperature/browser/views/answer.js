// An answer whose tokens are tinted by surprise, the candidates of the chosen one's place, and the most
// surprising tokens.

import { chanceText, phrase } from "../engine/words.js";
import { make, uniquePrefix, whenAtRest } from "./parts.js";
import { drawTints, levelOf, surpriseOfWord } from "./tints.js";
import { headOfRivals, lineOfRival, makeTokens, markChosen } from "./tokens.js";

// So many characters of the text stand before a token of the list.
const BEFORE_TOKEN = 18;

/** Fill an element with what an answer's slider does not change. */
export function drawFacts(el, { facts }) {
  el.classList.add("softmax-temperature-head");
  el.replaceChildren(make("div", { className: "facts" }, facts));
}

/**
 * Fill an element with an answer.
 * @param {HTMLElement} el
 * @param {Object} core As `coreOf` in answer.js returns it.
 */
export function drawAnswer(el, core) {
  const { data, store, places, pieces, words, leastSure } = core;
  el.classList.add("softmax-temperature", "softmax-temperature-text", "softmax-temperature-answer");
  const caption = make("p");
  const longest = make("div", { "aria-hidden": "true" });
  const list = makeTokens({ now: () => shown?.chosen, choose, point: (place) => mark(place) });
  const told = make("p");
  const rivals = make("ol");
  const note = make("p", { className: "listed" });
  const [aloud, chosenAloud] = [1, 2].map(() => make("div", { className: "aloud", role: "status" }));
  const ids = uniquePrefix();
  const bits = places.map((place) => place.bits || 0);
  list.append(...places.map(optionOf));
  const key = drawTints();
  key.append(" ", make("span", { className: "other" }, phrase("not_likeliest_key")));
  const buttons = leastSure.map(buttonOf);
  const heading = make("p", { id: `${ids}least` }, phrase("least_sure"));
  const least = make("ol", { className: "least", "aria-labelledby": `${ids}least` }, ...buttons.map((button) => make("li", {}, button)));
  el.replaceChildren(
    make("div", { className: "sentences" }, caption, longest),
    make("div", { className: "story" }, make("p", {}, make("span", { className: "prompt" }, data.prompt), list)),
    key,
    make(
      "div",
      { className: "beside" },
      make("div", { className: "details" }, told, rivals, note),
      ...(buttons.length ? [make("div", {}, heading, least)] : []),
    ),
    aloud,
    chosenAloud,
  );

  /** @type {any} */
  let shown;
  const rest = whenAtRest(() => {
    const stop = phrase("stop_aloud", { name: phrase("temperature"), value: shown.temperature });
    aloud.textContent = `${stop} ${shown.sentence}`;
  });

  function optionOf(place, i) {
    const option = make("span", { role: "option", "aria-selected": "false", id: ids + i }, place.text);
    option.className = `level-${levelOf(surpriseOfWord(i, words, bits))}`;
    option.classList.toggle("other", place.drawn > 0);
    option.classList.toggle("newline", place.text === "\n");
    if (!place.text.trim()) option.ariaLabel = place.word;
    return option;
  }

  function buttonOf(i) {
    const { names, logprobs, drawn, word } = places[i];
    const text = `${data.prompt}${pieces.slice(0, i).join("")}`.replace(/\s+/g, " ");
    // From the first whole word on.
    const before = text.length > BEFORE_TOKEN ? text.slice(-BEFORE_TOKEN).replace(/^\S*\s/, "… ") : text;
    const other = drawn > 0 ? 0 : 1;
    const named = (place) => phrase("rival", { word: names[place], chance: chanceText(Math.min(Math.exp(logprobs[place]), 1), false) });
    const button = make("button", { type: "button", onclick: () => choose(i) });
    button.append(
      make("span", { className: "before" }, before),
      make("b", {}, /\S$/.test(before) && /^\s/.test(pieces[i]) ? ` ${word}` : word),
      " ",
      make("span", {}, chanceText(Math.min(Math.exp(logprobs[drawn]), 1), false)),
      " ",
      make("span", { className: "next" }, names.length > 1 ? phrase(drawn > 0 ? "rival_was" : "rival_next", { rival: named(other) }) : ""),
    );
    return button;
  }

  // Show what is known of the token that is pointed at, or else of the chosen one.
  function mark(pointed = shown.chosen) {
    markChosen(list, shown.chosen, ids);
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", `${leastSure[i] === shown.chosen}`));
    const isPointed = pointed >= 0 && pointed < places.length;
    const { lines, said, note: unseen, head } = core.rivals(places[isPointed ? pointed : (leastSure[0] ?? 0)]);
    told.textContent = isPointed ? said : phrase("most_surprising", { told: said });
    rivals.replaceChildren(headOfRivals(head), ...lines.map(lineOfRival));
    note.textContent = unseen;
    const named = lines.map(({ name, text }) => phrase("rival", { word: name, chance: text }));
    return [said, ...(lines.length ? [phrase("rivals_there", { temperature: shown.temperature, rivals: named.join(", ") })] : []), unseen].join(" ");
  }

  function choose(chosen) {
    store.set({ chosen });
    // A key that goes from token to token needs an answer each time.
    chosenAloud.textContent = mark();
  }

  return () => {
    const last = shown;
    shown = core.frame();
    caption.textContent = shown.sentence;
    longest.textContent = shown.sentence;
    mark();
    // Nothing is read aloud before the first change.
    if (last && last.T !== shown.T) rest.wait();
    else rest.stop();
  };
}
