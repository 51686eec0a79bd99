// A curve that a reader draws, by pointer or by five handles, before the true one is laid over it.

import { phrase, rounded, temperatureText } from "./engine/words.js";
import { followPointer, layOver, make } from "./views/parts.js";
import { makeImage, makeShape, readPicture } from "./views/svg.js";

const HANDLES = 5;
// Where it is not said what the curve has at temperature 1.
const MIDDLE = 0.5;

/**
 * How far two curves are apart, and where most.
 * @param {number[]} drawn
 * @param {number[]} shares
 */
export function apartOf(drawn, shares) {
  const gaps = drawn.map((value, i) => Math.abs(value - shares[i]));
  return { mean: gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length, most: gaps.indexOf(Math.max(...gaps)) };
}

/**
 * Put values on a curve, with straight lines to what stays of it.
 * @param {number[]} curve
 * @param {[number, number][]} points Places and values, of which the first and the last may stay.
 */
export function bend(curve, points) {
  const bent = [...curve];
  for (let i = 1; i < points.length; i++) {
    const [[from, start], [to, end]] = [points[i - 1], points[i]];
    const step = Math.sign(to - from);
    for (let k = from; k !== to; k += step) bent[k] = start + ((end - start) * (k - from)) / (to - from);
  }
  const [last, value] = points[points.length - 1];
  bent[last] = value;
  return bent;
}

/**
 * Put what is asked into an element. What comes back shows a drawn curve in it, given by its handles, or none.
 * @param {HTMLElement} el
 * @param {Object} data As `explorers/prediction.py` makes it.
 * @param {(drawn: number[]) => void} onDrawn
 */
export function predict(el, { text, first, last, shares, given, colour, layouts }, onDrawn = (_) => {}) {
  el.classList.add("softmax-temperature-question", "prediction", "softmax-temperature");
  const end = shares.length - 1;
  const places = Array.from({ length: HANDLES }, (_, i) => (end * i) / (HANDLES - 1));
  const temperatureAt = (place) => temperatureText(Number((first + ((last - first) * place) / end).toPrecision(12)));
  let curve = shares.map(() => given ?? MIDDLE);
  let [isDrawn, isShown] = [false, false];
  /** @type {any} */
  let layout;
  let parts;

  const picture = make("div", { className: "picture" });
  const pad = make("div", { className: "pad" });
  const handles = places.map((place, i) => handleOf(place, i));
  const button = make("button", { type: "button", onclick: () => isDrawn && !isShown && reveal() }, phrase("show_the_curve"));
  const verdict = make("p", { role: "status" });
  const key = make("p", { className: "key", hidden: true });
  for (const name of ["your_curve", "true_curve"]) {
    const line = make("span", { className: name, "aria-hidden": "true" });
    if (name === "true_curve") line.style.borderColor = colour;
    key.append(make("span", {}, line, phrase(name)));
  }
  const told = make("div", { className: "unseen" });
  const group = make("div", { role: "group", "aria-label": text }, picture);
  el.replaceChildren(make("p", { className: "asked" }, text), group, make("div", { className: "below" }, button, key), verdict, told);

  function handleOf(place, number) {
    const handle = make("div", { className: "handle", role: "slider", tabIndex: 0 });
    handle.setAttribute("aria-label", phrase("drawn_at", { temperature: temperatureAt(place) }));
    for (const [name, value] of [["min", 0], ["max", 1]]) handle.setAttribute(`aria-value${name}`, value);
    handle.setAttribute("aria-orientation", "vertical");
    handle.dataset.lmSuppressShortcuts = "true";
    // Straight lines to the handles beside it.
    const put = (value) => {
      const share = Number(Math.min(Math.max(value, 0), 1).toFixed(3));
      const beside = [places[number - 1], place, places[number + 1]].filter((other) => other !== undefined);
      draw(bend(curve, beside.map((other) => [other, other === place ? share : curve[other]])));
    };
    followPointer(handle, (event) => put(shareAt(event)));
    handle.addEventListener("keydown", (event) => {
      const { key: name, shiftKey, ctrlKey, metaKey, altKey } = event;
      const [step, value] = [shiftKey ? 0.1 : 0.01, curve[place]];
      const goals = {
        ArrowUp: value + step,
        ArrowRight: value + step,
        ArrowDown: value - step,
        ArrowLeft: value - step,
        PageUp: value + 0.1,
        PageDown: value - 0.1,
        Home: 0,
        End: 1,
      };
      if (!(name in goals) || ctrlKey || metaKey || altKey) return;
      event.preventDefault();
      put(goals[name]);
    });
    return handle;
  }

  function shareAt({ clientY }) {
    const { top, height } = pad.getBoundingClientRect();
    return 1 - (clientY - top) / height;
  }

  // Drawn freely: what the pointer passes takes its height.
  let before;
  const stroke = (event) => {
    const { left, width } = pad.getBoundingClientRect();
    const within = (number) => Math.min(Math.max(number, 0), 1);
    const place = Math.round(within((event.clientX - left) / width) * end);
    const share = within(shareAt(event));
    draw(bend(curve, before ? [before, [place, share]] : [[place, share]]));
    before = [place, share];
  };
  followPointer(pad, stroke, (event) => {
    before = undefined;
    stroke(event);
  });

  function draw(next) {
    if (isShown) return;
    [curve, isDrawn] = [next, true];
    paint();
  }

  function reveal() {
    isShown = true;
    paint();
    onDrawn(places.map((place) => curve[place]));
  }

  function fit() {
    const isNarrow = el.clientWidth > 0 && el.clientWidth < 0.9 * layouts[0].width;
    const fitting = layouts[isNarrow ? 1 : 0];
    if (fitting === layout) return;
    layout = fitting;
    const root = readPicture(layout.svg);
    const { name } = makeImage(root);
    name.textContent = text;
    const [area, mine, truth] = ["area", "mine", "truth"].map((kind) => makeShape("path", { class: kind }));
    truth.style.stroke = colour;
    const axes = root.querySelector('[id$="axes-drawn"]');
    axes.insertBefore(area, axes.children[1] ?? null);
    // No line crosses what is given.
    const label = root.querySelector('[id$="given-label-0"]');
    axes.append(truth, mine, ...(label ? [label] : []));
    parts = { area, mine, truth };
    picture.replaceChildren(root, pad, ...handles);
    picture.style.maxWidth = `${1.15 * layout.width}px`;
    const { left, right, top, bottom } = layout.edges;
    layOver(pad, { left, right, top, bottom }, root.viewBox.baseVal);
    paint();
  }

  function paint() {
    if (!layout) return;
    const { left, right, top, bottom } = layout.edges;
    const spot = (value, i) => `${(left + ((right - left) * i) / end).toFixed(2)} ${(bottom - (bottom - top) * value).toFixed(2)}`;
    const [own, real] = [curve, shares].map((values) => values.map(spot));
    parts.mine.setAttribute("d", `M${own.join("L")}`);
    parts.truth.setAttribute("d", isShown ? `M${real.join("L")}` : "");
    parts.area.setAttribute("d", isShown ? `M${own.join("L")}L${[...real].reverse().join("L")}Z` : "");
    const { width, height } = picture.firstChild.viewBox.baseVal;
    handles.forEach((handle, i) => {
      const [x, y] = spot(curve[places[i]], places[i]).split(" ").map(Number);
      Object.assign(handle.style, { left: `${(100 * x) / width}%`, top: `${(100 * y) / height}%` });
      handle.setAttribute("aria-valuenow", rounded(curve[places[i]], 3));
      handle.setAttribute("aria-valuetext", phrase("drawn_text", { share: rounded(curve[places[i]], 2), temperature: temperatureAt(places[i]) }));
      handle.setAttribute("aria-disabled", `${isShown}`);
    });
    el.classList.toggle("shown", isShown);
    key.hidden = !isShown;
    button.setAttribute("aria-disabled", `${!isDrawn || isShown}`);
    const { mean, most } = apartOf(curve, shares);
    const gaps = { mean: rounded(mean, 2), temperature: temperatureAt(most), drawn: rounded(curve[most], 2), true: rounded(shares[most], 2) };
    const said = isShown ? phrase("how_far", gaps) : isDrawn ? "" : phrase("draw_first");
    if (verdict.textContent !== said) verdict.textContent = said;
    told.replaceChildren(...(isShown ? [tableOf()] : []));
  }

  // Both curves in numbers, for those who cannot see them.
  function tableOf() {
    const row = (tag, texts) => make("tr", {}, ...texts.map((cell) => make(tag, tag === "th" ? { scope: "col" } : {}, cell)));
    const heads = ["temperature_column", "your_curve", "true_curve"].map((name) => phrase(name));
    const rows = places.map((place) => row("td", [temperatureAt(place), rounded(curve[place], 2), rounded(shares[place], 2)]));
    return make("table", {}, make("caption", {}, text), make("thead", {}, row("th", heads)), make("tbody", {}, ...rows));
  }

  new ResizeObserver(() => requestAnimationFrame(fit)).observe(el);
  fit();
  return (drawn) => {
    if (drawn === null ? !isShown : isShown && places.every((place, i) => drawn[i] === curve[place])) return;
    [isDrawn, isShown] = [drawn !== null, drawn !== null];
    curve = drawn ? bend(curve, places.map((place, i) => [place, drawn[i]])) : shares.map(() => given ?? MIDDLE);
    paint();
  };
}

export const prediction = {
  render({ model, el }) {
    const show = predict(el, model.get("_curve"), (drawn) => {
      model.set("drawn", drawn);
      model.save_changes();
    });
    const follow = () => show(model.get("drawn"));
    follow();
    model.on("change:drawn", follow);
    return () => model.off("change:drawn", follow);
  },
};
