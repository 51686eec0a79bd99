// A whole answer: its state, and what is shown of it.

import { softmax } from "./engine/numbers.js";
import { chanceText, drawnAnew, firstOfWords, ofReply, phrase, probabilityText, rounded, temperatureText } from "./engine/words.js";
import { storeOf, temperatureOf } from "./store.js";
import { drawAnswer, drawFacts } from "./views/answer.js";

/**
 * A token of an answer, as `explorers/data.py` types it.
 * @typedef {Object} Given
 * @property {string} text
 * @property {string} word
 * @property {string[]} names
 * @property {number[]} logprobs
 * @property {number} drawn
 * @property {number} rank
 * @property {number} total
 * @property {number} unseen
 */

// So many of the likeliest candidates are listed, and so many of the most surprising tokens: those
// that had 0.9 at most.
const [MOST_LISTED, MOST_SURPRISING, LEAST_BITS] = [8, 8, -Math.log2(0.9)];

/**
 * Return all that the parts of an explorer of answers share.
 * @param {Object} data As `explorers/data.py` types it.
 * @param {import("./store.js").State} state
 * @param {(state: import("./store.js").State, part: Object) => void} [send]
 */
async function coreOfAnswer(data, state, send) {
  const store = storeOf(state, send);
  if (!data.places?.length) throw new TypeError(phrase("damaged_data"));
  const places = data.places.map((/** @type {Given} */ place) => {
    const logprobs = Float64Array.from(place.logprobs);
    const bits = place.drawn < 0 ? NaN : Math.max(0, -logprobs[place.drawn] / Math.LN2);
    return { ...place, logprobs, bits };
  });
  const pieces = places.map(({ text }) => text);
  const known = places.filter(({ drawn }) => drawn >= 0);
  const mean = known.reduce((sum, { bits }) => sum + bits, 0) / known.length;
  const others = known.filter(({ drawn }) => drawn > 0).length;
  const isListed = known.some(({ unseen }) => unseen > 0);
  // Of tied ones the first: it comes first in the text.
  const sorted = [...places.keys()].filter((i) => places[i].bits >= LEAST_BITS).sort((a, b) => places[b].bits - places[a].bits);
  const core = { data, tables: [], store, places, pieces, words: firstOfWords(pieces), leastSure: sorted.slice(0, MOST_SURPRISING) };
  return {
    ...core,
    facts: ofReply(mean, others, known.length, places.length - known.length),
    frame() {
      const T = temperatureOf(store.get());
      const temperature = temperatureText(T, data.stops.step);
      const { chosen } = store.get();
      const again = known.reduce((sum, { logprobs, drawn }) => sum + softmax(logprobs, T)[drawn], 0);
      const sentence = drawnAnew(temperature, again, known.length, isListed);
      return { T, temperature, chosen: chosen < places.length ? chosen : -1, sentence };
    },
    rivals: (place) => candidatesOf(place, temperatureOf(store.get()), data.stops.step),
  };
}

/** What an answer has above its slider and below it. */
export const answerKind = {
  coreOf: coreOfAnswer,
  head(el, core) {
    drawFacts(el, core);
    return () => {};
  },
  body(el, core) {
    const show = drawAnswer(el, core);
    show();
    return core.store.follow(show);
  },
};

/** Return the candidates of a place, with their shares at a temperature, and what is said of it. */
function candidatesOf({ names, logprobs, drawn, rank, total, word, bits, unseen }, T, step) {
  const count = names.length;
  const now = count ? softmax(logprobs, T) : [];
  const at1 = Array.from(logprobs, (logprob) => Math.min(Math.exp(logprob), 1));
  const isAlone = count === 1 && !unseen;
  const shown = [...Array(Math.min(MOST_LISTED, count)).keys(), ...(drawn >= MOST_LISTED ? [drawn] : [])];
  const lines = shown.map((i) => ({
    rank: i === drawn && i > 0 ? rank : i + 1,
    name: names[i],
    isOwn: i === drawn,
    at1: at1[i],
    share: now[i],
    text: chanceText(now[i], now[i] === 1),
    textAt1: chanceText(at1[i], isAlone),
  }));
  if (unseen)
    lines.push({ rank: 0, name: phrase("not_listed"), isOwn: false, at1: unseen, share: 0, text: phrase("not_known"), textAt1: chanceText(unseen, false) });
  const numbers = { word, bits: rounded(bits || 0, 1), rank: rounded(rank, 0, true), chance: drawn < 0 ? "" : chanceText(at1[drawn], isAlone) };
  const said =
    drawn < 0
      ? phrase("surprise_unknown", { word })
      : rank === 0
        ? phrase("surprise_behind", { ...numbers, count: rounded(count - 1, 0, true) })
        : total
          ? phrase("surprise_of", { ...numbers, total: rounded(total, 0, true) })
          : phrase("surprise_at_rank", numbers);
  const listed = phrase(count === 1 ? "listed_one" : "listed_many", { count: rounded(count, 0, true) });
  const temperature = temperatureText(T, step);
  const mass = probabilityText(unseen, { percent: true, canBeZero: false, canBeOne: false });
  return {
    lines,
    said,
    note: unseen ? phrase("listed_alone", { temperature, listed, mass }) : "",
    head: [phrase(unseen ? "chance_of_listed" : "chance_at", { temperature }), phrase("chance_at", { temperature: "1" })],
  };
}
