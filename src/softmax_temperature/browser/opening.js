// Recorded texts of one model, in large letters and as a map of all temperatures, for a first look.

import { firstOfWords, temperatureText } from "./engine/words.js";
import { nearestStop, stopAt } from "./stops.js";
import { storeOf, temperatureOf } from "./store.js";
import { followText } from "./text.js";
import { drawSentence } from "./views/sentence.js";
import { drawStories } from "./views/stories.js";

/**
 * What was recorded: for each stop a text, as what its tokens add and how they surprise.
 * @typedef {{ kind: string, stops: import("./stops.js").Stops, prompt: string, texts: [string[], number[]][] }} OpeningData
 */

/**
 * @param {OpeningData} data
 * @param {import("./store.js").State} state
 */
async function coreOfOpening(data, state) {
  const { stops, prompt, texts } = data;
  const store = storeOf(state);
  const rows = texts.map(([pieces, bits]) => ({
    places: pieces.map((token) => ({ token })),
    pieces,
    words: firstOfWords(pieces),
    bits,
  }));
  // Nothing was recorded between the stops, and no other length.
  store.follow(() => store.set({ T: stopAt(stops, nearestStop(stops, temperatureOf(store.get()))), length: state.length }));
  return {
    data,
    tables: [],
    store,
    writer: { progress: () => ({ count: rows.length, total: rows.length }), ids: () => rows, follow() {} },
    rows: () => rows,
    frame() {
      const T = temperatureOf(store.get());
      const row = rows[nearestStop(stops, T)];
      return { ...row, prompt, ended: false, done: true, temperature: temperatureText(T, stops.step) };
    },
  };
}

export const openingKind = {
  coreOf: coreOfOpening,
  head: (el, core) => followText(core, drawSentence(el, core)),
  body(el, core) {
    el.classList.add("softmax-temperature", "softmax-temperature-text");
    const map = drawStories(core);
    el.replaceChildren(map.el);
    followText(core, map.show);
  },
};
