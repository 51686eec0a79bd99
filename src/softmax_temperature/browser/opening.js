// A text in large letters with the map of all its temperatures, for a first look.

import { followText, textKind } from "./text.js";
import { drawSentence } from "./views/sentence.js";
import { drawStories } from "./views/stories.js";

export const openingKind = {
  coreOf: textKind.coreOf,
  head: (el, core) => followText(core, drawSentence(el, core)),
  body(el, core) {
    el.classList.add("softmax-temperature", "softmax-temperature-text");
    if (!core.frame) return;
    const map = drawStories(core);
    el.replaceChildren(map.el);
    followText(core, map.show);
  },
};
