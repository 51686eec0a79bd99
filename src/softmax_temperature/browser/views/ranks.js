// The cuts of a sampler in its picture: lines, edges and bands in a chart of probability against rank,
// or on bars where tokens are few, each dragged by the pointer and moved by keys.

import { general } from "../engine/checks.js";
import { logShares, valueAt, valueBeside } from "../engine/rules.js";
import { phrase, probabilityText, rounded } from "../engine/words.js";
import { placeLabels } from "./labels.js";
import { followPointer, make, uniquePrefix } from "./parts.js";
import { inkWidth, makeImage, makeShape, readPicture } from "./svg.js";

// As drawing/rules.py has them.
const RULE_COLOURS = {
  top_k: "#029e73",
  top_p: "#0173b2",
  min_p: "#d55e00",
  typical_p: "#b0763f",
  top_n_sigma: "#bd62aa",
  epsilon_cutoff: "#949494",
  eta_cutoff: "#8f8000",
};
const RULE_DASHES = {
  typical_p: "9.6 3.2 2.4 3.2",
  top_n_sigma: "9.6 4.8",
  epsilon_cutoff: "2.4 3.2",
  eta_cutoff: "6.4 2.4",
};
const LABEL_HEIGHT = 11;
const FIRST_STEPS = 40;

/**
 * Draw the cuts in a rank chart, where a table has one, and else on its bars.
 * @param {Object} what The layouts of both, the picture of the bars, the table, and the explorer's core.
 */
export function drawRules({ layout, rankLayout, bars, shown, core }) {
  return rankLayout ? drawRanks(rankLayout, shown, core) : drawBarRules(layout, bars, shown, core);
}

/**
 * Build a rank chart, with a function that moves it.
 * @param {Object} layout As `drawing/ranks.py` makes it.
 * @param {Object} shown The table, as `changed` in table.js returns it.
 * @param {Object} core As `coreOf` in tables.js returns it.
 */
function drawRanks(layout, shown, { store }) {
  const { edges, ranks, powers, stations } = layout;
  const { left, right, top, bottom } = edges;
  const { table } = shown;
  const root = readPicture(layout.svg);
  const heading = root.querySelector('[id="title"] text');
  if (!heading) throw new TypeError(phrase("damaged_picture"));
  const { name: title, description: told } = makeImage(root);
  const view = root.viewBox.baseVal;
  const [start, span] = [Math.log(ranks[0]), Math.log(ranks[1] / ranks[0])];
  const [low, high] = powers.map((power) => power * Math.LN10);
  const x = (edge) => left + ((right - left) * (Math.log(edge) - start)) / span;
  const y = (level) => bottom - ((bottom - top) * (Math.min(Math.max(level, low), high) - low)) / (high - low);

  const area = { left, right, top, bottom };
  const ground = {
    area,
    view,
    room: boxOf(area),
    isLog: true,
    // Where the line below a rank stands, and a level.
    spot: (edge, level) => [x(edge + 0.5), y(level)],
    read: (px, py) => [
      Math.exp(start + (span * (px - left)) / (right - left)) - 0.5,
      low + ((high - low) * (bottom - py)) / (bottom - top),
    ],
    areaOf({ first, end, T }) {
      const points = pathOf(logShares(table, T), first, end);
      return `${points}V${bottom}H${x(first + 0.5).toFixed(2)}Z`;
    },
  };
  const marks = drawMarks(ground, root, store);
  const before = makeShape("path", { class: "curve before" });
  const curve = makeShape("path", { class: "curve" });
  const kept = makeShape("path", { class: "curve kept" });
  const names = [0, 1].map(() => makeShape("text", { class: "curvename" }));
  marks.under.after(before, curve, kept);
  root.append(...names);

  // Steps of the first tokens, then a line, down to where the picture ends.
  function pathOf(share, first, end) {
    const points = [];
    let isStep = true;
    const add = (rank) => {
      const level = share(rank - 1);
      const at = y(level).toFixed(2);
      if (rank <= FIRST_STEPS) points.push(`${points.length ? "V" : `M${x(first + 0.5).toFixed(2)} `}${at}H${x(rank + 0.5).toFixed(2)}`);
      else points.push(`${points.length ? "L" : "M"}${x(rank).toFixed(2)} ${at}`);
      isStep = rank <= FIRST_STEPS;
      return level > low;
    };
    for (const rank of stations) {
      if (rank <= first) continue;
      if (rank > end || !add(rank)) break;
    }
    const last = share(end - 1);
    if (last > low && !stations.includes(end)) add(end);
    if (last > low && !isStep) points.push(`H${x(end + 0.5).toFixed(2)}`);
    return points.join("");
  }

  function move(frame) {
    const { T, rules, row } = frame;
    const others = [...new Set(rules.map((rule) => rule.T))].filter((other) => other !== T);
    const curves = [T, ...others].map((t) => [t, logShares(table, t)]);
    curve.setAttribute("d", pathOf(curves[0][1], 0, table.end));
    kept.setAttribute("d", pathOf(curves[0][1], row.first, row.end));
    before.setAttribute("d", others.length ? pathOf(curves[1][1], 0, table.end) : "");
    heading.textContent = title.textContent = frame.title;
    told.textContent = frame.caption;
    // Above the first step of the higher curve, and below that of the other.
    const ranked = [...curves].sort(([, one], [, other]) => other(0) - one(0));
    const solids = names.map((label, i) => {
      label.style.display = i < ranked.length ? "" : "none";
      if (i >= ranked.length) return undefined;
      const [t, share] = ranked[i];
      label.textContent = phrase("panel_title", { temperature: t === T ? frame.temperature : rounded(t, 2) });
      const base = y(share(0)) + (i ? 11 : -4);
      label.setAttribute("transform", `translate(${left + 4} ${base})`);
      return [left + 4, base - 9, left + 4 + inkWidth(label.textContent, root), base + 2];
    });
    // No label stands below a curve.
    const columns = 40;
    for (let i = 0; i < columns; i++) {
      const from = left + ((x(table.end + 0.5) - left) * i) / columns;
      const rank = Math.min(Math.max(Math.floor(Math.exp(start + (span * (from - left)) / (right - left)) + 0.5), 1), table.end);
      const highest = Math.max(...curves.map(([, share]) => share(rank - 1)));
      solids.push([from, y(highest), from + (right - left) / columns, bottom]);
    }
    marks.move(frame, solids.filter(Boolean));
  }

  return { parts: [root, ...marks.parts], move };
}

/**
 * Lay the cuts over bars of which each token has one.
 * @param {Object} layout As `drawing/picture.py` makes it.
 * @param {any} bars The picture itself.
 * @param {Object} shown
 * @param {Object} core
 */
function drawBarRules(layout, bars, shown, { store }) {
  const { upright, foot, end, key } = layout.bars;
  const { table } = shown;
  const sides = shown.names.map((_, i) => {
    const numbers = bars.querySelector(`[id$="-bar-${i}"] path`).getAttribute("d").match(/-?[\d.]+/g).map(Number);
    const across = numbers.filter((_, k) => k % 2 === (upright ? 0 : 1));
    return [Math.min(...across), Math.max(...across)];
  });
  const wide = sides[0][1] - sides[0][0];
  const apart = sides.length > 1 ? sides[1][0] - sides[0][0] : 1.25 * wide;
  const origin = (sides[0][0] + sides[0][1]) / 2 - apart / 2;
  const last = origin + apart * sides.length;
  const length = end - foot;
  const along = (share) => foot + length * Math.min(Math.max(share, 0), 1);
  const point = (across, share) => (upright ? [across, along(share)] : [along(share), across]);
  const [from, to] = [Math.min(origin, last), Math.max(origin, last)];
  const area = upright
    ? { left: from, right: to, top: end, bottom: foot }
    : { left: foot, right: end, top: from, bottom: to };
  const root = makeShape("svg", { class: "rules", "aria-hidden": "true" });
  root.setAttribute("viewBox", bars.getAttribute("viewBox"));
  const view = bars.viewBox.baseVal;
  const ground = {
    area,
    view,
    upright,
    key,
    // Beyond the bars there is room for the number of a full one.
    room: upright ? [from, end - 14, to, foot] : [foot, from, view.width - 4, to],
    spot: (edge, level) => point(origin + apart * edge, Math.exp(level)),
    read(px, py) {
      const [across, share] = upright ? [px, (py - foot) / length] : [py, (px - foot) / length];
      return [(across - origin) / apart, Math.log(Math.max(share, 1e-9))];
    },
    // The running sum of what top-p is given, a step a bar.
    stepsOf({ before, T }) {
      const share = logShares(table, T);
      const weights = Array.from({ length: before.end - before.first }, (_, i) => Math.exp(share(before.first + i)));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      let sum = 0;
      return weights.map((weight, i) => {
        sum += weight / total;
        return [0, 1].map((more) => point(origin + apart * (before.first + i + more), sum));
      });
    },
  };
  const marks = drawMarks(ground, root, store);
  const before = makeShape("path", { class: "curve before" });
  const name = makeShape("text", { class: "curvename" });
  marks.under.after(before);
  root.append(name);

  function move(frame) {
    const { T, rules, shares, outlines, texts } = frame;
    const other = rules.find((rule) => rule.T !== T)?.T;
    const share = other === undefined ? undefined : logShares(table, other);
    const ends = sides.map((_, i) => Math.max(shares[i], outlines[i], share ? Math.exp(share(i)) : 0));
    before.setAttribute(
      "d",
      share
        ? sides
            .map((pair, i) => (i < table.end ? `M${point(pair[0], Math.exp(share(i))).join(" ")}L${point(pair[1], Math.exp(share(i))).join(" ")}` : ""))
            .join("")
        : "",
    );
    /** @type {any[]} */
    const solids = sides.flatMap(([start, stop], i) => {
      const [one, two] = [point(start, 0), point(stop, ends[i])];
      const bar = upright ? [one[0], two[1], two[0], one[1]] : [one[0], one[1], two[0], two[1]];
      // Its number stands beyond it, upright ones in the middle and a little larger.
      const width = inkWidth(texts[i], root) * (upright ? 1.2 : 1);
      const [x, y] = point((start + stop) / 2, shares[i]);
      return [bar, upright ? [x - width / 2, y - 14, x + width / 2, y - 3] : [x + 3, y - 6, x + 3 + width, y + 6]];
    });
    if (key) solids.push(key);
    name.style.display = share ? "" : "none";
    if (share) {
      name.textContent = phrase("panel_title", { temperature: rounded(other, 2) });
      const width = inkWidth(name.textContent, root);
      const [px, py] = point(sides[0][1], Math.exp(share(0)));
      const [corner] = placeLabels([[px, py, width, LABEL_HEIGHT]], /** @type {any} */ (ground.room), solids, []);
      name.style.display = corner ? "" : "none";
      if (corner) {
        name.setAttribute("transform", `translate(${corner[0]} ${corner[1] + 8.5})`);
        solids.push([corner[0], corner[1], corner[0] + width, corner[1] + LABEL_HEIGHT]);
      }
    }
    marks.move(frame, solids);
  }

  return { parts: [root, ...marks.parts], move };
}

/** @type {(area: any) => import("./labels.js").Box} */
const boxOf = ({ left, right, top, bottom }) => [left, top, right, bottom];

// Lines, knobs and labels of rules, and what lies over the lines to be dragged.
function drawMarks(ground, root, store) {
  const { area, view, isLog, upright, key } = ground;
  const { left, right, top, bottom } = area;
  const [under, middle, over] = [makeShape("g"), makeShape("g"), makeShape("g")];
  root.append(under, middle, over);
  if (key) {
    // No line goes through the picture's key.
    const [x0, y0, x1, y1] = key;
    const id = `${uniquePrefix()}clip`;
    const { width, height } = view;
    const d = `M0 0H${width}V${height}H0ZM${x0} ${y0}V${y1}H${x1}V${y0}Z`;
    const clip = makeShape("clipPath", { id });
    clip.append(makeShape("path", { d, "clip-rule": "evenodd" }));
    root.prepend(clip);
    for (const group of [under, middle]) group.setAttribute("clip-path", `url(#${id})`);
  }
  const holds = make("div", { className: "holds" });
  const isCoarse = matchMedia("(pointer: coarse)").matches;
  const reach = isCoarse ? 44 : 14;
  let drawn = [];
  let order = "";
  /** @type {any[]} */
  let rules = [];
  let frame;

  // Whether the line of a rule is one of probability, which a running sum of top-p has on bars.
  const isLevel = (name) => name !== "top_k" && (name !== "top_p" || !isLog);
  // Probability runs upwards in a rank chart and along upright bars.
  const isAcross = (name) => isLevel(name) === Boolean(isLog || upright);

  function set(rule, value) {
    store.set({ steps: store.get().steps.map((step, i) => (i === rule.place ? [step[0], value] : step)) });
  }

  function partsOfRule({ name, place }, number) {
    const colour = RULE_COLOURS[name];
    const paint = { stroke: colour, "stroke-dasharray": RULE_DASHES[name] ?? "none", class: "rule" };
    const hasArea = name === "top_p" || name === "typical_p";
    const isSum = name === "top_p" && !isLog;
    const filled = makeShape("path", { class: "area", fill: isSum ? "none" : colour, stroke: isSum ? colour : "none" });
    const lines = Array.from({ length: name === "typical_p" ? 2 : 1 }, () => makeShape("path", paint));
    const tie = makeShape("path", { stroke: colour, class: "tie" });
    const dot = makeShape("circle", { r: isCoarse ? 6 : 4, fill: colour, class: "dot" });
    const label = makeShape("text", { class: "rulename" });
    const sum = makeShape("text", { class: "rulename sum" });
    sum.textContent = phrase("running_sum");
    if (isSum) over.append(sum);
    if (hasArea) under.append(filled);
    middle.append(...lines, dot);
    over.append(tie, label);
    const handles = lines.map((_, i) =>
      i
        ? make("div", { className: "hold" })
        : make("div", { className: "hold", role: "slider", tabIndex: 0, "aria-valuemin": "0" }),
    );
    handles[0].setAttribute("aria-label", phrase("rule_name", { name: phrase(name), place: `${place + 1}` }));
    if (isAcross(name)) handles[0].setAttribute("aria-orientation", "vertical");
    handles[0].dataset.lmSuppressShortcuts = "true";
    for (const handle of handles) {
      handle.style.cursor = isAcross(name) ? "ns-resize" : "ew-resize";
      // Over an upright line a finger still scrolls the page, and over a level one, too, but for where
      // it is held: at its dot.
      if (isAcross(name)) {
        handle.append(make("div", { className: "grip" }));
        handle.addEventListener("pointerdown", (event) => {
          if (event.pointerType === "touch" && event.target === handle) event.stopImmediatePropagation();
        });
      } else handle.style.touchAction = "pan-y";
      const drag = (event) => {
        const box = root.getBoundingClientRect();
        const scale = view.width / box.width;
        const [rank, level] = ground.read((event.clientX - box.left) * scale, (event.clientY - box.top) * scale);
        const rule = rules[number];
        const value = isSum ? Math.min(Math.max(Number(Math.exp(level).toPrecision(3)), 0.01), 0.999) : valueAt(rule, rank, level);
        set(rule, value);
      };
      followPointer(handle, drag, (event) => {
        handles[0].focus({ preventScroll: true });
        event.preventDefault();
      });
    }
    handles[0].addEventListener("keydown", (event) => {
      const way = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 10, PageDown: -10 }[event.key];
      if (!way || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      set(rules[number], valueBeside(rules[number], event.shiftKey ? 10 * Math.sign(way) : way));
    });
    for (const type of ["focus", "blur"])
      handles[0].addEventListener(type, () => lines.forEach((line) => line.classList.toggle("held", type === "focus")));
    holds.append(...handles);
    return { filled, lines, tie, dot, label, sum, handles };
  }

  const at = (number) => number.toFixed(2);

  function show(rule, part) {
    const { name, value, first, end, cross, before, levels, T } = rule;
    const [kept, given] = [end - first, before.end - before.first];
    const text = textOf(rule, kept, given);
    part.label.textContent = text;
    const onSum = name === "top_p" && !isLog;
    const heights = onSum ? [Math.log(value)] : levels;
    const lowest = heights.length ? heights[0] : logShares(frame.table, T)(cross - 1);
    const [x, y] = ground.spot(onSum ? end : cross, lowest);
    const sums = onSum ? ground.stepsOf(rule) : [];
    if (name === "top_p") part.filled.setAttribute("d", onSum ? `M${sums.flat().map((pair) => pair.map(at).join(" ")).join("L")}` : ground.areaOf(rule));
    const places = (heights.length ? heights : [0]).map((level) => ground.spot(cross, level));
    if (name === "typical_p") {
      const [[x0, y0], [x1, y1]] = places;
      const [across, up] = isAcross(name) ? [[left, right], [y0, y1]] : [[x0, x1], [bottom, top]];
      part.filled.setAttribute("d", `M${at(across[0])} ${at(up[0])}H${at(across[1])}V${at(up[1])}H${at(across[0])}Z`);
    }
    places.forEach(([px, py], i) => {
      part.lines[i].setAttribute("d", isAcross(name) ? `M${left} ${at(py)}H${right}` : `M${at(px)} ${top}V${bottom}`);
      const [w, h] = isAcross(name) ? [right - left, 0] : [0, bottom - top];
      const { style } = part.handles[i];
      style.left = `calc(${(100 * (isAcross(name) ? left : px)) / view.width}% - ${isAcross(name) ? 0 : reach / 2}px)`;
      style.top = `calc(${(100 * (isAcross(name) ? py : top)) / view.height}% - ${isAcross(name) ? reach / 2 : 0}px)`;
      style.width = w ? `${(100 * w) / view.width}%` : `${reach}px`;
      style.height = h ? `${(100 * h) / view.height}%` : `${reach}px`;
      const grip = /** @type {HTMLElement | null} */ (part.handles[i].firstElementChild);
      if (grip) grip.style.left = `${(100 * (px - left)) / (right - left)}%`;
    });
    part.dot.setAttribute("cx", at(x));
    part.dot.setAttribute("cy", at(y));
    const [hold] = part.handles;
    hold.setAttribute("aria-valuenow", general(value, 6));
    hold.setAttribute("aria-valuemax", general(name === "top_k" ? Math.max(before.order.length, value) : name === "top_n_sigma" ? Math.max(10, value) : 1, 6));
    hold.setAttribute("aria-valuetext", text.replace(`${phrase(name)} `, ""));
    const own = places.map(([px, py]) => (isAcross(name) ? [left, py, right, py] : [px, top, px, bottom]));
    const steps = sums.map(([[x0, y0], [x1, y1]]) => [x0, Math.min(y0, y1), x1, Math.max(y0, y1)]);
    const tip = sums.at(-1)?.[1];
    return {
      label: [x, y, inkWidth(text, root), LABEL_HEIGHT],
      lines: [...own, ...steps],
      sum: tip && [...tip, inkWidth(part.sum.textContent, root), LABEL_HEIGHT, 1],
    };
  }

  function move(next, solids) {
    frame = next;
    rules = frame.rules;
    const names = rules.map(({ name, place }) => `${name} ${place}`).join();
    if (names !== order) {
      const focused = drawn.findIndex(({ handles }) => handles[0] === document.activeElement);
      under.replaceChildren();
      middle.replaceChildren();
      over.replaceChildren();
      holds.replaceChildren();
      drawn = rules.map(partsOfRule);
      order = names;
      drawn[focused]?.handles[0].focus({ preventScroll: true });
    }
    const found = rules.map((rule, i) => show(rule, drawn[i]));
    const sums = found.flatMap(({ sum }, i) => (sum ? [[sum, drawn[i].sum]] : []));
    const labels = [...found.map(({ label }) => label), ...sums.map(([sum]) => sum)];
    const corners = placeLabels(labels, ground.room, solids, found.flatMap(({ lines }) => lines));
    corners.splice(found.length).forEach((corner, i) => {
      const [, name] = sums[i];
      name.style.display = corner ? "" : "none";
      if (corner) name.setAttribute("transform", `translate(${at(corner[0])} ${at(corner[1] + 8.5)})`);
    });
    corners.forEach((corner, i) => {
      const { label, tie } = drawn[i];
      label.style.display = corner ? "" : "none";
      tie.setAttribute("d", "");
      if (!corner) return;
      const [x, y] = corner;
      const [px, py, width, height] = found[i].label;
      label.setAttribute("transform", `translate(${at(x)} ${at(y + 8.5)})`);
      if (Math.max(y - py, py - y - height) > 6)
        tie.setAttribute("d", `M${at(px)} ${at(py)}L${at(Math.min(Math.max(px, x), x + width))} ${at(y < py ? y + height : y)}`);
    });
  }

  return { under, parts: [holds], move };
}

// What is printed at a rule's line.
function textOf({ name, value, mass }, kept, given) {
  const gaps = { name: phrase(name), value: general(value, 6), kept: rounded(kept, 0, true), given: rounded(given, 0, true) };
  if (mass === undefined) return phrase("rule", gaps);
  const share = probabilityText(mass, { percent: true, canBeZero: false, canBeOne: kept === given });
  return phrase("rule_with_mass", { ...gaps, mass: share });
}
