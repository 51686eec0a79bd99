// Tokens of a text that are gone through with keys and pointer, and lines of what one was drawn from.

import { phrase, rounded } from "../engine/words.js";
import { make } from "./parts.js";

/**
 * Return a list for the tokens of a text, each an option: keys, pointer and clicks go from one to
 * another. With no token chosen, `now` gives -1; as long as there is no text, nothing.
 * @param {{ now: () => number | undefined, choose: (place: number) => void, point: (place?: number) => void }} how
 */
export function makeTokens({ now, choose, point }) {
  const list = make("span", { role: "listbox", tabIndex: 0, "aria-label": phrase("tokens_name") });
  // Otherwise a notebook takes the keys.
  list.dataset.lmSuppressShortcuts = "true";
  const indexOf = (target) => [...list.children].indexOf(target.closest("[role=option]"));
  list.addEventListener("pointerover", ({ target }) => {
    const i = indexOf(target);
    if (i >= 0) point(i);
  });
  list.addEventListener("pointerleave", () => point());
  list.addEventListener("click", ({ target }) => {
    const i = indexOf(target);
    if (i >= 0) choose(i);
  });
  list.addEventListener("keydown", (event) => {
    const { key, ctrlKey, metaKey, altKey } = event;
    const place = now();
    if (ctrlKey || metaKey || altKey || place === undefined) return;
    const last = list.children.length - 1;
    const goals = {
      ArrowRight: () => place + 1,
      ArrowLeft: () => (place < 0 ? last : place - 1),
      ArrowDown: () => lineFrom(list, place, 1),
      ArrowUp: () => lineFrom(list, place, -1),
      Home: () => 0,
      End: () => last,
    };
    if (key !== "Escape" && !Object.hasOwn(goals, key)) return;
    event.preventDefault();
    choose(key === "Escape" ? -1 : Math.min(Math.max(goals[key](), 0), last));
  });
  return list;
}

/** Mark which of a list's tokens is chosen, or none: -1. Their ids begin with a prefix. */
export function markChosen(list, chosen, ids) {
  [...list.children].forEach((option, i) => {
    if ((option.ariaSelected === "true") !== (i === chosen)) option.ariaSelected = `${i === chosen}`;
  });
  if (chosen >= 0) list.setAttribute("aria-activedescendant", ids + chosen);
  else list.removeAttribute("aria-activedescendant");
}

// The token above or below: the nearest one on the next line.
function lineFrom(list, now, way) {
  const boxes = [...list.children].map((option) => option.getClientRects()[0]);
  if (now < 0 || !boxes[now]) return 0;
  const { left, right, top } = boxes[now];
  const beyond = boxes.map((box, i) => [i, box]).filter(([, box]) => box && way * (box.top - top) > 4);
  if (!beyond.length) return now;
  const line = beyond.at(way > 0 ? 0 : -1)[1].top;
  /** @type {(entry: any) => number} */
  const far = ([, box]) => Math.abs(box.left + box.right - left - right);
  return beyond
    .filter(([, box]) => Math.abs(box.top - line) <= 4)
    .reduce((a, b) => (far(b) < far(a) ? b : a))[0];
}

/** Return the head of a list of rivals: what its two columns of numbers are. */
export function headOfRivals(texts) {
  const head = make("li", { className: "head", "aria-hidden": "true" }, make("span"), make("span"));
  for (const text of texts) head.append(make("span", {}, text));
  return head;
}

/** Return a rival: a bar as long as the share at the slider's temperature, in an outline that stays at 1. */
export function lineOfRival({ rank, name, isOwn, at1, share, text, textAt1 }) {
  const bar = make("span", { className: "bar", "aria-hidden": "true" }, make("i"), make("b"));
  bar.children[0].style.width = `${100 * share}%`;
  bar.children[1].style.width = `${100 * at1}%`;
  const label = rank ? phrase("token_rank", { rank: rounded(rank, 0, true), word: name }) : name;
  const line = make("li", {}, make("span", {}, label), bar, make("span", {}, text), make("span", {}, textAt1));
  line.classList.toggle("own", isOwn);
  return line;
}
