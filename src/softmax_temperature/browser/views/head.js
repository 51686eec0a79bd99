// The sentence that goes on with what was drawn, and the buttons that draw.

import { phrase } from "../engine/words.js";
import { excerpt, rollOf } from "../store.js";
import { fall, make, makeField, makeMenu } from "./parts.js";

// The first number of each of these seeds lands on another word: "Other dice" goes through them.
const FIRST_SEEDS = ["21", "22", "28"];

function seedAfter(seed) {
  const place = FIRST_SEEDS.indexOf(seed);
  return place >= 0 && place < FIRST_SEEDS.length - 1 ? FIRST_SEEDS[place + 1] : `${BigInt(seed) + 1n}`;
}

export function readSeed(text) {
  if (!/^\s*\d{1,400}\s*$/.test(text)) throw new TypeError(phrase("no_seed", { text: excerpt(text) }));
  return `${BigInt(text)}`;
}

// What the buttons make of the state. A single draw and many are not on show at once.
/** @type {Record<string, (state: import("../store.js").State) => Partial<import("../store.js").State>>} */
const DRAWING = {
  draw: ({ dice }) => ({ dice: dice + 1, place: null, draws: 0, batch: 0 }),
  draw_many: ({ draws, batch }) => ({ draws: 100, batch: draws === 100 ? batch + 1 : 0 }),
  other_dice: ({ seed, dice, draws }) => ({
    seed: seedAfter(seed),
    place: null,
    dice: draws ? dice : Math.max(dice, 0),
    batch: 0,
  }),
  clear: () => ({ dice: -1, place: null, draws: 0, batch: 0 }),
};

/**
 * Fill an element with what stands above the slider.
 * @param {HTMLElement} el
 * @param {Object} core As `coreOf` in tables.js returns it.
 * @param {Node[]} more What else stands there.
 */
export function drawHead(el, { data, store, tables }, more = []) {
  el.classList.add("softmax-temperature-head");
  const [prompt, blank] = [make("span"), make("b")];
  const line = make("p", { className: "prompt" }, prompt, blank);
  const menu = tables.length > 1 && promptMenu(tables, store);
  const hasDice = data.parts.includes("dice") || data.kind === "temperature";
  const seed = makeField(phrase("seed"), (text) => store.set({ seed: readSeed(text), batch: 0 }), {
    inputMode: "numeric",
    size: 4,
  });
  const buttons = make("div", { className: "buttons" });
  if (hasDice) {
    for (const [name, change] of Object.entries(DRAWING))
      buttons.append(make("button", { type: "button", onclick: () => store.set(change(store.get())) }, phrase(name, { n: "100" })));
    buttons.append(make("label", { className: "control" }, phrase("seed"), " ", seed.field), seed.problem);
  }
  el.replaceChildren(...(menu ? [menu.line] : []), line, buttons, ...more);

  /** @type {string | undefined} */
  let thrown;
  return (frame) => {
    const { table, seed: held } = store.get();
    prompt.textContent = tables[table].prompt;
    line.hidden = !tables[table].prompt;
    const isEmpty = frame.word === undefined;
    blank.textContent = frame.word ?? "\u00a0".repeat(12);
    blank.className = isEmpty ? "empty" : frame.counts ? "many" : "";
    blank.title = isEmpty && hasDice ? phrase("nothing_drawn") : "";
    const roll = rollOf(store.get());
    if (roll && thrown !== undefined && roll !== thrown) fall([blank], 12);
    thrown = roll;
    if (menu) menu.menu.selectedIndex = table;
    if (hasDice) seed.tell(held);
  };
}

function promptMenu(tables, store) {
  const texts = tables.map(({ prompt }) => prompt.trim() || phrase("no_prompt"));
  return makeMenu(phrase("prompt"), texts, (table) =>
    store.set({ table, tokens: null, logits: null, draws: 0, batch: 0 }),
  );
}
