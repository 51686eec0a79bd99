// An explorer of tables: its state, what is shown of it, and the views that show it.

import { phrase, rounded, temperatureText } from "./engine/words.js";
import { asHeld, isSame, storeOf, temperatureOf } from "./store.js";
import { changed, plainFrame, readTables } from "./table.js";
import { drawBody } from "./views/body.js";
import { drawEditor } from "./views/editor.js";
import { drawHead } from "./views/head.js";
import { make } from "./views/parts.js";
import { drawPush } from "./views/sticks.js";

/**
 * Return all that the parts of an explorer share: its data, unpacked, its state, and its frames.
 * @param {(shown: any, state: any, data: any) => any} makeFrame
 * @param {Object} data As `explorers/data.py` types it.
 * @param {import("./store.js").State} state
 * @param {(state: import("./store.js").State) => void} [send]
 */
async function coreOf(makeFrame, data, state, send) {
  const tables = await readTables(data.tables);
  const store = storeOf(state, send);
  /** @type {any} */
  let last;
  /** @type {any} */
  let now;
  const given = () => tables[store.get().table] ?? tables[0];

  function shown() {
    const { table, tokens, logits, constant } = store.get();
    const typed = { table, tokens, logits, constant: constant ?? 0 };
    if (!now || !isSame(typed, now.typed)) now = { typed, shown: changed(given(), typed) };
    return now.shown;
  }

  /** What is shown of the state: worked out once, for all views. */
  function frame() {
    const held = store.get();
    if (last?.held === held) return last.frame;
    const made = makeFrame(shown(), held, data);
    const T = temperatureOf(held);
    const caption = [made.sentence, made.luck].filter(Boolean).join("\n");
    const whole = { ...made, T, temperature: temperatureText(T, data.stops.step), caption };
    last = { held, frame: whole };
    return whole;
  }

  return { data, tables, store, given, shown, frame };
}

/**
 * Return what a kind of explorer has above its slider and below it: both are filled, and then follow.
 * @param {(shown: any, state: any, data: any) => any} makeFrame
 * @param {{ drawSteps?: any, drawRules?: any }} more What a sampler has above, and in its picture.
 */
export function kindOfTables(makeFrame, { drawSteps, drawRules } = {}) {
  return {
    coreOf: (data, state, send) => coreOf(makeFrame, data, state, send),
    head(el, core) {
      const more = [];
      if (drawSteps) more.push(drawSteps(core));
      if (core.data.parts.includes("constant")) more.push(drawConstant(core));
      if (core.data.parts.includes("logits")) more.push(drawPush(core));
      const show = drawHead(el, core, more.map((part) => part.el));
      return follow(core, () => {
        const frame = core.frame();
        show(frame);
        for (const part of more) part.show(frame);
      });
    },
    body(el, core, options) {
      const editor = drawEditor(core);
      const body = drawBody(el, core, { ...options, drawRules });
      el.append(editor.el);
      const stop = follow(core, () => {
        body.show(core.frame());
        editor.show();
      });
      return () => {
        stop();
        body.stop();
      };
    },
  };
}

export const tableKind = kindOfTables(plainFrame);

function follow({ store }, show) {
  show();
  return store.follow(show);
}

// A constant on every logit, which changes nothing.
function drawConstant({ store, shown }) {
  const slider = make("input", {
    type: "range",
    min: 0,
    max: 100,
    step: 1,
    "aria-label": phrase("constant"),
    oninput: () => store.set({ constant: slider.valueAsNumber }),
  });
  const told = make("span", { className: "value" });
  const el = make("p", { className: "constant" }, make("label", { className: "control" }, phrase("constant"), " ", slider), told);
  return {
    el,
    show() {
      const { constant } = store.get();
      if (slider.valueAsNumber !== constant) slider.valueAsNumber = constant;
      const { table } = shown();
      told.textContent = phrase("largest_logit", { constant: `${constant}`, logit: rounded(table.values[0], 1) });
    },
  };
}
