// What stands below the slider: the sentence, the picture, a way to the dice, and a table for those who
// cannot see it.

import { phrase, rounded } from "../engine/words.js";
import { moveTo } from "../stops.js";
import { diceAt, rollOf } from "../store.js";
import { followPointer, layOver, make, whenAtRest } from "./parts.js";
import { drawPicture } from "./picture.js";
import { drawTips } from "./tips.js";

/** Draw those parts that an explorer has, by functions under their names. */
export function partsIn(core, drawers) {
  return Object.entries(drawers).flatMap(([part, draw]) => (core.data.parts.includes(part) ? [draw(core)] : []));
}

/**
 * @param {HTMLElement} el
 * @param {Object} core As `coreOf` in tables.js returns it.
 * @param {{ wantNarrow: () => void, handles?: Record<string, any>, panels?: Record<string, any>, drawRules?: any }} options
 */
export function drawBody(el, core, { wantNarrow, handles: own = {}, panels = {}, drawRules }) {
  const { data, store, given, shown } = core;
  el.classList.add("softmax-temperature");
  const [caption, room] = [make("p"), make("div", { "aria-hidden": "true" })];
  const status = make("div", { className: "aloud", role: "status", "aria-live": "polite" });
  const picture = make("div", { className: "picture" });
  // What lies over the picture, and is moved by hand and by keys.
  const handles = [
    ...(data.parts.includes("dice") ? [drawDice(core)] : []),
    drawTips(core),
    ...partsIn(core, own),
  ];
  const [ranks, pictures] = [make("div", { className: "ranks" }), make("div", { className: "pictures" })];
  pictures.append(ranks, picture);
  const told = drawTold();
  const notice = core.tables.find((table) => table.notice)?.notice;
  el.replaceChildren(
    pictures,
    make("div", { className: "sentences" }, caption, room),
    status,
    make("div", { className: "aloud told" }, told.table),
    ...(notice ? [make("details", { className: "notice" }, make("summary", {}, phrase("notice")), notice)] : []),
  );
  // Which draws are on show, by the state.
  /** @type {string | undefined} */
  let thrown;
  let layout, chart, drawn, frame, rankLayout, rules;

  function paint() {
    if (drawn !== shown()) draw();
    // Where the rank chart has the title, the bars have one of their own.
    chart?.move(given().ranks ? { ...frame, title: phrase("after_all_steps") } : frame);
    if (chart) rules?.move(frame);
    const roll = rollOf(store.get());
    if (roll && thrown !== undefined && roll !== thrown) chart?.roll();
    thrown = roll;
    caption.textContent = frame.caption;
    // The longest sentence so far keeps its room, so that nothing below jumps.
    if (frame.caption.length > room.textContent.length) room.textContent = frame.caption;
    for (const handle of handles) handle.show(frame);
  }

  function draw() {
    const before = drawn;
    drawn = shown();
    if (before && !drawRules && chart?.take(drawn)) return told.name(drawn.names);
    try {
      chart = drawPicture(layout, drawn, panels, { moveTo: (part) => moveTo(core, part) });
      // What is held goes on being held: a stick that is pulled draws all anew.
      const held = handles.map(({ el }) => el);
      for (const child of [...picture.children]) if (!held.includes(child)) child.remove();
      picture.prepend(chart.root);
      if (!held.every((el) => picture.contains(el))) picture.append(...held);
      rules = drawRules?.({ layout, rankLayout, bars: chart.root, shown: drawn, core });
      ranks.replaceChildren();
      if (rules) (rankLayout ? ranks : picture).append(...rules.parts);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      chart = undefined;
      picture.replaceChildren(make("p", { role: "alert" }, phrase("damaged_picture")));
    }
    ranks.hidden = !rankLayout;
    pictures.classList.toggle("beside", Boolean(rankLayout));
    picture.style.maxWidth = `${(rankLayout ? 1.2 : 1.5) * layout.width}px`;
    ranks.style.maxWidth = rankLayout ? `${1.3 * rankLayout.width}px` : "";
    for (const handle of handles) handle.place(layout, chart?.view, chart?.sides);
    told.name(drawn.names);
  }

  const rest = whenAtRest(() => {
    const { prompt } = given();
    const word = frame.word === undefined ? "" : `${phrase("word_aloud", { prompt, word: frame.word })} `;
    status.textContent = `${frame.aloud} ${word}${frame.caption}`;
    told.tell(frame);
  });

  function show(next) {
    const isFirst = frame === undefined;
    frame = next;
    // To ask for a width costs a layout: not at every frame.
    if (!layout || !given().layouts.includes(layout)) fit();
    else paint();
    // Nothing is read aloud before the first change.
    if (isFirst) told.tell(frame);
    else rest.wait();
  }

  function fit() {
    const { layouts, ranks: frames } = given();
    // The widest in which letters stay large enough to be read.
    const wanted = frames ?? layouts;
    const place = el.clientWidth ? wanted.findIndex(({ width }) => el.clientWidth >= 0.9 * width) : 0;
    if (place < 0 && wanted.length === 1) wantNarrow();
    const [fitting, ranked] = [layouts, frames].map((all) => all?.at(Math.min(place, all.length - 1)));
    if (fitting === layout && ranked === rankLayout) return;
    [layout, rankLayout] = [fitting, ranked];
    drawn = undefined;
    if (frame) paint();
  }

  // In a frame of its own, since a chart of another height at once would be told as an error.
  const observer = new ResizeObserver(() => requestAnimationFrame(fit));
  observer.observe(el);
  return {
    show,
    stop() {
      observer.disconnect();
      rest.stop();
    },
  };
}

// What lies over the strip: the dice are put where it is pressed, dragged along it, or moved by keys.
function drawDice({ store }) {
  const el = make("div", { className: "strip", role: "slider", tabIndex: 0, "aria-label": phrase("dice_name") });
  el.setAttribute("aria-valuemin", "0");
  el.setAttribute("aria-valuemax", "1");
  el.dataset.lmSuppressShortcuts = "true";
  let [now, ends] = [undefined, [0, 1]];
  const put = (place) => store.set(diceAt(place));
  followPointer(el, (event) => {
    const { left, width } = el.getBoundingClientRect();
    const [start, end] = ends;
    put(((event.clientX - left) / width) * (end - start) + start);
  });
  el.addEventListener("keydown", (event) => {
    const step = event.shiftKey ? 0.1 : 0.01;
    const from = now ?? 0.5;
    const goals = {
      ArrowRight: from + step,
      ArrowUp: from + step,
      ArrowLeft: from - step,
      ArrowDown: from - step,
      PageUp: from + 0.1,
      PageDown: from - 0.1,
      Home: 0,
      End: 1,
    };
    if (!(event.key in goals) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    put(now === undefined ? 0.5 : goals[event.key]);
  });
  return {
    el,
    /** Lay it over the strip of a layout. */
    place({ strip }, view) {
      el.hidden = !strip || !view;
      if (el.hidden) return;
      // A finger needs more than the strip's height.
      const [left, right] = [strip.left - 6, strip.right + 6];
      const [top, bottom] = [Math.max(strip.top - 16, 0), strip.bottom + 12];
      const length = strip.right - strip.left;
      ends = [(left - strip.left) / length, (right - strip.left) / length];
      layOver(el, { left, right, top, bottom }, view);
    },
    show({ dice, word }) {
      now = dice;
      el.setAttribute("aria-valuenow", rounded(dice ?? 0, 4));
      const text = dice === undefined ? phrase("nothing_drawn") : `${rounded(dice, 2)}: ${word}`;
      el.setAttribute("aria-valuetext", text);
    },
  };
}

// The numbers as a table, for those who cannot see the bars.
function drawTold() {
  const [caption, body] = [make("caption"), make("tbody")];
  const heads = ["token_column", "probability_column", "draws_column"].map((name) =>
    make("th", { scope: "col" }, phrase(name)),
  );
  const table = make("table", {}, caption, make("thead", {}, make("tr", {}, ...heads)), body);
  let rows = [];
  return {
    table,
    name(names) {
      rows = names.map((name) => [make("th", { scope: "row" }, name), make("td"), make("td")]);
      body.replaceChildren(...rows.map((cells) => make("tr", {}, ...cells)));
    },
    tell({ title, texts, counts }) {
      caption.textContent = title;
      heads.at(-1).hidden = !counts;
      rows.forEach(([, probability, drawn], i) => {
        probability.textContent = texts[i];
        drawn.hidden = !counts;
        drawn.textContent = counts ? counts[i] : "";
      });
    },
  };
}
