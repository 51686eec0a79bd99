// The steps of a sampler as a list that is read downwards: each cut with its knob, moved by its handle
// or by keys, beside what it leaves; another cut, and the steps of an engine, from menus.

import { general } from "../engine/checks.js";
import { PRESETS, TRUNCATIONS, isOff, preset } from "../engine/cuts.js";
import { phrase, rounded } from "../engine/words.js";
import { readNumber } from "../store.js";
import { make, makeField, makeMenu } from "./parts.js";

/** Return the steps of an engine as a state holds them, and its temperature. */
export function stepsOfPreset(name) {
  const steps = preset(name).map(([step, value]) => [step, step === "temperature" ? null : value]);
  return { T: PRESETS[name].temperature, steps };
}

/**
 * Return the list and its menus, and a function that shows a state in them.
 * @param {Object} core As `coreOf` in tables.js returns it.
 */
export function drawSteps({ data, store, given }) {
  const list = make("ol", { className: "steps", "aria-label": phrase("steps") });
  const methods = Object.keys(data.knobs);
  const { menu: cuts, line: cutLine } = makeMenu(
    phrase("add_cut"),
    ["", ...methods.map((name) => phrase(name))],
    (place) => {
      cuts.selectedIndex = 0;
      if (place) set([...store.get().steps, [methods[place - 1], data.knobs[methods[place - 1]].usual]]);
    },
  );
  const engines = Object.keys(PRESETS);
  const { menu: presets, line: presetLine } = makeMenu(phrase("engine"), ["", ...engines], (place) => {
    presets.selectedIndex = 0;
    if (place) store.set(stepsOfPreset(engines[place - 1]));
  });
  const el = make("div", { className: "sampler" }, list, make("div", { className: "buttons" }, cutLine, presetLine));
  const said = make("div", { className: "aloud", role: "status" });
  el.append(said);
  const set = (steps) => store.set({ steps });
  const change = (place, value) => set(store.get().steps.map((step, i) => (i === place ? [step[0], value] : step)));
  const remove = (place) => {
    set(store.get().steps.filter((_, i) => i !== place));
    cuts.focus();
  };
  let rows = [];
  let order = "";

  function move(from, to) {
    const steps = [...store.get().steps];
    if (to < 0 || to >= steps.length || to === from) return;
    const [step] = steps.splice(from, 1);
    steps.splice(to, 0, step);
    set(steps);
    rows[to].handle.focus();
    said.textContent = phrase("moved_aloud", { name: phrase(step[0]), place: `${to + 1}`, count: `${steps.length}` });
  }

  // The handle is held, and the row goes where the pointer is.
  function dragged(place, event) {
    if (event.button) return;
    const { pointerId } = event;
    let now = place;
    list.setPointerCapture(pointerId);
    const follow = ({ clientY }) => {
      const to = rows.findIndex(({ row }) => clientY < row.getBoundingClientRect().bottom);
      const goal = to < 0 ? rows.length - 1 : to;
      if (goal === now) return;
      move(now, goal);
      now = goal;
    };
    const end = () => {
      list.removeEventListener("pointermove", follow);
      for (const name of ["pointerup", "pointercancel"]) list.removeEventListener(name, end);
    };
    list.addEventListener("pointermove", follow);
    for (const name of ["pointerup", "pointercancel"]) list.addEventListener(name, end);
    event.preventDefault();
    rows[place].handle.focus();
  }

  function rowOf([name], place) {
    const title = phrase(name);
    const handle = make(
      "button",
      {
        type: "button",
        className: "handle",
        "aria-label": phrase("move_step", { name: title }),
        title: phrase("move_step", { name: title }),
        onpointerdown: (event) => dragged(place, event),
        onkeydown: (event) => {
          const way = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 }[event.key];
          if (!way || event.ctrlKey || event.metaKey || event.altKey) return;
          event.preventDefault();
          move(place, place + way);
        },
      },
      "⠿",
    );
    const left = make("span", { className: "left" });
    const row = make("li", {}, handle, make("span", { className: "name" }, title));
    list.append(row);
    if (name === "temperature") {
      const value = make("span", { className: "value" });
      row.append(value, make("span"), left);
      return { row, handle, left, show: (_, text) => (value.textContent = text) };
    }
    const { stops } = data.knobs[name];
    const slider = make("input", {
      type: "range",
      min: 0,
      max: stops.length - 1,
      step: 1,
      "aria-label": title,
      oninput: () => change(place, stops[slider.valueAsNumber]),
    });
    const take = (text) => {
      const off = /^\s*(off|none|)\s*$/i.test(text) || text.trim() === phrase("off");
      const number = off ? null : readNumber(text, title);
      change(place, isOff(name, number) ? null : TRUNCATIONS[name].check(number, title));
    };
    const { field, problem, tell } = makeField(phrase("value_of", { name: title }), take, { size: 6, inputMode: "decimal" });
    const away = make(
      "button",
      { type: "button", className: "away", "aria-label": phrase("remove_step", { name: title }), onclick: () => remove(place) },
      "✕",
    );
    row.append(slider, field, left, away, problem);
    return {
      row,
      handle,
      left,
      show(value) {
        const text = value === null ? phrase("off") : general(value, 6);
        tell(text);
        const near = nearest(stops, value);
        if (slider.valueAsNumber !== near) slider.valueAsNumber = near;
        slider.setAttribute("aria-valuetext", text);
      },
    };
  }

  function show(frame) {
    const { steps } = store.get();
    const names = steps.map(([name]) => name).join();
    if (names !== order) {
      const focused = rows.findIndex(({ row }) => row.contains(document.activeElement));
      list.replaceChildren();
      rows = steps.map(rowOf);
      order = names;
      rows[focused]?.handle.focus();
    }
    steps.forEach(([name, value], i) => {
      rows[i].show(value, frame.temperature);
      const isTold = name !== "temperature" && frame.left;
      const { left } = rows[i];
      left.textContent = isTold ? phrase("left", { kept: rounded(frame.left[i], 0, true) }) : "";
      if (!frame.left) return;
      // A funnel, on the scale of the picture.
      const [kept, all] = [frame.left[i], frame.total].map((count) => (given().ranks ? Math.log(1 + count) : count));
      left.style.setProperty("--part", `${(100 * kept) / all}%`);
    });
  }

  return { el, show };
}

/** Return the stop nearest to a setting. */
export function nearest(stops, value) {
  if (value === null) return stops.indexOf(null);
  const far = stops.map((stop) => (stop === null ? Infinity : Math.abs(stop - value)));
  return far.indexOf(Math.min(...far));
}
