// What stands above the slider of a text: its prompt, dice and length, and what is cut.

import { asCount } from "../engine/checks.js";
import { phrase, temperatureText } from "../engine/words.js";
import { readNumber, temperatureOf } from "../store.js";
import { settingOf } from "../table.js";
import { readSeed } from "./head.js";
import { make, makeField } from "./parts.js";
import { drawSteps } from "./steps.js";

/**
 * Fill an element with what stands above the slider.
 * @param {HTMLElement} el
 * @param {Object} core As `coreOf` in text.js returns it.
 */
export function drawPrompt(el, core) {
  const { data, store, writer, check, problem } = core;
  el.classList.add("softmax-temperature-head");
  const prompt = makeField(
    phrase("prompt"),
    (text) => {
      check(text, store.get().length);
      store.set({ prompt: text, chosen: -1, taken: [] });
    },
    { tag: "textarea", rows: 1, placeholder: phrase("your_beginning"), spellcheck: false },
  );
  const seed = makeField(phrase("dice_of_text"), (text) => store.set({ seed: readSeed(text), chosen: -1 }), {
    inputMode: "numeric",
    size: 4,
  });
  const length = makeField(
    phrase("length"),
    (text) => {
      const count = asCount(readNumber(text, phrase("length")), phrase("length"), 1);
      check(store.get().prompt, count);
      store.set({ length: count });
    },
    { inputMode: "numeric", size: 4 },
  );
  const next = make("button", { type: "button", onclick: () => store.set({ seed: nextSeed(store.get().seed, data.seeds), chosen: -1 }) }, phrase("other_dice"));
  const hold = make("button", { type: "button", onclick: () => store.set({ beside: store.get().beside ? null : heldOf(store.get()) }) });
  const steps = drawSteps(core);
  const summary = make("summary");
  const cuts = make("details", { className: "cuts", open: store.get().steps.length > 1 }, summary, steps.el);
  const progress = make("span", { className: "progress" });
  const bar = make("progress", { "aria-label": phrase("writing") });
  const cancel = make("button", { type: "button", onclick: () => writer.stop() }, phrase("stop_writing"));
  const waiting = make("span", { className: "waiting", hidden: true }, bar, cancel);
  const control = ({ field }, name) => make("label", { className: "control" }, phrase(name), " ", field);
  el.replaceChildren(
    make("div", { className: "prompt-line" }, control(prompt, "prompt"), prompt.problem),
    make(
      "div",
      { className: "buttons" },
      next,
      control(seed, "dice_of_text"),
      seed.problem,
      control(length, "length"),
      length.problem,
      hold,
      writer?.stop ? waiting : progress,
    ),
    cuts,
  );
  if (problem) {
    cuts.remove();
    for (const control of [prompt.field, seed.field, length.field, next, hold]) control.disabled = true;
    prompt.problem.textContent = problem;
    prompt.tell = () => {};
    prompt.field.value = store.get().prompt;
  }

  /** @type {any} */
  let told;
  return () => {
    const { count, total } = writer?.progress() ?? { count: 1, total: 1 };
    const halted = writer?.halted?.() ?? "";
    waiting.hidden = count === total || Boolean(halted);
    Object.assign(bar, { value: count, max: total });
    progress.textContent = count < total ? phrase("written_at", { count: `${count}`, total: `${total}` }) : "";
    // What is written meanwhile leaves a field as it is, with what a reader has typed and why it was refused.
    const state = store.get();
    if (state === told) return;
    told = state;
    hold.textContent = phrase(state.beside ? "let_go_beside" : "hold_beside");
    prompt.tell(state.prompt);
    seed.tell(state.seed);
    length.tell(`${state.length}`);
    summary.textContent = cutsText(state.steps);
    steps.show({ temperature: temperatureText(temperatureOf(state), data.stops.step) });
  };
}

const heldOf = ({ T, steps }) => ({ T, steps });

/** Return the next of the explorer's seeds, or the next whole number. */
function nextSeed(seed, seeds) {
  const place = seeds.indexOf(seed);
  return place >= 0 && place + 1 < seeds.length ? seeds[place + 1] : `${BigInt(seed) + 1n}`;
}

/** Say in one line what is cut. */
function cutsText(steps) {
  const names = steps.map((step) => (step[0] === "temperature" ? phrase("temperature") : settingOf(step).join(" = ")));
  return phrase("cuts", {
    cuts: names.length === 1 ? phrase("nothing") : names.reduce((one, next) => phrase("then", { one, next })),
  });
}
