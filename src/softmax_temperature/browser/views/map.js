// The map of draws: T across, the random number upwards, an area a word. A point on it is both.

import { landings } from "../engine/dice.js";
import { areaEdges, areaEnds, exponent, sums } from "../engine/numbers.js";
import { chanceText, columns, phrase, rounded, temperatureText } from "../engine/words.js";
import { asHeld, diceAt, temperatureOf } from "../store.js";
import { nearestStop, stopAt } from "../stops.js";
import { followPointer, layOver, make, putTip } from "./parts.js";
import { makeShape } from "./svg.js";

// Between so many temperatures areas have straight sides.
const SAMPLES = 200;
// Points that a letter takes, where it was not measured.
const PER_LETTER = 6;
// Between which levels tied names stand, and how far from the edge of their area, in points.
const [TOP_NAME, LAST_NAME, FROM_EDGE] = [0.87, 0.2, 6];
// So many of many draws are shown.
const MOST_DOTS = 500;

/**
 * Draw the areas of a map within its axes, and return them, with a function that moves the point on it.
 * @param {Object} map Where the axes are, as `drawing/picture.py` measures them.
 * @param {Object} shown The table, as `changed` in table.js returns it.
 * @param {(id: string) => any} find
 */
export function panelOfMap(map, shown, find) {
  const { left, right, top, bottom, first, last, line, colours, inks } = map;
  const [width, height] = [right - left, bottom - top];
  const { table, shortNames, isEdited, hues } = shown;
  const edges = areaEdges(table.end);
  const stops = Array.from({ length: SAMPLES + 1 }, (_, i) => first + ((last - first) * i) / SAMPLES);
  const ends = areaEnds(table.all, edges, stops);
  const names = isEdited ? shortNames : map.names;
  const lengths = isEdited ? names.map((name) => columns(name) * PER_LETTER) : map.lengths;
  const hueOf = (i) => Math.min(edges[i + 1] - edges[i] > 1 ? i : (hues?.[i] ?? i), colours.length - 1);
  const x = (share) => (left + width * share).toFixed(2);
  const y = (share) => (bottom - height * share).toFixed(2);
  const [group, texts] = ["areas", "areanames"].map((name) => makeShape("g", { class: name }));
  const count = edges.length - 1;
  for (let i = 0; i < count; i++) {
    const side = (number) => ends.map((row, k) => `${x(k / SAMPLES)} ${y(row[number])}`);
    const d = `M${side(i).join("L")}L${side(i + 1).reverse().join("L")}Z`;
    group.append(makeShape("path", { d, fill: colours[hueOf(i)], id: `area-${i}` }));
  }
  const places = namePlaces(ends, lengths.slice(0, count), width, height, line);
  places.forEach((place, i) => {
    if (!place) return;
    const [ink, ground] = [inks, colours].map((list) => list[hueOf(i)]);
    // Lines that cross it make room for it.
    const style = `fill: ${ink}; stroke: ${ground}`;
    const text = makeShape("text", { x: x(place[0]), y: y(place[1]), style, id: `areaname-${i}` });
    text.textContent = names[i];
    texts.append(text);
  });
  const tied = makeShape("g", { class: "tied" });
  for (const [i, host, end, up, reach] of tiedNames(ends, lengths.slice(0, count), places, width, height, line)) {
    const [ink, at] = [inks[hueOf(host)], y(up)];
    const text = makeShape("text", { x: x(end), y: at, style: `fill: ${ink}; stroke: ${colours[hueOf(host)]}`, id: `tiedname-${i}` });
    text.textContent = names[i];
    const tie = makeShape("path", { d: `M${(left + width * end + 2).toFixed(2)} ${at}H${x(reach)}`, stroke: ink });
    tied.append(text, tie, makeShape("circle", { r: 1.25, cx: x(reach), cy: at, fill: ink }));
  }
  const cursor = makeShape("path", { class: "at", d: `M0 ${top}V${bottom}`, id: "map-cursor" });
  const level = makeShape("path", { class: "level", d: `M${left} 0H${right}`, id: "map-level" });
  const point = makeShape("circle", { class: "point", r: 4, id: "map-point" });
  const dots = makeShape("g", { class: "dots", id: "map-dots" });
  const axes = find("axes-map");
  axes.insertBefore(group, axes.children[1] ?? null);
  axes.append(cursor, level, tied, dots, texts, point);
  let before;

  return { shapes: [group, tied, cursor, level, dots, texts, point], move };

  function move({ T, dice, dots: numbers = NO_DOTS }) {
    const part = (T - first) / (last - first);
    const isThere = part >= -1e-9 && part <= 1 + 1e-9;
    const at = left + width * part;
    showIf(cursor, isThere);
    showIf(level, dice !== undefined);
    showIf(point, isThere && dice !== undefined);
    showIf(dots, isThere && numbers.length > 0);
    if (dice !== undefined) level.setAttribute("transform", `translate(0 ${bottom - height * dice})`);
    if (!isThere) return;
    cursor.setAttribute("transform", `translate(${at} 0)`);
    dots.setAttribute("transform", `translate(${at} 0)`);
    if (dice !== undefined) point.setAttribute("transform", `translate(${at} ${bottom - height * dice})`);
    if (numbers === before) return;
    before = numbers;
    dots.replaceChildren(...Array.from(numbers.subarray(0, MOST_DOTS), (number) => makeShape("circle", { r: 2, cy: y(number) })));
  }
}

const NO_DOTS = new Float64Array();

function showIf(element, isShown) {
  element.style.display = isShown ? "" : "none";
}

/**
 * Return where the name of each area has the most room, as shares of both axes, if it fits. The twin
 * of `name_places` in `drawing/maps.py`.
 * @param {ArrayLike<number>[]} ends
 * @param {number[]} lengths
 * @param {number} across
 * @param {number} up
 * @param {number} line
 */
export function namePlaces(ends, lengths, across, up, line) {
  const last = ends.length - 1;
  return lengths.map((length, number) => {
    const reach = Math.ceil((length / 2 + 2) / (across / last));
    const middles = Array.from({ length: Math.max(last - 2 * reach + 1, 0) }, (_, i) => reach + i);
    let best = line;
    let place;
    // From the middle outwards: there is the place of a name that has much room.
    for (const middle of middles.sort((one, next) => Math.abs(2 * one - last) - Math.abs(2 * next - last))) {
      let [low, high] = [0, 1];
      for (let i = middle - reach; i <= middle + reach; i++) {
        low = Math.max(low, ends[i][number]);
        high = Math.min(high, ends[i][number + 1]);
      }
      const room = Math.min((high - low) * up, 3 * line);
      if (room > best + 1e-9) [best, place] = [room, [middle / last, (low + high) / 2]];
    }
    return place;
  });
}

/**
 * Return names of narrow areas that stand in the one before them, and are tied to their own: the number
 * of the area, that in which it stands, where its name ends, its level, and where its tie ends, as shares
 * of the axes. The twin of `tied_names` in `drawing/maps.py`.
 * @param {ArrayLike<number>[]} ends
 * @param {number[]} lengths
 * @param {any[]} places
 * @param {number} across
 * @param {number} up
 * @param {number} line
 */
export function tiedNames(ends, lengths, places, across, up, line) {
  const last = ends.length - 1;
  const most = Math.floor(((TOP_NAME - LAST_NAME) * up) / line) + 1;
  const missing = [...places.keys()].filter((number) => number && !places[number]).slice(0, most);
  const host = missing.length ? missing[0] - 1 : 0;
  const half = (0.5 * line) / up;
  const step = (TOP_NAME - LAST_NAME) / Math.max(missing.length - 1, 1);
  return missing.flatMap((number, row) => {
    const level = TOP_NAME - step * row;
    // Where the level line is within the area, and up to where the one before has room.
    const inside = [...ends.keys()].filter((i) => ends[i][number] <= level && level < ends[i][number + 1]);
    const roomy = ends.filter((stop) => stop[host + 1] >= level + half).length - 1;
    const start = (roomy * across) / last - FROM_EDGE - lengths[number] - 2;
    if (!inside.length || start < 0 || ends[Math.floor((start / across) * last)][host] > level - half) return [];
    const end = roomy / last - FROM_EDGE / across;
    // No name of another area is there.
    const isFree = places.every(
      (place, i) =>
        !place ||
        Math.abs(place[1] - level) * up >= line ||
        (place[0] - end) * across >= lengths[i] / 2 ||
        start >= place[0] * across + lengths[i] / 2,
    );
    if (!isFree) return [];
    const middle = inside.reduce((sum, i) => sum + i, 0) / inside.length;
    return [[number, host, end, level, middle / last]];
  });
}

/**
 * Return what lies over a map: there T and the dice are put, dragged, and moved by keys.
 * @param {Object} core As `coreOf` in tables.js returns it.
 */
export function drawPad({ data, store, shown }) {
  const { stops } = data;
  const last = stops.count - 1;
  const [low, high] = [stopAt(stops, 0), stopAt(stops, last)];
  const tip = make("div", { className: "tip", hidden: true });
  const el = make("div", { className: "pad", role: "slider", tabIndex: 0, "aria-label": phrase("map_name") }, tip);
  el.setAttribute("aria-valuemin", `${low}`);
  el.setAttribute("aria-valuemax", `${high}`);
  el.dataset.lmSuppressShortcuts = "true";
  let now;

  const placeAt = ({ clientX, clientY }) => {
    const { left, top, width, height } = el.getBoundingClientRect();
    const [across, up] = [(clientX - left) / width, 1 - (clientY - top) / height];
    return { T: stopAt(stops, Math.round(Math.min(Math.max(across, 0), 1) * last)), up };
  };

  function drag(event) {
    const { T, up } = placeAt(event);
    store.set({ T: asHeld(T), ...diceAt(up) });
    point(event);
  }

  // Say which token is there, however small its area.
  function point(event) {
    const { T, up } = placeAt(event);
    tip.textContent = toldAt(T, diceAt(up).place);
    const { left, top } = el.getBoundingClientRect();
    putTip(tip, event.clientX - left, event.clientY - top, el);
  }

  function toldAt(T, place) {
    const { table, words } = shown();
    const rank = landings(table.all, [T], Float64Array.of(place))[0][0];
    const share = Math.exp(exponent(table.all.shifted[rank], T)) / sums(table.all, T).sum;
    const gaps = { word: words[table.order[rank]].trim() || "·", rank: rounded(rank + 1, 0, true) };
    return phrase("token_at", { ...gaps, chance: chanceText(share, share === 1) });
  }

  followPointer(el, drag);
  el.addEventListener("pointermove", point);
  el.addEventListener("pointerleave", () => (tip.hidden = true));
  el.addEventListener("keydown", (event) => {
    const { key, shiftKey, ctrlKey, metaKey, altKey } = event;
    const many = shiftKey ? 10 : 1;
    const across = { ArrowRight: many, ArrowLeft: -many, Home: -last, End: last }[key];
    const up = { ArrowUp: many, ArrowDown: -many, PageUp: 10, PageDown: -10 }[key];
    if ((!across && !up) || ctrlKey || metaKey || altKey) return;
    event.preventDefault();
    if (up) store.set(diceAt(now === undefined ? 0.5 : now + up / 100));
    else {
      const position = nearestStop(stops, temperatureOf(store.get())) + (across ?? 0);
      store.set({ T: asHeld(stopAt(stops, Math.min(Math.max(position, 0), last))) });
    }
  });

  return {
    el,
    /** Lay it over the map of a layout. */
    place({ map }, view) {
      el.hidden = !map || !view;
      if (el.hidden) return;
      layOver(el, map, view);
    },
    show({ T, dice, word }) {
      now = dice;
      el.setAttribute("aria-valuenow", `${Math.min(Math.max(T, low), high)}`);
      const temperature = phrase("panel_title", { temperature: temperatureText(T, stops.step) });
      const landed = dice === undefined ? phrase("nothing_drawn") : `${phrase("dice", { number: rounded(dice, 2) })}: ${word}`;
      el.setAttribute("aria-valuetext", `${temperature}, ${landed}`);
    },
  };
}
