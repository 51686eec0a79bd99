// Levels of names that stand near to heights: drawing/labels.py spreads them by the same rule.

/**
 * Return levels near to heights, in the same order, not below 0, and a gap apart.
 *
 * Heights that are too close to one another join a group, which stands around their middle.
 * @param {ArrayLike<number>} heights
 * @param {number} gap
 */
export function spread(heights, gap) {
  const order = Array.from(heights, (_, i) => i).sort((a, b) => heights[a] - heights[b] || b - a);
  const groups = [];
  for (const i of order) {
    let [start, count] = [Math.max(heights[i], 0), 1];
    while (groups.length && start < groups.at(-1)[0] + groups.at(-1)[1] * gap) {
      const [before, more] = groups.pop();
      start = Math.max((before * more + (start - more * gap) * count) / (more + count), 0);
      count += more;
    }
    groups.push([start, count]);
  }
  const levels = groups.flatMap(([start, count]) => Array.from({ length: count }, (_, k) => start + k * gap));
  const placed = [];
  order.forEach((i, k) => (placed[i] = levels[k]));
  return placed;
}
