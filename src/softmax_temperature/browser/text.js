// A text at every temperature: its state, its model, and what is shown of the text that is written.

import { masked } from "./engine/cuts.js";
import { firstOf, prepare, softmax } from "./engine/numbers.js";
import { leftAfter, scoresAfter, storyModelOf } from "./engine/story.js";
import { chanceText, comparison, comparisonBeside, firstOfWords, inText, phrase, temperatureText, tokenLabels } from "./engine/words.js";
import { foresterOf } from "./forester.js";
import { checkPrompt } from "./prompt.js";
import { storeOf, temperatureOf } from "./store.js";
import { settingOf } from "./table.js";
import { endsOf } from "./taken.js";
import { toldOf } from "./told.js";
import { joinWords, unpackBytes } from "./unpack.js";
import { drawPrompt } from "./views/prompt.js";
import { drawStory } from "./views/story.js";
import { chainAt, writerOf } from "./writer.js";

/**
 * @typedef {Object} ModelData
 * @property {import("./unpack.js").Packed} weights
 * @property {import("./unpack.js").Packed} vocabulary
 * @property {string} notice
 */

// So many of the likeliest tokens are listed beside a token of the text.
const LISTED = 8;
// So many texts has the forest for each setting.
const MANY = 24;

/**
 * Return all that the parts of an explorer of texts share.
 * @param {Object} data As `explorers/data.py` types it.
 * @param {import("./store.js").State} state
 * @param {(state: import("./store.js").State, part: Object) => void} [send]
 * @param {ModelData} [given] The model, if it is not in the data.
 * @param {(message: Object) => void} [ask] Ask Python, in a notebook.
 */
async function coreOfText(data, state, send, given = data.model, ask) {
  const store = storeOf(state, send);
  if (data.isTold) {
    const core = { data, tables: [], store, notice: data.notice, ...toldOf(data, store, ask) };
    return { ...core, frame: () => frameOf(core), rows: () => rowsOf(core) };
  }
  const base = { data, tables: [], store, notice: given?.notice };
  try {
    const [weights, vocabulary] = await Promise.all([given.weights, given.vocabulary].map(unpackBytes));
    const model = storyModelOf(joinWords(weights), vocabulary);
    const names = tokenLabels(model.tokens);
    const words = model.tokens.map((token) => inText(token));
    const writer = writerOf(model, data.stops, store);
    const core = { ...base, model, names, words, writer, forest: foresterOf(model, store, writer, MANY) };
    return {
      ...core,
      frame: () => frameOf(core),
      rows: () => rowsOf(core),
      parts: (places) => textPartsOf(model, places, store.get().prompt),
      settingText: ({ T, steps }) => settingOfText(temperatureOf({ T }), steps, data),
      rivals: (place) => rivalsOf(core, place),
      luck: (place) => luckOf(core, place),
      // Two signs stand in no text.
      isToken: (token) => token === 1 || (token > 2 && token < model.tokens.length && Number.isInteger(token)),
      check: (prompt, length) => checkPrompt(model, prompt, length),
    };
  } catch (error) {
    reportError(error);
    return { ...base, problem: phrase("damaged_model") };
  }
}

/** What a text has above its slider and below it. */
export const textKind = {
  coreOf: coreOfText,
  head: (el, core) => followText(core, drawPrompt(el, core)),
  body: (el, core) => followText(core, drawStory(el, core)),
};

/** Show a text as it is now, and whenever it is written on or another is asked for. */
export function followText({ store, writer }, show) {
  show();
  const ends = [store.follow(show), writer?.follow(show)];
  return () => ends.forEach((end) => end?.());
}

/** What is shown of the state: the text, as far as it is written, and what is said of it. */
function frameOf({ model, data, store, writer }) {
  const state = store.get();
  const T = temperatureOf(state);
  // What it is compared with: the text that is held, or that of temperature 1.
  const [text, other] = [writer.at(T), writer.beside() ?? writer.at(1)];
  const [places, others] = [text, other].map(({ path }) => path.slice(writer.ids().length));
  const tokens = places.map(({ token }) => token);
  const fork = firstOther(places, others);
  const held = state.beside;
  const isCompared = text.done && (other.done || (!held && fork < others.length));
  const pieces = text.pieces ?? piecesOf(model, tokens, state.prompt);
  const bits = places.map(surpriseOf);
  const sentence = () =>
    held ? comparisonBeside(fork, places.length, differing(places, others).length, mean(bits)) : comparison(T, fork, places.length, mean(bits));
  return {
    beside: held && {
      ...textPartsOf(model, Object.assign(others, { pieces: other.pieces }), state.prompt),
      setting: settingOfText(temperatureOf(held), held.steps, data),
      own: settingOfText(T, state.steps, data),
      differing: differing(places, others),
      ended: others.at(-1)?.token === model.end,
    },
    T,
    temperature: temperatureText(T, data.stops.step),
    prompt: state.prompt,
    chosen: state.chosen < places.length ? state.chosen : -1,
    taken: endsOf(state.taken),
    places,
    pieces,
    words: firstOfWords(pieces),
    bits,
    fork: fork < places.length && fork < others.length ? fork : -1,
    done: text.done,
    ended: tokens.at(-1) === model.end,
    sentence: isCompared ? sentence() : (writer.halted?.() || phrase("writing")),
  };
}

/** The texts of all stops: of one that is not complete, nothing. */
function rowsOf({ model, store, writer }) {
  const { prompt } = store.get();
  return writer.rows().map((places) => textPartsOf(model, places, prompt));
}

function textPartsOf(model, places, prompt) {
  const pieces = places.pieces ?? piecesOf(model, places.map(({ token }) => token), prompt);
  return { places, pieces, words: firstOfWords(pieces), bits: places.map(surpriseOf) };
}

/** Return the places at which a text has another token than the other in the same place. */
function differing(places, others) {
  return [...places.keys()].filter((i) => places[i].token !== others[i]?.token);
}

/** Say what temperature and cuts a text has. */
function settingOfText(T, steps, { stops }) {
  return steps
    .filter(([name, value]) => name === "temperature" || value !== null)
    .map((step) => (step[0] === "temperature" ? phrase("panel_title", { temperature: temperatureText(T, stops.step) }) : settingOf(step).join(" ")))
    .join(", ");
}

const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

function firstOther(places, others) {
  const place = places.findIndex(({ token }, i) => token !== others[i]?.token);
  return place < 0 ? places.length : place;
}

/** What each token adds to the text that is shown. */
function piecesOf(model, tokens, prompt) {
  const pieces = model.pieces(tokens);
  // The space in front of a first word belongs to no text.
  if (!prompt && pieces.length) pieces[0] = pieces[0].replace(/^ /, "");
  return pieces.map((piece, i) => (tokens[i] === model.end ? phrase("end_of_story") : piece));
}

/** Return the surprise of a place's token in bits, at temperature 1 and if nothing is cut. */
export function surpriseOf(place) {
  if (place.bits === undefined) {
    const { logits } = place.parent;
    const top = Math.max(...logits);
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit - top), 0);
    place.bits = Math.max((Math.log(total) - (logits[place.token] - top)) / Math.LN2, 0);
  }
  return place.bits;
}

/**
 * Return what a token of the text was drawn from: the likeliest and itself, with their shares at
 * temperature 1 and in what is left at the slider's.
 */
function rivalsOf({ names, words, store }, place) {
  const { parent, token } = place;
  const T = temperatureOf(store.get());
  parent.table ??= prepare(parent.logits);
  const { order, end } = parent.table;
  const rank = order.indexOf(token);
  const ranks = [...Array(Math.min(LISTED, end)).keys(), ...(rank < LISTED ? [] : [rank])];
  const at1 = softmax(parent.logits, 1);
  const chain = chainAt(store.get().steps, T);
  const row = chain && leftAfter(parent, chain);
  const now = row ? softmax(masked(row), 1) : softmax(parent.logits, T);
  const leaders = firstOf(end, (place) => parent.table.values[place] < parent.table.values[0]);
  const left = row ? row.end - row.first : T === 0 ? leaders : end;
  const lines = ranks.map((number) => {
    const other = order[number];
    const isLeft = row ? number >= row.first && number < row.end : number < left;
    return {
      token: other,
      rank: number + 1,
      name: names[other],
      isOwn: other === token,
      at1: at1[other],
      share: now[other],
      text: isLeft ? chanceText(now[other], left === 1) : row && T > 0 ? phrase("cut") : chanceText(0, false),
      textAt1: chanceText(at1[other], end === 1),
    };
  });
  return { lines, name: words[token].trim() || names[token], rank: rank + 1, total: end, chance: chanceText(at1[token], end === 1) };
}

/** Return why a token of the text was drawn: of all, its score and its luck were the most together. */
function luckOf({ writer, store, data }, { parent, token, depth }) {
  const T = temperatureOf(store.get());
  const chain = chainAt(store.get().steps, T);
  const drawn = scoresAfter(parent, T, chain);
  const top = drawn.reduce((most, score) => Math.max(most, score), -Infinity);
  const [scores, luck] = [drawn.map((score) => score - top), writer.luck(depth)];
  const temperature = temperatureText(T, data.stops.step);
  return { logits: parent.logits, luck, scores, temperature, chosen: token, isCut: Boolean(chain) && T > 0 };
}
