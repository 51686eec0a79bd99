// The tokens that a reader has taken in place of what the dice drew: lists, each with its own at its end.

/** Return the places of the tokens that a reader has taken. */
export function endsOf(/** @type {number[][]} */ taken) {
  let end = -1;
  return taken.map((run) => (end += run.length));
}

/** Return what was taken before a place. */
export function takenBefore(/** @type {number[][]} */ taken, /** @type {number} */ place) {
  const ends = endsOf(taken);
  return taken.filter((_, i) => ends[i] < place);
}
