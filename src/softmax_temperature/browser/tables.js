// What explorers of tables share: a state, what is shown of it, and the views that show it.

import { temperatureText } from "./engine/words.js";
import { isSame, storeOf, temperatureOf } from "./store.js";
import { changed, readTables } from "./table.js";
import { drawBody } from "./views/body.js";
import { drawEditor } from "./views/editor.js";
import { drawHead } from "./views/head.js";

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
 * @param {Object} own What a kind has of its own: what stands above, handles over the picture and panels in it, by
 * the names of parts, and rules.
 * @param {(core: Object) => { el: Node, show: (frame: any) => void }[]} own.above
 * @param {Record<string, any>} [own.handles]
 * @param {Record<string, any>} [own.panels]
 * @param {any} [own.drawRules]
 */
export function kindOfTables(makeFrame, { above, ...inPicture }) {
  return {
    coreOf: (data, state, send) => coreOf(makeFrame, data, state, send),
    head(el, core) {
      const more = above(core);
      const show = drawHead(el, core, more.map((part) => part.el));
      return follow(core, () => {
        const frame = core.frame();
        show(frame);
        for (const part of more) part.show(frame);
      });
    },
    body(el, core, options) {
      const editor = drawEditor(core);
      const body = drawBody(el, core, { ...options, ...inPicture });
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

function follow({ store }, show) {
  show();
  return store.follow(show);
}
