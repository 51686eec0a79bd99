// Logits on a number line: temperature stretches their gaps, and e to a gap is a height.

import { general } from "../engine/checks.js";
import { exponent } from "../engine/numbers.js";
import { phrase, rounded } from "../engine/words.js";
import { spread } from "./levels.js";
import { asTyped, checkTyped, typedOf } from "./editor.js";
import { followPointer, layOver, make } from "./parts.js";
import { inkWidth, makeShape } from "./svg.js";

// From a stick to its name, in points.
const BESIDE = 6;
const CURVE_POINTS = 100;

/**
 * Draw sticks within the axes, and return them, with a function that moves them.
 * @param {Object} line Where the axes are, as `drawing/picture.py` measures them.
 * @param {Object} shown The table, as `changed` in table.js returns it.
 * @param {(id: string) => any} find
 */
export function panelOfSticks(line, shown, find) {
  const { left, bottom, foot, full, low, colours } = line;
  const { table, shortNames, hues } = shown;
  const tall = foot - full;
  const x = acrossOf(line);
  const at = (number) => number.toFixed(2);
  const ground = makeShape("path", { class: "ground", id: "sticks-ground" });
  const curve = Array.from({ length: CURVE_POINTS + 1 }, (_, i) => (low * (CURVE_POINTS - i)) / CURVE_POINTS);
  const points = curve.map((gap) => `${at(x(gap))} ${at(foot - tall * Math.exp(gap))}`);
  ground.setAttribute("d", `M${left} ${foot}H${line.right}M${points.join("L")}`);
  const all = makeShape("g", { class: "sticks", id: "sticks" });
  const names = makeShape("g", { class: "sticknames" });
  const sticks = Array.from({ length: table.end }, (_, i) => {
    const stroke = colours[hues?.[i] ?? i];
    const [elastic, stick] = ["elastic", "stick"].map((name) => makeShape("path", { class: name, stroke }));
    const knob = makeShape("circle", { class: "knob", r: 4, cy: bottom, fill: stroke });
    const [tie, name] = [makeShape("path", { class: "tie" }), makeShape("text")];
    // Those of the likeliest lie above.
    all.prepend(elastic, stick, knob);
    names.append(tie, name);
    return { elastic, stick, knob, tie, name };
  });
  const axes = find("axes-logits");
  axes.append(ground, all, names);
  const heading = find("sticks-title").querySelector("text");
  const anchor = anchorOf(line, shown);
  axes.querySelectorAll('[id*="xtick_"]').forEach((tick, i) => {
    tick.querySelector("text").textContent = general(line.ticks[i] + anchor - line.leader, 6);
  });
  const count = Math.min(table.end, Math.floor(tall / line.line));
  const least = 0.6 * line.line;

  return { shapes: [ground, all, names], move };

  function move({ T, temperature }) {
    const gaps = sticks.map((_, i) => exponent(table.all.shifted[i], T));
    const heights = gaps.map(Math.exp);
    const total = heights.reduce((sum, height) => sum + height, 0);
    heading.textContent = phrase("sticks_title", { temperature, total: rounded(total, 2) });
    const levels = spread(heights.slice(0, count).map((height) => Math.max(tall * height - least, 0)), line.line);
    sticks.forEach(({ elastic, stick, knob, tie, name }, i) => {
      const [below, place] = [table.values[i] - anchor, gaps[i]].map(x);
      const tip = foot - tall * heights[i];
      elastic.setAttribute("d", `M${at(below)} ${bottom}L${at(place)} ${foot}`);
      stick.setAttribute("d", `M${at(place)} ${foot}V${at(tip)}`);
      knob.setAttribute("cx", at(below));
      name.style.display = tie.style.display = i < count ? "" : "none";
      if (i >= count) return;
      const isOff = gaps[i] < low;
      const text = heights[i] > 0 && rounded(heights[i], 2) === "0.00" ? "<0.01" : rounded(heights[i], 2);
      name.textContent = `${isOff ? "◂ " : ""}${shortNames[i]} ${text}`;
      const length = inkWidth(name.textContent, axes);
      // Those that are as high as the first one stand below it.
      const level = foot - Math.min(levels[i] + least, tall - i * line.line);
      const start = Math.max(place - BESIDE - length, left + 3);
      name.setAttribute("x", at(start));
      name.setAttribute("y", at(level));
      const isFar = !isOff && Math.abs(level - tip) > line.line / 4;
      tie.setAttribute("d", isFar ? `M${at(start + length + 1)} ${at(level)}L${at(place)} ${at(tip)}` : "");
    });
  }
}

/** Return where on the picture a number on the line is, which ends on the left. */
function acrossOf({ left, right, low, high }) {
  return (gap) => left + ((right - left) * (Math.max(gap, low) - low)) / (high - low);
}

// Which logit stands where the likeliest stood at first, unless what is typed is far from it.
function anchorOf({ leader, low, high, ticks }, { table, constant }) {
  const first = leader + (constant ?? 0);
  const away = table.values[0] - first;
  if (low / 2 < away && away <= high) return first;
  const step = ticks[1] - ticks[0];
  return first + Math.round(away / step) * step;
}

/**
 * Return what lies over the sticks: there they are pulled, and moved by keys.
 * @param {Object} core As `coreOf` in tables.js returns it.
 */
export function drawPull({ store, given, shown }) {
  const el = make("div", { className: "pull", role: "slider", tabIndex: 0, "aria-label": phrase("sticks_name") });
  el.dataset.lmSuppressShortcuts = "true";
  let [line, view, position, T, frame] = /** @type {any[]} */ ([]);
  let held;

  const orderOf = () => shown().table.order.subarray(0, shown().table.end);
  const logitOf = (place) => typedOf(store.get(), given())[1][place];

  function pull(place, logit) {
    const [tokens, logits] = typedOf(store.get(), given()).map((list) => [...list]);
    const leader = line.leader;
    logits[place] = Number(Math.min(Math.max(logit, leader + line.low), leader + line.high).toPrecision(6));
    checkTyped(tokens, logits);
    store.set(asTyped(tokens, logits));
  }

  // Below, a stick is held at its knob; above, where the gaps are divided by T, at itself.
  function spotOf(event) {
    const { left, top, width, height } = el.getBoundingClientRect();
    const [across, down] = [(event.clientX - left) / width, (event.clientY - top) / height];
    const isAbove = line.top + down * (line.bottom - line.top) < line.foot + 4;
    return { gap: line.low + across * (line.high - line.low), isAbove };
  }

  function press(event) {
    event.preventDefault();
    el.focus({ preventScroll: true });
    const { gap, isAbove } = spotOf(event);
    const { table } = shown();
    const anchor = anchorOf(line, shown());
    const places = Array.from(orderOf(), (_, rank) => (isAbove ? exponent(table.all.shifted[rank], T) : table.values[rank] - anchor));
    const away = places.map((place) => Math.abs(Math.max(place, line.low) - gap));
    position = orderOf()[away.indexOf(Math.min(...away))];
    const scale = isAbove && T > 0 && T < Infinity ? T : 1;
    held = { gap, scale, logit: logitOf(position) };
    show(frame);
  }

  followPointer(
    el,
    (event) => {
      const { gap } = spotOf(event);
      // To hundredths: an address has to be read.
      pull(position, Number((held.logit + (gap - held.gap) * held.scale).toFixed(2)));
    },
    press,
  );
  el.addEventListener("keydown", (event) => {
    const { key, shiftKey, ctrlKey, metaKey, altKey } = event;
    const step = { ArrowRight: 0.1, ArrowLeft: -0.1, PageUp: 1, PageDown: -1 }[key];
    const way = { ArrowUp: -1, ArrowDown: 1 }[key];
    if ((!step && !way) || ctrlKey || metaKey || altKey) return;
    event.preventDefault();
    if (step) return pull(position, Number((logitOf(position) + step * (shiftKey ? 10 : 1)).toFixed(2)));
    const order = [...orderOf()];
    const rank = Math.min(Math.max(order.indexOf(position) + (way ?? 0), 0), order.length - 1);
    position = order[rank];
    show(frame);
  });

  function show(next) {
    frame = next;
    T = frame.T;
    if (el.hidden) return;
    const { table, words } = shown();
    const order = [...orderOf()];
    let rank = order.indexOf(position);
    if (rank < 0) [rank, position] = [0, order[0]];
    const logit = general(table.values[rank], 6);
    el.setAttribute("aria-valuenow", logit);
    el.setAttribute("aria-valuetext", phrase("stick", { word: words[position].trim(), logit, share: frame.texts[rank] }));
    const knobs = el.parentElement?.querySelectorAll("[id$='-sticks'] .knob") ?? [];
    // The first one is that of the unlikeliest.
    knobs.forEach((knob, i) => knob.classList.toggle("chosen", knobs.length - 1 - i === rank));
  }

  return {
    el,
    /** Lay it over the sticks of a layout. */
    place({ logits }, drawn) {
      el.hidden = !logits || !drawn || !given().tokens;
      if (el.hidden) return;
      [line, view] = [logits, drawn];
      el.setAttribute("aria-valuemin", general(line.leader + line.low, 6));
      el.setAttribute("aria-valuemax", general(line.leader + line.high, 6));
      // Knobs are grabbed at their lower half, too.
      layOver(el, { ...line, bottom: line.bottom + 8 }, view);
    },
    show,
  };
}

/** Return the buttons that push all logits, and bring them back. */
export function drawPush({ store, shown, given }) {
  const push = make("button", { type: "button", "aria-pressed": "false", onclick: () => store.set({ constant: store.get().constant ? 0 : 100 }) }, phrase("push_all"));
  const reset = make("button", { type: "button", onclick: () => store.set({ tokens: null, logits: null, constant: 0 }) }, phrase("as_it_was"));
  const told = make("span", { className: "value" });
  return {
    el: make("p", { className: "constant" }, push, reset, told),
    show() {
      const { constant, tokens } = store.get();
      push.setAttribute("aria-pressed", `${constant > 0}`);
      reset.disabled = !tokens && !constant;
      told.textContent = phrase("largest_logit", { constant: `${constant}`, logit: rounded(shown().table.values[0], 1) });
    },
  };
}
