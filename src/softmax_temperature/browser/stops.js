// The stops of a temperature slider, between which and beyond which a temperature can be, too.

import { asHeld } from "./store.js";

/**
 * @typedef {{ first: number, step: number, count: number }} Stops
 */

/** Return the state with another temperature, at a place between the first and the last stop. */
export function moveTo({ data: { stops }, store }, part) {
  const position = Math.round(part * (stops.count - 1));
  store.set({ T: asHeld(stopAt(stops, position)) });
}

/** Return the temperature of a stop: the number that is written so, without the rounding of steps. */
export function stopAt({ first, step }, position) {
  return Number((first + step * position).toPrecision(12));
}

/** Return the position of the stop that is nearest to a temperature. */
export function nearestStop({ first, step, count }, temperature) {
  return Math.min(Math.max(Math.round((temperature - first) / step), 0), count - 1);
}
