// A text whose tokens are tinted by surprise, and what the chosen one was drawn from.

import { phrase, rounded } from "../engine/words.js";
import { isSame } from "../store.js";
import { takenBefore } from "../taken.js";
import { drawLuck } from "./luck.js";
import { drawForest } from "./forest.js";
import { make, uniquePrefix, whenAtRest } from "./parts.js";
import { drawStories } from "./stories.js";
import { drawTints, levelOf, surpriseOfWord } from "./tints.js";
import { headOfRivals, lineOfRival, makeTokens, markChosen } from "./tokens.js";

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
  const list = makeTokens({ now: () => shown?.chosen, choose, point: (place) => mark(place) });
  const room = make("p", { "aria-hidden": "true" });
  const settings = [1, 2].map(() => make("p", { className: "setting", hidden: true }));
  const both = make("div", { className: "stories-beside" });
  const otherText = make("p");
  const otherRoom = make("p", { "aria-hidden": "true" });
  const other = make("div", {}, settings[1], make("div", { className: "story" }, otherText, otherRoom));
  const map = core.frame && drawStories(core);
  const [key, unlike] = [drawTints(), make("span", { className: "other", hidden: true }, phrase("not_as_other_key"))];
  key.append(" ", unlike);
  const told = make("p");
  const rivals = make("ol", { className: "takeable" });
  const luck = core.frame && drawLuck(core.model);
  const [aloud, chosenAloud] = [1, 2].map(() => make("div", { className: "aloud", role: "status" }));
  el.replaceChildren(
    make("div", { className: "sentences" }, caption, longest),
    both,
    key,
    ...(map ? [map.el] : []),
    // Python writes one text after the other: a forest of them takes too long.
    ...(core.forest ? [drawForest(core)] : []),
    make("div", { className: "details" }, told, rivals, ...(luck ? [luck.el] : [])),
    ...(notice ? [make("details", { className: "notice" }, make("summary", {}, phrase("notice")), notice)] : []),
    aloud,
    chosenAloud,
  );
  both.append(make("div", {}, settings[0], make("div", { className: "story" }, make("p", {}, prompt, list), room)));
  longest.textContent = `${phrase("other_after", { fork: "000", length: "000" })}\n${phrase("mean_surprise", { bits: "00.0" })}`;
  const ids = uniquePrefix();

  /** @type {any} */
  let shown;
  /** @type {any} */
  let held;
  let before = "";
  let largest = 0;
  const rest = whenAtRest(() => {
    const stop = phrase("stop_aloud", { name: phrase("temperature"), value: shown.temperature });
    aloud.textContent = `${stop} ${shown.sentence} ${shown.prompt}${shown.pieces.join("")}`;
  });

  function optionOf(i) {
    const { pieces, places, words, bits } = shown;
    const isEnd = shown.ended && i === places.length - 1;
    const option = make("span", { role: "option", "aria-selected": "false", id: ids + i }, pieces[i]);
    option.className = `level-${levelOf(surpriseOfWord(i, words, bits))}`;
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
    [...list.children].forEach((option, i) => {
      option.classList.toggle("fork", i === fork);
      option.classList.toggle("taken", shown.taken.includes(i));
    });
    list.classList.toggle("open", !shown.ended);
    prompt.textContent = shown.prompt;
    caption.textContent = shown.sentence;
    paintBeside();
    makeRoom();
  }

  // The text that is held beside it, and in both what is another token than in the same place.
  function paintBeside() {
    const { beside } = shown;
    settings[0].hidden = settings[1].hidden = unlike.hidden = !beside;
    if (beside) both.append(other);
    else other.remove();
    el.classList.toggle("beside", Boolean(beside));
    const isOther = (/** @type {number} */ i) => Boolean(beside) && beside.differing.includes(i);
    [...list.children].forEach((option, i) => option.classList.toggle("other", isOther(i)));
    if (!beside) return;
    const { pieces, words, bits, setting, own, differing } = beside;
    settings[0].textContent = phrase("text_a", { setting: own });
    settings[1].textContent = phrase("text_b", { setting });
    const parts = pieces.map((piece, i) => {
      const level = levelOf(surpriseOfWord(i, words, bits));
      const part = make("span", { className: `token level-${level}` }, piece);
      part.classList.toggle("fork", i === shown.fork);
      part.classList.toggle("other", i >= shown.places.length || differing.includes(i));
      part.classList.toggle("newline", piece === "\n");
      part.classList.toggle("end", beside.ended && i === pieces.length - 1);
      return part;
    });
    const tokens = make("span", { className: beside.ended ? "" : "open" }, ...parts);
    otherText.replaceChildren(make("span", { className: "prompt" }, shown.prompt), tokens);
  }

  // So much that nothing below jumps.
  function makeRoom() {
    const { prompt, length } = store.get();
    const asked = JSON.stringify([prompt, length]);
    const width = widthOf(`${shown.pieces.join("")} ${phrase("other_than_at_1")} ↵`);
    const needed = Math.max(asked === before ? largest : length * PER_TOKEN, width);
    if (asked === before && needed === largest) return;
    [before, largest] = [asked, needed];
    room.textContent = otherRoom.textContent = `${prompt} ${FILLER.repeat(Math.ceil(needed / PER_FILLER))}`;
  }

  // Show what is known of the token that is pointed at, or else of the chosen one.
  function mark(pointed = shown.chosen) {
    const { chosen, places, bits } = shown;
    markChosen(list, chosen, ids);
    const isPointed = pointed >= 0 && pointed < places.length;
    const place = isPointed ? pointed : bits.indexOf(Math.max(...bits));
    if (place < 0) return "";
    const { lines, name, rank, total, chance } = core.rivals(places[place]);
    // What a reader has taken, and what was held for it, no dice have drawn.
    luck.show(place < store.get().taken.flat().length ? undefined : () => core.luck(places[place]));
    const gaps = { word: name, bits: rounded(bits[place], 1), rank: rounded(rank, 0, true), total: rounded(total, 0, true), chance };
    const said = phrase("surprise_of", gaps);
    told.textContent = isPointed ? said : phrase("most_surprising", { told: said });
    const head = [shown.temperature, "1"].map((temperature) => phrase("chance_at", { temperature }));
    const items = [headOfRivals(head), ...lines.map(lineOfRival)];
    items.forEach((item, i) => item.append(make("span", {}, i ? buttonOf(lines[i - 1], place) : "")));
    rivals.replaceChildren(...items);
    const named = lines.map((line) => phrase("rival", { word: line.name, chance: line.text }));
    return `${said} ${phrase("rivals_there", { temperature: shown.temperature, rivals: named.join(", ") })}`;
  }

  // Beside a rival, what takes it; beside a token that was taken, what takes that back.
  function buttonOf({ isOwn, token, name }, place) {
    const isTaken = isOwn && shown.taken.includes(place);
    if ((isOwn && !isTaken) || core.problem) return "";
    const before = takenBefore(store.get().taken, place);
    const taken = isTaken ? before : [...before, [...shown.places.slice(before.flat().length, place).map((own) => own.token), token]];
    const [text, label] = isTaken ? ["take_back", "take_back_name"] : ["take", "take_name"];
    const take = () => {
      // Another token stands there now, and is the chosen one.
      held = undefined;
      store.set({ taken, chosen: place });
      // The button is gone: the keys go on from the text.
      list.focus({ preventScroll: true });
      chosenAloud.textContent = isTaken ? mark() : `${phrase("taken_aloud", { word: name })} ${mark()}`;
    };
    return make("button", { type: "button", "aria-label": phrase(label, { word: name }), onclick: take }, phrase(text));
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
    const isTold = isNew || last.sentence !== shown.sentence || last.done !== shown.done || last.fork !== shown.fork || !isSame(last.taken, shown.taken) || isOtherBeside(last.beside, shown.beside);
    if (isTold) paint(last);
    if (isTold || last.chosen !== shown.chosen || last.T !== shown.T) mark();
    letGo();
    if (last && last.T === shown.T && !isTold) return;
    // Nothing is read aloud before the first change.
    if (last && shown.done) rest.wait();
    else rest.stop();
  };
}

function isOtherBeside(before, now) {
  return before?.setting !== now?.setting || before?.own !== now?.own || before?.places.length !== now?.places.length || before?.places.at(-1) !== now?.places.at(-1);
}

function widthOf(text) {
  return text.length + PER_LINE * (text.split("\n").length - 1);
}
