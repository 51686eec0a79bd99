// The settings of an engine: written for a sampler's steps, to be copied, and read from what is pasted.

import { readConfig, writeConfig } from "../engine/configs.js";
import { PRESETS } from "../engine/cuts.js";
import { phrase } from "../engine/words.js";
import { asHeld, isSame, temperatureOf } from "../store.js";
import { make, makeField, makeMenu, whenAtRest } from "./parts.js";

/**
 * Return a part to be opened, and a function that shows a state in it.
 * @param {Object} core As `coreOf` in tables.js returns it.
 */
export function drawConfigs({ store }) {
  const engines = Object.keys(PRESETS);
  const { menu, line } = makeMenu(phrase("which_engine"), engines, (place) => {
    settings.field.setAttribute("aria-label", phrase("settings_text", { engine: engines[place] }));
    // What was refused is read again, as this engine would.
    if (settings.field.hasAttribute("aria-invalid")) settings.readAgain();
    else show();
  });
  // What was read last, and what it did not take over: that is told until other steps are set.
  let read = { steps: "", notes: [] };
  const settings = makeField(phrase("settings_text", { engine: engines[0] }), take, { tag: "textarea", rows: 2, spellcheck: false });
  const { field, problem } = settings;
  const notes = make("div", { className: "notes" });
  const aloud = make("div", { className: "aloud", role: "status" });
  const el = make(
    "details",
    { className: "configs", ontoggle: () => show() },
    make("summary", {}, phrase("settings_of_engine")),
    make("div", { className: "buttons" }, line, make("span", {}, phrase("paste_or_copy"))),
    field,
    problem,
    notes,
    aloud,
  );
  const rest = whenAtRest((text) => (aloud.textContent = text));

  // All of it is chosen by the first click, so that it can be copied; the next one puts the cursor.
  let isFresh = false;
  field.addEventListener("focus", () => (isFresh = true));
  field.addEventListener("click", () => {
    if (isFresh && !field.hasAttribute("aria-invalid")) field.select();
    isFresh = false;
  });

  function take(text) {
    const { chain, notes } = readConfig(text, engines[menu.selectedIndex]);
    const temperatures = chain.filter(([name]) => name === "temperature");
    if (temperatures.length > 1) throw new RangeError(phrase("one_temperature_only", { count: `${temperatures.length}` }));
    if (!temperatures.length) {
      chain.push(["temperature", 1]);
      notes.push(phrase("no_temperature_set"));
    }
    const steps = chain.map(([name, value]) => [name, name === "temperature" ? null : value]);
    const T = asHeld((temperatures[0] ?? chain.at(-1))[1]);
    read = { steps: JSON.stringify([T, steps]), notes };
    store.set({ T, steps });
    show();
  }

  function show() {
    if (!el.open) return;
    const state = store.get();
    const engine = engines[menu.selectedIndex];
    const chain = state.steps.map(([name, value]) => [name, name === "temperature" ? temperatureOf(state) : value]);
    let written;
    try {
      written = writeConfig(chain.filter(([, value]) => value !== null), engine);
    } catch (error) {
      written = { text: "", notes: [phrase("cannot_be_settings", { engine, problem: error.message })] };
    }
    settings.tell(written.text);
    const isRead = read.steps === JSON.stringify([state.T, state.steps]);
    const said = [...new Set([...(isRead ? read.notes : []), ...written.notes])];
    if (isSame(said, [...notes.children].map((note) => note.textContent))) return;
    notes.replaceChildren(...said.map((note) => make("p", {}, note)));
    rest.wait(said.join(" "));
  }

  return { el, show };
}
