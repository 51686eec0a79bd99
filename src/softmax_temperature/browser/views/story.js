// A text whose tokens are tinted by surprise, and what the chosen one was drawn from.

import { phrase, rounded } from "../engine/words.js";
import { make, uniquePrefix } from "./parts.js";
import { drawStories } from "./stories.js";
import { drawTints, levelOf } from "./tints.js";

// At most about so many characters has a token, and so many a line.
const [PER_TOKEN, PER_LINE] = [3.8, 50];
// What keeps room for a text, and for how many of its characters.
const [FILLER, PER_FILLER] = ["mmn ", 5.4];

/**
 * Fill an element with a text.
 * @param {HTMLElement} el
 * @param {Object} core As `coreOf` in text.js returns it.
 */
export function drawStory(el, core) {
  const { data, store, notice } = core;
  el.classList.add("softmax-temperature", "softmax-temperature-text");
  const caption = make("p");
  const longest = make("div", { "aria-hidden": "true" });
  const prompt = make("span", { className: "prompt" });
  const list = make("span", { role: "listbox", tabIndex: 0, "aria-label": phrase("tokens_name") });
  // Otherwise a notebook takes the keys.
  list.dataset.lmSuppressShortcuts = "true";
  const room = make("p", { "aria-hidden": "true" });
  const map = core.frame && drawStories(core);
  const told = make("p");
  const rivals = make("ol");
  const [aloud, chosenAloud] = [1, 2].map(() => make("div", { className: "aloud", role: "status" }));
  el.replaceChildren(
    make("div", { className: "sentences" }, caption, longest),
    make("div", { className: "story" }, make("p", {}, prompt, list), room),
    drawTints(),
    ...(map ? [map.el] : []),
    make("div", { className: "details" }, told, rivals),
    ...(notice ? [make("details", { className: "notice" }, make("summary", {}, phrase("notice")), notice)] : []),
    aloud,
    chosenAloud,
  );
  longest.textContent = `${phrase("other_after", { fork: "000", length: "000" })}\n${phrase("mean_surprise", { bits: "00.0" })}`;
  const ids = uniquePrefix();

  /** @type {any} */
  let shown;
  /** @type {any} */
  let held;
  let before = "";
  let largest = 0;
  /** @type {any} */
  let pause;

  function optionOf(i) {
    const { pieces, places, words, bits } = shown;
    const isEnd = shown.ended && i === places.length - 1;
    const option = make("span", { role: "option", "aria-selected": "false", id: ids + i }, pieces[i]);
    const own = bits.filter((_, j) => words[j] === words[i]);
    option.className = `level-${levelOf(own.reduce((sum, number) => sum + number, 0))}`;
    option.classList.toggle("end", isEnd);
    option.classList.toggle("newline", pieces[i] === "\n");
    if (!pieces[i].trim()) option.ariaLabel = core.names[places[i].token];
    return option;
  }

  // What is kept of the text before stays as it is: a screen reader and a pointer may be on it.
  function paint(last) {
    const { places, pieces, words, fork } = shown;
    let kept = 0;
    while (kept < places.length && places[kept] === last?.places[kept] && pieces[kept] === last.pieces[kept]) kept++;
    // A word that goes on, or no longer does, has another surprise.
    const isWithin = (all) => kept < all.length && all[kept] === all[kept - 1];
    while (kept > 0 && (isWithin(words) || isWithin(last.words))) kept--;
    while (list.children.length > kept) list.lastChild.remove();
    for (let i = kept; i < places.length; i++) list.append(optionOf(i));
    [...list.children].forEach((option, i) => option.classList.toggle("fork", i === fork));
    list.classList.toggle("open", !shown.ended);
    prompt.textContent = shown.prompt;
    caption.textContent = shown.sentence;
    makeRoom();
  }

  // So much that nothing below jumps.
  function makeRoom() {
    const { prompt, length } = store.get();
    const asked = JSON.stringify([prompt, length]);
    const width = widthOf(`${shown.pieces.join("")} ${phrase("other_than_at_1")} ↵`);
    const needed = Math.max(asked === before ? largest : length * PER_TOKEN, width);
    if (asked === before && needed === largest) return;
    [before, largest] = [asked, needed];
    room.textContent = `${prompt} ${FILLER.repeat(Math.ceil(needed / PER_FILLER))}`;
  }

  // Show what is known of the token that is pointed at, or else of the chosen one.
  function mark(pointed = shown.chosen) {
    const { chosen, places, bits } = shown;
    [...list.children].forEach((option, i) => {
      if ((option.ariaSelected === "true") !== (i === chosen)) option.ariaSelected = `${i === chosen}`;
    });
    if (chosen >= 0) list.setAttribute("aria-activedescendant", ids + chosen);
    else list.removeAttribute("aria-activedescendant");
    const isPointed = pointed >= 0 && pointed < places.length;
    const place = isPointed ? pointed : bits.indexOf(Math.max(...bits));
    if (place < 0) return "";
    const { lines, name, rank, total, chance } = core.rivals(places[place]);
    const gaps = { word: name, bits: rounded(bits[place], 1), rank: rounded(rank, 0, true), total: rounded(total, 0, true), chance };
    const said = phrase("surprise_of", gaps);
    told.textContent = isPointed ? said : phrase("most_surprising", { told: said });
    rivals.replaceChildren(headOf(shown.temperature), ...lines.map(lineOf));
    const named = lines.map((line) => phrase("rival", { word: line.name, chance: line.text }));
    return `${said} ${phrase("rivals_there", { temperature: shown.temperature, rivals: named.join(", ") })}`;
  }

  // A chosen token that is no longer in the text is no longer chosen, once that is written so far.
  function letGo() {
    const { chosen } = store.get();
    const place = shown.places[chosen];
    const isGone = place ? held?.chosen === chosen && held.place !== place : shown.done && chosen >= 0;
    if (place) held = { chosen, place };
    if (isGone) store.set({ chosen: -1 });
  }

  function choose(chosen) {
    store.set({ chosen });
    // A key that goes from token to token needs an answer each time.
    chosenAloud.textContent = mark();
  }

  const indexOf = (target) => [...list.children].indexOf(target.closest("[role=option]"));
  list.addEventListener("pointerover", ({ target }) => {
    const i = indexOf(target);
    if (i >= 0) mark(i);
  });
  list.addEventListener("pointerleave", () => mark());
  list.addEventListener("click", ({ target }) => {
    const i = indexOf(target);
    if (i >= 0) choose(i);
  });
  list.addEventListener("keydown", (event) => {
    const { key, ctrlKey, metaKey, altKey } = event;
    if (ctrlKey || metaKey || altKey || !shown) return;
    const [now, last] = [shown.chosen, shown.places.length - 1];
    const goals = {
      ArrowRight: () => now + 1,
      ArrowLeft: () => (now < 0 ? last : now - 1),
      ArrowDown: () => lineFrom(now, 1),
      ArrowUp: () => lineFrom(now, -1),
      Home: () => 0,
      End: () => last,
    };
    if (key !== "Escape" && !Object.hasOwn(goals, key)) return;
    event.preventDefault();
    choose(key === "Escape" ? -1 : Math.min(Math.max(goals[key](), 0), last));
  });

  // The token above or below: the nearest one on the next line.
  function lineFrom(now, way) {
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

  return () => {
    // Without its model a page has the text that it came with.
    if (!core.frame) {
      prompt.textContent = data.text;
      return;
    }
    const last = shown;
    shown = core.frame();
    map.show();
    const isNew = !last || last.places.length !== shown.places.length || last.places.at(-1) !== shown.places.at(-1) || last.prompt !== shown.prompt;
    const isTold = isNew || last.sentence !== shown.sentence || last.done !== shown.done || last.fork !== shown.fork;
    if (isTold) paint(last);
    if (isTold || last.chosen !== shown.chosen || last.T !== shown.T) mark();
    letGo();
    if (last && last.T === shown.T && !isTold) return;
    clearTimeout(pause);
    // Read aloud only what has come to rest, and nothing before the first change.
    if (last && shown.done) {
      const name = phrase("temperature");
      pause = setTimeout(() => {
        const stop = phrase("stop_aloud", { name, value: shown.temperature });
        aloud.textContent = `${stop} ${shown.sentence} ${shown.prompt}${shown.pieces.join("")}`;
      }, 600);
    }
  };
}

function widthOf(text) {
  return text.length + PER_LINE * (text.split("\n").length - 1);
}

function headOf(temperature) {
  const head = make("li", { className: "head", "aria-hidden": "true" }, make("span"), make("span"));
  for (const T of [temperature, "1"]) head.append(make("span", {}, phrase("chance_at", { temperature: T })));
  return head;
}

// A bar as long as the share at the slider's temperature, in an outline that stays at 1.
function lineOf({ rank, name, isOwn, at1, share, text, textAt1 }) {
  const bar = make("span", { className: "bar", "aria-hidden": "true" }, make("i"), make("b"));
  bar.children[0].style.width = `${100 * share}%`;
  bar.children[1].style.width = `${100 * at1}%`;
  const line = make("li", {}, make("span", {}, phrase("token_rank", { rank: rounded(rank, 0, true), word: name })), bar, make("span", {}, text), make("span", {}, textAt1));
  line.classList.toggle("own", isOwn);
  return line;
}
