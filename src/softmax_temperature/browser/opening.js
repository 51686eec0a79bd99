// A text in large letters, for a first look: no more than the sentence and its temperature.

import { textKind } from "./text.js";
import { drawSentence } from "./views/sentence.js";

export const openingKind = {
  coreOf: textKind.coreOf,
  head(el, core) {
    const show = drawSentence(el, core);
    show();
    core.store.follow(show);
    core.writer?.follow(show);
  },
  body() {},
};
