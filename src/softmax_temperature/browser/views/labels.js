// Where labels of points stand so that none covers another: drawing/labels.py places them by the same rule.

const [ASIDE, ABOVE, APART] = [6, 3, 1];
const [FARTHER, STRIDE] = [6, 24];
const [NOT_RIGHT, CROSSED, COVERS] = [3, 60, 200];

/**
 * Left, top, right and bottom, with y downwards.
 * @typedef {[number, number, number, number]} Box
 */

/**
 * The point of a text, x and y, its width and height, and whether it is left out where it would
 * cover a solid.
 * @typedef {[number, number, number, number, unknown?]} Label
 */

/**
 * Return the upper left corner of each label, as near to its point as it can be, or undefined.
 *
 * A label covers no label that comes before it, and no solid where it can be avoided, and rather no line.
 * @param {Label[]} labels
 * @param {Box} room
 * @param {Box[]} solids
 * @param {Box[]} lines
 * @returns {([number, number] | undefined)[]}
 */
export function placeLabels(labels, room, solids, lines) {
  /** @type {Box[]} */
  const placed = [];
  return labels.map((label) => {
    const best = bestPlace(label, room, [...solids, ...placed], [], lines) ?? (label[4] ? undefined : bestPlace(label, room, placed, solids, lines));
    if (!best) return undefined;
    const [, x, y] = best;
    placed.push([x, y, x + label[2], y + label[3]]);
    return [x, y];
  });
}

/**
 * Return the least cost, and the corner that has it.
 * @param {Label} label
 * @param {Box} room
 * @param {Box[]} obstacles
 * @param {Box[]} solids
 * @param {Box[]} lines
 */
function bestPlace([x, y, width, height], [left, top, right, bottom], obstacles, solids, lines) {
  /** @type {[number, number, number] | undefined} */
  let best;
  const starts = [x + ASIDE, x - width / 2, x - width - ASIDE, right];
  for (let k = 0; k < FARTHER; k++) starts.push(x + ASIDE + STRIDE * (k + 1));
  for (const [k, start] of starts.entries()) {
    const at = Math.max(Math.min(start, right - width), left);
    for (let step = 0; step < Math.floor((2 * (bottom - top)) / height); step++) {
      if (best && ABOVE + (height * step) / 2 >= best[0]) break;
      for (const level of [y - ABOVE - height * (1 + step / 2), y + ABOVE + (height * step) / 2]) {
        if (level < top || level + height > bottom) continue;
        const across = Math.max(at - x - ASIDE, x - at - width - ASIDE, 0);
        const far = across + Math.max(level - y, y - level - height, 0);
        let cost = far + Math.min(k, 3) * NOT_RIGHT;
        if (best && cost >= best[0]) continue;
        /** @type {Box} */
        const box = [at, level, at + width, level + height];
        if (obstacles.some((other) => overlap(box, other))) continue;
        cost += CROSSED * lines.filter((line) => overlap(box, line)).length;
        cost += COVERS * solids.filter((solid) => overlap(box, solid)).length;
        if (!best || cost < best[0]) best = [cost, at, level];
      }
    }
  }
  return best;
}

/** @type {(one: Box, other: Box) => boolean} */
function overlap(one, other) {
  return (
    one[0] < other[2] + APART && other[0] < one[2] + APART && one[1] < other[3] + APART && other[1] < one[3] + APART
  );
}
