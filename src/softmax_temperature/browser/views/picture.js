// Bars, strip and curves: moves the parts of a picture that matplotlib has drawn with each at its end.

import { peakTemperature } from "../engine/peaks.js";
import { sweep } from "../engine/numbers.js";
import { phrase, rounded } from "../engine/words.js";
import { spread } from "./levels.js";
import { fall } from "./parts.js";
import { makeImage, makeShape, readPicture } from "./svg.js";

/**
 * Build one layout of the picture, with a function that moves its parts.
 * @param {Object} layout As `drawing/picture.py` makes it.
 * @param {Object} shown The table, as `changed` in table.js returns it.
 * @param {Record<string, any>} panels What draws logits themselves, by the names of parts.
 * @param {{ moveTo: (part: number) => void }} actions
 */
export function drawPicture(layout, shown, panels, { moveTo }) {
  const root = readPicture(layout.svg);
  /** @type {Map<string, any>} */
  const ids = new Map(Array.from(root.querySelectorAll("[id]"), (part) => [part.id, part]));
  const find = (id) => {
    const part = ids.get(id);
    if (!part) throw new TypeError(phrase("damaged_picture"));
    return part;
  };
  const all = (name, length) => Array.from({ length }, (_, i) => find(`${name}-${i}`));
  const heading = find("title").querySelector("text");
  const sides = all("bar", shown.names.length).map((bar) => sidesOf(bar.querySelector("path"), layout.bars.upright ? 0 : 1));
  /** @type {((frame: any) => void)[]} */
  const parts = [moverOfBars(layout.bars, sides, find, all)];
  if (layout.strip) parts.push(moverOfStrip(layout.strip, shown, find, all));
  if (layout.curves) parts.push(moverOfCurves(root, layout.curves, shown, find, all, moveTo));
  const rename = renamer(layout, shown.names.length, find, all);
  let drawn = drawAnew(shown);
  if (shown.isEdited) rename(shown);
  const { name, description, own } = makeImage(root);

  // What shows logits themselves.
  function drawAnew(next) {
    return Object.entries(panels).flatMap(([part, panelOf]) => (layout[part] ? [panelOf(layout[part], next, find)] : []));
  }

  /**
   * Take words and logits that have been typed or pulled further, or say that all is to be drawn anew.
   */
  function take(next) {
    if (!shown.isEdited || !next.isEdited || layout.curves || next.names.length !== shown.names.length) return false;
    shown = next;
    for (const { shapes } of drawn) for (const shape of shapes) shape.remove();
    drawn = drawAnew(shown);
    for (const { shapes } of drawn) shapes.forEach(own);
    rename(shown);
    return true;
  }

  function move(frame) {
    for (const movePart of parts) movePart(frame);
    for (const panel of drawn) panel.move(frame);
    heading.textContent = name.textContent = frame.title;
    description.textContent = frame.caption;
  }

  /** Let what was drawn just now fall to its place. */
  function roll() {
    fall(root.querySelectorAll(ROLLED), FALL);
  }

  return { root, view: root.viewBox.baseVal, sides, move, take, roll };
}

// What falls at a draw, and from how far above, in points.
const ROLLED = "[id$=-map-point], [id$=-map-dots], [id$=-map-level], [id*=-mark-], [id$=-dice-mark], [id$=-dice-text]";
const FALL = 30;

// Each bar is a path between two sides. A bar that was scaled instead would scale its hatching.
function sidesOf(path, axis) {
  const numbers = path.getAttribute("d").match(/-?[\d.]+/g).map(Number);
  const across = numbers.filter((_, k) => k % 2 === axis);
  return [Math.min(...across), Math.max(...across)];
}

// Half the length of a sign of counted draws, in points.
const SIGN = 3.5;

function moverOfBars(bars, widths, find, all) {
  const { upright, foot, end, room, least } = bars;
  const count = widths.length;
  const length = end - foot;
  const paths = all("bar", count).map((bar) => bar.querySelector("path"));
  const ghosts = all("outline", count).map((ghost) => ghost.querySelector("path"));
  const labels = all("label", count);
  const labelTexts = labels.map((label) => label.querySelector("text"));
  const marks = all("mark", count);
  const shift = (element, along) =>
    element.setAttribute("transform", upright ? `translate(0 ${along})` : `translate(${along} 0)`);

  function stretch(path, [left, right], share, isOpen) {
    const tip = foot + length * share;
    path.setAttribute(
      "d",
      upright
        ? `M${left} ${foot}V${tip}${isOpen ? `M${right} ${tip}` : `H${right}`}V${foot}`
        : `M${foot} ${left}H${tip}${isOpen ? `M${tip} ${right}` : `V${right}`}H${foot}`,
    );
  }

  const signs = SIGN / Math.abs(length);
  // The axis of a large table is logarithmic, up to 100 %.
  const along = (share) => (least ? Math.max(1 - Math.log10(share) / Math.log10(least), 0) : share);
  return ({ shares, texts, outlines, marks: drawn }) => {
    shares.forEach((p, i) => {
      const [tip, ghost, mark] = [p, outlines[i], drawn?.[i]].map(along);
      stretch(paths[i], widths[i], tip);
      // At the bar, or beyond the sign of what was drawn, where that is in the way.
      const isInWay = drawn && tip - signs < mark && mark < tip + room + signs;
      const end = isInWay ? mark + signs : tip;
      shift(labels[i], length * (end - 1));
      labelTexts[i].textContent = texts[i];
      // An outline has no end where that would be in the number.
      stretch(ghosts[i], widths[i], ghost, end < ghost && ghost < end + room);
      marks[i].style.display = drawn ? "" : "none";
      if (drawn) shift(marks[i], length * (mark - 1));
    });
  };
}

function moverOfStrip({ left, right, names: needed }, shown, find, all) {
  const count = shown.names.length;
  const segments = all("segment", count).map((segment) => segment.querySelector("path"));
  const [top, bottom] = sidesOf(segments[0], 1);
  const texts = all("name", count);
  const [line, number] = [find("dice-mark"), find("dice-text")];
  const text = number.querySelector("text");
  return ({ shares, dice }) => {
    let start = 0;
    shares.forEach((p, i) => {
      const [x0, x1] = [start, Math.min(start + p, 1)].map((share) => left + (right - left) * share);
      segments[i].setAttribute("d", `M${x0} ${top}H${x1}V${bottom}H${x0}Z`);
      const isRoomy = x1 - x0 > needed[i];
      texts[i].style.display = isRoomy ? "" : "none";
      if (isRoomy) texts[i].setAttribute("transform", `translate(${(x0 + x1 - left - right) / 2} 0)`);
      start += p;
    });
    for (const part of [line, number]) {
      part.style.display = dice === undefined ? "none" : "";
      part.setAttribute("transform", `translate(${(right - left) * ((dice ?? 1) - 1)} 0)`);
    }
    if (dice !== undefined) text.textContent = phrase("dice", { number: rounded(dice, 2) });
  };
}

// Room for the line between a dot and its name, in points.
const GAP = 6;

function moverOfCurves(root, curves, shown, find, all, moveTo) {
  const { left, right, top, bottom, columns, lengths, line, first, last } = curves;
  const [width, height] = [right - left, bottom - top];
  const cursor = find("cursor");
  const [dots, names] = [all("dot", columns.length), all("dotname", columns.length)];
  const words = names.map((text) => text.querySelector("text"));
  // A name that has no room at its dot is tied to it.
  const ties = names.map((name) => {
    const tie = makeShape("path", { class: "tie" });
    name.parentNode.insertBefore(tie, name);
    return tie;
  });
  const peaks = shown.isEdited ? redraw(curves, shown, find, all) : curves.peaks;
  const peakNames = shown.isEdited ? [] : all("peakname", peaks.length);
  let isDragged = false;

  function drag(event) {
    const view = root.viewBox.baseVal;
    const box = root.getBoundingClientRect();
    const [px, py] = [event.clientX - box.left, event.clientY - box.top].map((v) => (v * view.width) / box.width);
    const isInside = px > left - 6 && px < right + 6 && py > top && py < bottom;
    if (event.type === "pointerdown") {
      if (!isInside || event.button) return;
      isDragged = true;
      root.setPointerCapture(event.pointerId);
    }
    if (isDragged) moveTo(Math.min(Math.max((px - left) / width, 0), 1));
  }
  root.addEventListener("pointerdown", drag);
  root.addEventListener("pointermove", drag);
  for (const name of ["pointerup", "pointercancel"]) root.addEventListener(name, () => (isDragged = false));

  return ({ shares, T }) => {
    // Beyond the axis there is nothing to show.
    const part = (T - first) / (last - first);
    const isThere = part >= -1e-9 && part <= 1 + 1e-9;
    for (const element of [cursor, ...dots, ...names, ...ties]) element.style.display = isThere ? "" : "none";
    if (!isThere) return;
    const x = width * part;
    const isFlipped = part > 0.5;
    cursor.setAttribute("transform", `translate(${x} 0)`);
    const heights = columns.map((column) => shares[column]);
    const levels = spread(heights, line / height);
    const boxes = columns.map((_, i) => {
      dots[i].setAttribute("transform", `translate(${x} ${height * (1 - heights[i])})`);
      // However many they are, they stay below the title.
      const y = height * (1 - Math.min(levels[i], 1));
      names[i].setAttribute("transform", `translate(${x + (isFlipped ? -GAP - 14 : GAP)} ${y})`);
      words[i].style.textAnchor = isFlipped ? "end" : "start";
      const [dot, away] = [height * (1 - heights[i]), isFlipped ? -1 : 1];
      const isFar = Math.abs(y - dot) > line / 4;
      ties[i].setAttribute("d", isFar ? `M${left + x + 3 * away} ${top + dot}L${left + x + 8 * away} ${top + y}h${3 * away}` : "");
      const start = left + x + (isFlipped ? -lengths[i] - 7 - GAP : 7 + GAP);
      return [start, start + lengths[i], top + y - line / 2];
    });
    // The name of a peak makes room for those of the dots.
    peakNames.forEach((name, i) => {
      const [x0, x1, y] = peaks[i];
      const isCovered = boxes.some(([from, to, above]) => from < x1 && to > x0 && Math.abs(above - y) < line);
      name.style.display = isCovered ? "none" : "";
    });
  };
}

// Draw the curves of typed logits, with their peaks, in place of those that were drawn.
function redraw({ left, right, top, bottom, columns, first, last }, { table, raw, names }, find, all) {
  for (const old of find("axes-curves").querySelectorAll("[id^=peak]")) old.remove();
  const stops = Array.from({ length: 201 }, (_, i) => first + ((last - first) * i) / 200);
  const { shares } = sweep(table, stops);
  const place = (T, share) =>
    [left + ((right - left) * (T - first)) / (last - first), bottom - (bottom - top) * share];
  all("curve", columns.length).forEach((curve, i) => {
    const points = stops.map((T, k) => place(T, shares[k][columns[i]]).map((v) => v.toFixed(2)).join(" "));
    curve.querySelector("path").setAttribute("d", `M${points.join("L")}`);
  });
  const peaks = peakTemperature(raw, table.order.subarray(0, names.length));
  for (const [i, T] of peaks.entries()) {
    if (!(first < T && T < last)) continue;
    const [x, y] = place(T, sweep(table, [T]).shares[0][i]);
    find("axes-curves").append(makeShape("path", { d: `M${x - 3} ${y - 3}H${x + 3}L${x} ${y + 3}Z`, style: "fill: #767676" }));
  }
  return [];
}

// Return what puts typed names in the places of those that were drawn, each in the colour of its word.
function renamer({ bars, strip, curves }, count, find, all) {
  const path = (part) => part.querySelector("path, use");
  const text = (part) => part.querySelector("text");
  const ticks = [...find("axes-bars").querySelectorAll(`[id^="${bars.upright ? "xtick" : "ytick"}_"]`)].map(text);
  const columns = curves?.columns.length ?? 0;
  const names = strip ? all("name", count).map(text) : [];
  const dotNames = all("dotname", columns).map(text);
  const coloured = [all("bar", count), strip ? all("segment", count) : [], all("curve", columns), all("dot", columns)];
  const painted = [...coloured.map((parts) => parts.map(path)), names].map((parts) => ({
    parts,
    colours: parts.map(({ style: { fill, stroke } }) => [fill, stroke]),
  }));
  return ({ names: long, shortNames, hues }) => {
    long.forEach((name, i) => {
      ticks[i].textContent = name;
      if (strip) names[i].textContent = shortNames[i];
    });
    dotNames.forEach((part, i) => (part.textContent = shortNames[curves.columns[i]]));
    for (const { parts, colours } of painted)
      parts.forEach(({ style }, i) => ([style.fill, style.stroke] = colours[hues[i]] ?? colours[i]));
  };
}
