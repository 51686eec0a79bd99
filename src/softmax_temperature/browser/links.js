// Links in prose that move a picture: [drag T to 2](#T=2) that of the nearest explorer, and
// [the other one](#2.T=0.7) that of the second.

import { pairsOf, stateAsked } from "./address.js";
import { isSame } from "./store.js";
import { make } from "./views/parts.js";

/**
 * An explorer as links find it: where it is, its core, and its number among all, counted from 1.
 * @typedef {{ el: Element, core: any, number: number }} Found
 */

// What a token of a text is chosen from is another text after one of these.
const OF_A_TEXT = ["prompt", "seed", "length", "steps"];

/**
 * Let links that name settings of an explorer set them, instead of leading away.
 * @param {(link: Element) => Found[]} find The explorers beside a link, in the order of the page.
 * @param {string} cell Which elements are cells, of which the nearest explorer is the fewest away.
 */
export function followLinks(find, cell) {
  // Before a notebook, which would look for a heading of that name.
  addEventListener("click", (event) => followLink(event), true);
  addEventListener(
    "focusin",
    (/** @type {any} */ { target: link }) => {
      // Otherwise a notebook takes Enter as a command.
      if (link.matches?.('a[href^="#"]') && askedBy(link, find(link), cell).length) link.dataset.lmSuppressShortcuts = "true";
    },
    true,
  );

  /** @param {any} event */
  function followLink(event) {
    const link = event.target.closest?.('a[href^="#"]');
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const moved = askedBy(link, find(link), cell);
    if (!moved.length) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const problems = moved.flatMap(({ core, asked }) => setAsked(core, asked));
    const told = link.nextElementSibling;
    if (told?.matches(".softmax-temperature-problem")) told.remove();
    const text = problems.join(" ");
    if (text) link.after(make("span", { className: "softmax-temperature-problem", role: "alert" }, ` ${text}`));
  }
}

/** Change what is set, and return what cannot be. */
function setAsked(core, asked) {
  const { store } = core;
  const now = store.get();
  // Words that a reader has typed belong to the table that they were typed for.
  const isOther = "table" in now && asked.has("PROMPT");
  const from = isOther ? { ...now, tokens: null, logits: null } : now;
  const { state, problems } = stateAsked(asked, from, core);
  if ("chosen" in now && !asked.has("TOKEN") && OF_A_TEXT.some((name) => !isSame(now[name], state[name]))) state.chosen = -1;
  store.set(state);
  return problems;
}

/**
 * Return the explorers that a link moves, with what it asks of each.
 * @param {any} link
 * @param {Found[]} found
 * @param {string} cell
 */
export function askedBy(link, found, cell) {
  const parts = pairsOf(link.hash);
  if (!parts.length || !found.length) return [];
  const next = nearestTo(link, found.map(({ el }) => el), cell);
  return found.flatMap(({ core, number }, i) => {
    const [prefix, isNext] = [`${number}.`, i === next];
    /** @type {Map<string, string>} */
    const asked = new Map();
    for (const [name, text] of parts) {
      if (name.startsWith(prefix)) asked.set(name.slice(prefix.length), text);
      else if (isNext && !/^\d+\./.test(name)) asked.set(name, text);
    }
    const isKnown = asked.size > 0 && stateAsked(asked, core.store.get(), core).known;
    return isKnown ? [{ core, asked, number, isNext }] : [];
  });
}

/** Return which element is the fewest cells away: of two that are as near it is the one that follows. */
function nearestTo(link, elements, cell) {
  const cells = new Map([...link.closest("html").querySelectorAll(cell)].map((el, number) => [el, number]));
  const at = (el) => cells.get(el.closest(cell)) ?? -1;
  const far = elements.map((el) => Math.abs(at(el) - at(link)));
  const least = Math.min(...far);
  const near = elements.flatMap((_, number) => (far[number] === least ? [number] : []));
  const follows = (number) => link.compareDocumentPosition(elements[number]) & Node.DOCUMENT_POSITION_FOLLOWING;
  return near.find(follows) ?? near.at(-1);
}
