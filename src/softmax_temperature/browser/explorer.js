// An explorer of the probabilities of tables, with all that can be in its picture.

import { phrase, rounded } from "./engine/words.js";
import { plainFrame } from "./table.js";
import { kindOfTables } from "./tables.js";
import { partsIn } from "./views/body.js";
import { drawPad, panelOfMap } from "./views/map.js";
import { make } from "./views/parts.js";
import { drawPull, drawPush, panelOfSticks } from "./views/sticks.js";

export const tableKind = kindOfTables(plainFrame, {
  above: (core) => partsIn(core, { constant: drawConstant, logits: drawPush }),
  handles: { logits: drawPull, map: drawPad },
  panels: { logits: panelOfSticks, map: panelOfMap },
});

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
