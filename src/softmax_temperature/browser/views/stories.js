// The map of stories: every text that the same dice write, from the lowest temperature upwards.

import { chanceText, firstOfWords, phrase, rounded, temperatureText } from "../engine/words.js";
import { asHeld, temperatureOf } from "../store.js";
import { stopAt } from "../stops.js";
import { endsOf } from "../taken.js";
import { followPointer, make } from "./parts.js";
import { makeShape, makeText } from "./svg.js";
import { levelOf } from "./tints.js";

/**
 * A token at a position, in texts of neighbouring stops, both included, that are the same up to it.
 * @typedef {{ position: number, first: number, last: number }} Cell
 */

/**
 * A word, or what of it stands in cells side by side that have the same stops: its first cell, and the
 * position of its last token.
 * @typedef {Cell & { end: number }} Word
 */

/**
 * A text that is written, or nothing: its places, what each adds, of which word each is, and its surprise.
 * @typedef {{ places: any[], pieces: string[], words: number[], bits: number[] }} Row
 */

// Pixels where letters have 12: what is left of the columns, and below and above them.
const [LEFT, BELOW, TOP, LETTERS] = [40, 24, 4, 12];
// The widest column, the height of a text, and what is between the edge of a cell and its text.
const [WIDEST, LINE, PAD] = [44, 14, 3];
// While texts are being written, the map grows now and then only.
const UNTIL_DRAWN_AGAIN = 250;
const LONGEST_BEFORE = 40;

/**
 * Return the map of all stops' texts, which follows them.
 * @param {Object} core As `coreOf` in text.js returns it.
 */
export function drawStories({ data, store, writer, rows: rowsOf }) {
  const { stops } = data;
  const last = stops.count - 1;
  const svg = makeShape("svg", { "aria-hidden": "true" });
  const tip = make("div", { className: "tip", hidden: true });
  const pad = make("div", { className: "pad", role: "slider", tabIndex: 0, "aria-label": phrase("stories_name") }, tip);
  pad.setAttribute("aria-valuemin", `${stopAt(stops, 0)}`);
  pad.setAttribute("aria-valuemax", `${stopAt(stops, last)}`);
  pad.setAttribute("aria-orientation", "vertical");
  pad.dataset.lmSuppressShortcuts = "true";
  const grip = make("div", { className: "grip" });
  const picture = make("div", { className: "picture" }, svg, grip, pad);
  const el = make("div", { className: "stories" }, make("p", {}, phrase("stories_title")), picture);
  const [tints, changes, texts, axis] = ["tints", "changes", "texts", "axis"].map((name) => makeShape("g", { class: name }));
  const paths = [0, 1, 2, 3, 4].map((level) => makeShape("path", { class: `level-${level}` }));
  tints.append(...paths);
  const [edge, level, chosenBox, pointedBox, own] = ["edge", "at", "chosen", "pointed", "own"].map((name) => makeShape("path", { class: name }));
  changes.append(edge);
  svg.append(tints, changes, level, texts, chosenBox, pointedBox, own, axis);
  const pen = document.createElement("canvas").getContext("2d");
  const lengths = new Map();
  const lengthOf = (/** @type {string} */ text) => {
    if (!lengths.has(text)) lengths.set(text, pen.measureText(text).width);
    return lengths.get(text);
  };

  /** @type {{ ids: number[], count: number, across: number, down: number, at: number } | undefined} */
  let drawn;
  // The height of the rows together, and how much larger all is on the screen.
  let [rowsHeight, scale] = [0, 1];
  /** @type {Row[]} */
  let rows = [];
  /** @type {Cell[][]} */
  let columns = [];
  /** @type {number[]} */
  let edges = [0];
  // Where words stand, from their left to their right, so far above y and below it.
  /** @type {{ left: number, right: number, y: number, reach: number }[]} */
  let solids = [];

  const heightAt = (/** @type {number} */ stop) => TOP + rowsHeight * (1 - stop / stops.count);
  const stopOf = (/** @type {number} */ T) => (T - stops.first) / stops.step;
  const cellAt = (/** @type {number} */ position, /** @type {number} */ stop) =>
    columns[position]?.find(({ first, last }) => first <= stop && stop <= last);

  function draw() {
    // As large as its style says.
    const { clientWidth: across, clientHeight: down } = picture;
    const { count, total } = writer.progress();
    const ids = writer.ids();
    // In a tab that is not shown there is nothing to measure.
    if (!across) return;
    if (drawn && drawn.ids === ids && drawn.across === across && drawn.down === down) {
      if (drawn.count === count) return;
      if (count < total && performance.now() - drawn.at < UNTIL_DRAWN_AGAIN) return;
    }
    drawn = { ids, count, across, down, at: performance.now() };
    scale = parseFloat(getComputedStyle(picture).fontSize) / LETTERS;
    rowsHeight = down / scale - TOP - BELOW;
    const width = across / scale;
    rows = rowsOf();
    edges = columnEdges(store.get().length, width - LEFT - 1, WIDEST);
    const cells = cellsOf(rows.map(({ places }) => places.map(({ token }) => token)));
    columns = edges.slice(1).map(() => []);
    for (const cell of cells) columns[cell.position].push(cell);
    paint(wordsIn(cells, rows), width);
  }

  function paint(/** @type {Word[]} */ words, /** @type {number} */ width) {
    svg.setAttribute("viewBox", `0 0 ${width} ${TOP + rowsHeight + BELOW}`);
    const boxes = ["", "", "", "", ""];
    let lines = "";
    for (const { position, first, last, end } of words) {
      const [low, high] = [heightAt(first).toFixed(1), heightAt(last + 1).toFixed(1)];
      for (let place = position; place <= end; place++) {
        const [left, right] = [LEFT + edges[place], LEFT + edges[place + 1]];
        // A gap between words, where there is room for one.
        const gap = place === end && right - left > 5 ? 1 : 0;
        boxes[levelOf(rows[first].bits[place])] += `M${left.toFixed(1)} ${low}V${high}H${(right - gap).toFixed(1)}V${low}Z`;
      }
      if (first && rows[first - 1].places.length) {
        lines += `M${(LEFT + edges[position]).toFixed(1)} ${low}H${(LEFT + edges[end + 1]).toFixed(1)}`;
      }
    }
    paths.forEach((path, level) => path.setAttribute("d", boxes[level]));
    edge.setAttribute("d", lines);
    pen.font = `${LETTERS}px ${getComputedStyle(picture).fontFamily}`;
    const room = rows.map(() => rowsHeight / stops.count);
    solids = [];
    texts.replaceChildren(
      ...namesIn(words, rows, edges, room, lengthOf, LINE, PAD).map(({ position, first, last, end, text, upwards }) => {
        const [left, right] = [LEFT + edges[position], LEFT + edges[end + 1]];
        const [y, length] = [(heightAt(first) + heightAt(last + 1)) / 2, lengthOf(text)];
        const across = upwards ? LINE : length + 4;
        const start = upwards ? (left + right - LINE) / 2 : left + PAD - 2;
        solids.push({ left: start, right: start + across, y, reach: (upwards ? length + 4 : LINE) / 2 });
        const [x, middle] = [upwards ? (left + right) / 2 + 4 : left + PAD, upwards ? y : y + 4].map((at) => at.toFixed(1));
        const turn = upwards && { "text-anchor": "middle", transform: `rotate(-90 ${x} ${middle})` };
        return makeText(text, { x, y: middle, ...turn });
      }),
    );
    solids.sort((one, next) => one.left - next.left);
    const bottom = TOP + rowsHeight;
    const taken = endsOf(store.get().taken).filter((end) => end + 1 < edges.length);
    own.setAttribute("d", taken.map((end) => `M${LEFT + edges[end]} ${bottom + 3}H${LEFT + edges[end + 1]}`).join(""));
    const marks = columnMarks(edges).map((mark) => {
      const isLast = mark > 1 && mark === edges.length - 1;
      return [isLast ? width : LEFT + (edges[mark - 1] + edges[mark]) / 2, bottom + 16, `${mark}`, isLast ? "end" : "middle"];
    });
    const [low, high] = [stopAt(stops, 0), stopAt(stops, last)];
    for (const T of [0, 0.5, 1, 1.5, 2]) {
      if (T >= low && T <= high) marks.push([LEFT - 10, heightAt(stopOf(T) + 0.5) + 4, T.toFixed(1), "end"]);
    }
    axis.replaceChildren(
      ...marks.map(([x, y, text, anchor]) => makeText(`${text}`, { x, y, "text-anchor": anchor })),
    );
    const box = { left: LEFT, width: width - LEFT, top: TOP, height: rowsHeight };
    for (const [name, pixels] of Object.entries(box)) pad.style[name] = `${pixels * scale}px`;
    Object.assign(grip.style, { width: pad.style.left, top: pad.style.top, height: pad.style.height });
  }

  // The line leaves out the words that it would cross.
  function lineAt(/** @type {number} */ y) {
    let d = `M${LEFT - 7} ${y - 4}L${LEFT} ${y}L${LEFT - 7} ${y + 4}ZM${LEFT} ${y}`;
    for (const { left, right, y: middle, reach } of solids) if (Math.abs(middle - y) < reach) d += `H${left}M${right} ${y}`;
    return `${d}H${LEFT + edges[edges.length - 1]}`;
  }

  const boxOf = (/** @type {Cell | undefined} */ cell) =>
    cell ? `M${LEFT + edges[cell.position]} ${heightAt(cell.first)}V${heightAt(cell.last + 1)}H${LEFT + edges[cell.position + 1]}V${heightAt(cell.first)}Z` : "";

  /** What is known of a cell: its text, its range of T and its surprise. */
  function toldOf({ position, first, last }) {
    const { pieces, bits } = rows[first];
    const before = pieces.slice(0, position).join("");
    const shown = before.length > LONGEST_BEFORE ? `…${before.slice(-LONGEST_BEFORE)}` : before;
    const [low, high] = [first, last].map((stop) => temperatureText(stopAt(stops, stop), stops.step));
    const chance = chanceText(2 ** -bits[position], bits[position] === 0);
    const range = phrase(first === last ? "cell_at" : "cell_from", { low, high });
    return { before: shown.trimStart(), word: pieces[position].replace("\n", "↵"), range, chance: phrase("cell_chance", { chance }) };
  }

  const placeOf = ({ clientX, clientY }) => {
    const { left, top, height } = pad.getBoundingClientRect();
    const stop = Math.floor(stops.count * (1 - (clientY - top) / height));
    const position = edges.findLastIndex((edge) => edge <= (clientX - left) / scale);
    return { position, stop: Math.min(Math.max(stop, 0), last) };
  };

  function point(event) {
    const { position, stop } = placeOf(event);
    const cell = cellAt(position, stop);
    pointedBox.setAttribute("d", boxOf(cell));
    tip.hidden = !cell;
    if (!cell) return;
    const { before, word, range, chance } = toldOf(cell);
    tip.replaceChildren(before, make("b", {}, word), make("br"), `${range} ${chance}`);
    const { left, top, width, height } = pad.getBoundingClientRect();
    const [x, y] = [event.clientX - left, event.clientY - top];
    Object.assign(tip.style, y < height / 2 ? { top: `${y + 18}px`, bottom: "" } : { top: "", bottom: `${height - y + 12}px` });
    Object.assign(tip.style, x < width / 2 ? { left: `${x}px`, right: "" } : { left: "", right: `${width - x}px` });
  }

  function leave() {
    tip.hidden = true;
    pointedBox.setAttribute("d", "");
  }

  const goTo = (/** @type {number} */ stop) => ({ T: asHeld(stopAt(stops, stop)) });
  const drag = (event) => store.set(goTo(placeOf(event).stop));
  const press = (event) => {
    const { position, stop } = placeOf(event);
    store.set(cellAt(position, stop) ? { ...goTo(stop), chosen: position } : goTo(stop));
  };
  // A finger scrolls the page here, and drags the line beside its axis.
  const isFinger = ({ pointerType }) => pointerType === "touch";
  let isTouched = false;
  pad.addEventListener("pointerdown", (event) => (isTouched = isFinger(event)));
  followPointer(pad, (event) => !isFinger(event) && drag(event), (event) => !isFinger(event) && press(event));
  pad.addEventListener("click", (event) => isTouched && press(event));
  followPointer(grip, drag);
  pad.addEventListener("pointermove", point);
  pad.addEventListener("pointerleave", leave);
  pad.addEventListener("keydown", (event) => {
    const { key, ctrlKey, metaKey, altKey } = event;
    if (ctrlKey || metaKey || altKey) return;
    const { chosen } = store.get();
    const stop = Math.round(Math.min(Math.max(stopOf(temperatureOf(store.get())), 0), last));
    const row = rows[stop]?.places ?? [];
    // From cell to cell; from text to text where none is chosen, and by the larger keys.
    const change = (/** @type {number} */ way, /** @type {number} */ position) => {
      const cell = cellAt(Math.min(position, row.length - 1), stop);
      const next = cell ? (way > 0 ? cell.last + 1 : cell.first - 1) : stop + way;
      return goTo(Math.min(Math.max(next, 0), last));
    };
    const end = row.length - 1;
    const column = chosen < 0 ? end : chosen;
    const goals = {
      ArrowUp: () => change(1, column),
      ArrowDown: () => change(-1, column),
      PageUp: () => change(1, end),
      PageDown: () => change(-1, end),
      ArrowRight: () => ({ chosen: Math.min(chosen + 1, end) }),
      ArrowLeft: () => ({ chosen: chosen < 0 ? end : Math.max(chosen - 1, 0) }),
      Home: () => goTo(0),
      End: () => goTo(last),
      Escape: () => ({ chosen: -1 }),
    };
    if (!Object.hasOwn(goals, key)) return;
    event.preventDefault();
    store.set(goals[key]());
  });
  new ResizeObserver(() => {
    draw();
    show();
  }).observe(picture);

  function show() {
    draw();
    if (!drawn) return;
    const { chosen } = store.get();
    const T = temperatureOf(store.get());
    const stop = stopOf(T);
    const isThere = stop > -0.5 && stop < last + 0.5;
    level.style.display = isThere ? "" : "none";
    if (isThere) level.setAttribute("d", lineAt(Number(heightAt(stop + 0.5).toFixed(1))));
    const at = Math.round(Math.min(Math.max(stop, 0), last));
    const cell = chosen < 0 || !isThere ? undefined : cellAt(chosen, at);
    chosenBox.setAttribute("d", boxOf(cell));
    const temperature = temperatureText(T, stops.step);
    pad.setAttribute("aria-valuenow", `${Math.min(Math.max(T, stopAt(stops, 0)), stopAt(stops, last))}`);
    const told = cell ?? cellAt(Math.max((rows[at]?.places.length ?? 0) - 1, 0), at);
    if (!told) return pad.setAttribute("aria-valuetext", phrase("panel_title", { temperature }));
    const { before, word, range, chance } = toldOf(told);
    pad.setAttribute(
      "aria-valuetext",
      cell
        ? phrase("cell_aloud", { temperature, word, range, chance, bits: rounded(rows[at].bits[chosen], 1), before })
        : phrase("row_aloud", { temperature, range, text: rows[at].pieces.join("") }),
    );
  }

  return { el, show };
}

/**
 * Return the cells of texts: at each position runs of neighbours that begin alike up to it. The twin
 * of `cells_of` in `drawing/stories.py`.
 * @param {number[][]} rows
 */
export function cellsOf(rows) {
  /** @type {Cell[]} */
  const cells = [];
  const alike = rows.map((_, stop) => stop + 1 < rows.length);
  const longest = rows.reduce((most, row) => Math.max(most, row.length), 0);
  for (let position = 0; position < longest; position++) {
    let first = 0;
    for (let stop = 0; stop < rows.length; stop++) {
      const row = rows[stop];
      const isThere = position < row.length;
      if (alike[stop]) alike[stop] = isThere && row[position] === rows[stop + 1][position];
      if (alike[stop]) continue;
      if (isThere) cells.push({ position, first, last: stop });
      first = stop + 1;
    }
  }
  return cells;
}

/**
 * Return where columns begin and end: all alike, or the first so wide and later ones narrower. The
 * twin of `column_edges`.
 * @param {number} count
 * @param {number} width
 * @param {number} widest
 */
export function columnEdges(count, width, widest) {
  const numbers = Array.from({ length: count + 1 }, (_, i) => i);
  if (!(count * widest > width && width > widest)) return numbers.map((i) => (width * i) / count);
  let [low, high] = [1e-6, 1e6];
  for (let i = 0; i < 100; i++) {
    const middle = Math.sqrt(low * high);
    const isWide = width * Math.log1p(1 / middle) > widest * Math.log1p(count / middle);
    [low, high] = isWide ? [middle, high] : [low, middle];
  }
  return numbers.map((i) => (width * Math.log1p(i / low)) / Math.log1p(count / low));
}

/**
 * Return the columns, from 1, whose numbers have room: the twin of `column_marks`.
 * @param {number[]} edges
 */
export function columnMarks(edges) {
  const count = edges.length - 1;
  const marks = [1];
  for (const mark of [5, 10, 20, 40, 80, 160, 320]) {
    if (mark < count && edges[mark] - edges[marks.at(-1)] >= 20 && edges[count] - edges[mark] >= 20) marks.push(mark);
  }
  return count > 1 ? [...marks, count] : marks;
}

/**
 * Return the words of cells: those side by side are joined that have the same stops. The twin of
 * `words_in`.
 * @param {Cell[]} cells
 * @param {Row[]} rows
 */
export function wordsIn(cells, rows) {
  const byPlace = new Map(cells.map((cell) => [cell.position * rows.length + cell.first, cell]));
  /** @type {Word[]} */
  const found = [];
  const taken = new Set();
  for (const cell of cells) {
    if (taken.has(cell)) continue;
    const { position, first, last } = cell;
    const { words } = rows[first];
    let end = position;
    for (;;) {
      const after = byPlace.get((end + 1) * rows.length + first);
      if (after?.last !== last || words[end + 1] !== words[position]) break;
      taken.add(after);
      end++;
    }
    found.push({ ...cell, end });
  }
  return found;
}

/**
 * Return the names of words that fit into their cells, along them or upwards. The twin of `names_in`.
 * @param {Word[]} words
 * @param {Row[]} rows
 * @param {number[]} edges
 * @param {number[]} room
 * @param {(text: string) => number} lengthOf
 * @param {number} line
 * @param {number} pad
 */
export function namesIn(words, rows, edges, room, lengthOf, line, pad) {
  const names = [];
  for (const word of words) {
    const { position, first, last, end } = word;
    const height = room.slice(first, last + 1).reduce((sum, part) => sum + part, 0);
    if (height < line) continue;
    // A word whose neighbour is not written yet can grow, and has no name so far.
    if ([first - 1, last + 1].some((stop) => rows[stop]?.pieces.length === 0)) continue;
    const text = rows[first].pieces.slice(position, end + 1).join("").trim();
    if (!/[^!-/:-@[-`{-~]/.test(text)) continue;
    const [width, length] = [edges[end + 1] - edges[position], lengthOf(text) + 2 * pad];
    if (length <= width) names.push({ ...word, text, upwards: false });
    else if (line <= width && length <= height) names.push({ ...word, text, upwards: true });
  }
  return names;
}
