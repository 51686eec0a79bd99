// The forest: many texts as rows of cells tinted by surprise, for one setting or two side by side.

import { phrase, rounded } from "../engine/words.js";
import { make } from "./parts.js";
import { makeShape } from "./svg.js";
import { levelOf } from "./tints.js";

/**
 * Return the forest, closed at first: it takes a while to write.
 * @param {Object} core As `coreOf` in text.js returns it.
 */
export function drawForest({ store, forest, parts, settingText }) {
  const read = make("p", { className: "read" }, phrase("forest_read"));
  const panels = [0, 1].map(makePanel);
  const el = make(
    "details",
    { className: "forest", ontoggle: () => forest.open(el.open) },
    make("summary", {}, phrase("forest_title", { count: `${forest.seeds().length}` })),
    make("div", { className: "panels" }, ...panels.map((panel) => panel.el)),
    read,
  );
  forest.follow(show);

  function show() {
    if (!el.open) return;
    const [settings, rows] = [forest.settings(), forest.rows()];
    panels.forEach((panel, i) => panel.show(settings[i], rows[i] ?? []));
  }

  function makePanel() {
    const title = make("p", { className: "title" });
    const paths = [0, 1, 2, 3, 4].map((level) => makeShape("path", { class: `level-${level}` }));
    const mark = makeShape("path", { class: "pointed" });
    const svg = makeShape("svg", { "aria-hidden": "true", preserveAspectRatio: "none" });
    svg.append(...paths, mark);
    const pad = make("div", { className: "rows", role: "slider", tabIndex: 0 }, svg);
    pad.dataset.lmSuppressShortcuts = "true";
    /** @type {any[]} */
    let texts = [];
    let at = -1;

    function point(/** @type {number} */ row) {
      at = row;
      const text = texts[row];
      const seed = forest.seeds()[row];
      mark.setAttribute("d", text ? `M0 ${row}H${store.get().length}V${row + 1}H0Z` : "");
      if (!text) return;
      const told = phrase("forest_row", { seed, text: text.pieces.join("").trimStart() });
      read.textContent = told;
      pad.setAttribute("aria-valuenow", `${row + 1}`);
      pad.setAttribute("aria-valuetext", told);
    }

    const rowOf = ({ clientY }) => {
      const { top, height } = pad.getBoundingClientRect();
      return Math.floor((texts.length * (clientY - top)) / height);
    };
    pad.addEventListener("pointermove", (event) => point(rowOf(event)));
    pad.addEventListener("keydown", (event) => {
      const last = texts.length - 1;
      const goals = { ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1, Home: 0, End: last };
      if (!Object.hasOwn(goals, event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      point(Math.min(Math.max(goals[event.key], 0), last));
    });

    return {
      el: make("div", {}, title, pad),
      show(setting, rows) {
        title.parentNode.hidden = !setting;
        if (!setting) return;
        const [{ length }, seeds] = [store.get(), forest.seeds()];
        texts = seeds.map((_, row) => parts(rows[row] ?? []));
        svg.setAttribute("viewBox", `0 0 ${length} ${texts.length}`);
        const boxes = ["", "", "", "", ""];
        texts.forEach(({ bits }, row) => bits.forEach((own, i) => (boxes[levelOf(own)] += `M${i} ${row + 0.05}h1v.9h-1z`)));
        paths.forEach((path, level) => path.setAttribute("d", boxes[level]));
        const all = texts.flatMap(({ bits }) => bits);
        const mean = all.length ? phrase("mean_bits", { bits: rounded(all.reduce((sum, own) => sum + own, 0) / all.length, 1) }) : "";
        title.textContent = [settingText(setting), mean].filter(Boolean).join(": ");
        pad.setAttribute("aria-label", phrase("forest_name", { setting: title.textContent }));
        pad.setAttribute("aria-valuemin", "1");
        pad.setAttribute("aria-valuemax", `${texts.length}`);
        pad.setAttribute("aria-valuenow", `${Math.max(at, 0) + 1}`);
        mark.setAttribute("d", "");
      },
    };
  }

  return el;
}
