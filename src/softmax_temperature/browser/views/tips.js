// What lies over the bars: there the pointer, a finger or the arrow keys tell what is known of each.

import { chanceText, phrase, rounded } from "../engine/words.js";
import { layOver, make, putTip } from "./parts.js";

/**
 * @param {Object} core As `coreOf` in tables.js returns it.
 */
export function drawTips({ data, shown }) {
  const tip = make("div", { className: "tip", hidden: true });
  const el = make("div", { className: "tips", role: "slider", tabIndex: 0, "aria-label": phrase("bars_name"), "aria-valuemin": "1" }, tip);
  el.dataset.lmSuppressShortcuts = "true";
  /** @type {any[]} Where the middle of each bar is, as shares of what lies over them. */
  let middles = [];
  let [upright, chosen] = [true, 0];
  let frame;

  function tell() {
    const { names, others, table } = shown();
    const { shares, texts, before } = frame;
    const [share, text, name] = [shares[chosen], texts[chosen], names[chosen].replace("\n", " ")];
    const isToken = others && chosen < names.length - 1;
    const ranked = phrase("bar_rank", { word: name, rank: rounded(chosen + 1, 0, true), total: rounded(table.order.length, 0, true) });
    const chance = share < 0.01 ? chanceText(share, false) : phrase("one_in", { count: rounded(1 / share, share > 0.1 ? 1 : 0) });
    tip.textContent = [
      isToken ? ranked : name,
      share > 0 && share < 1 ? phrase("bar_chance", { share: text, chance }) : text,
      `${phrase(data.kind === "sampler" ? "uncut" : "at_1")}: ${before[chosen]}`,
    ].join("\n");
    el.setAttribute("aria-valuenow", `${chosen + 1}`);
    el.setAttribute("aria-valuetext", tip.textContent.replaceAll("\n", ", "));
  }

  function point(event) {
    const { left, top, width, height } = el.getBoundingClientRect();
    const [x, y] = [event.clientX - left, event.clientY - top];
    const along = upright ? x / width : y / height;
    const apart = middles.map((middle) => Math.abs(middle - along));
    chosen = apart.indexOf(Math.min(...apart));
    tell();
    putTip(tip, x, y, el);
  }

  function showAtBar() {
    tell();
    const [x, y] = upright ? [middles[chosen], 0.5] : [0.4, middles[chosen]];
    putTip(tip, x * el.clientWidth, y * el.clientHeight, el);
  }

  const hide = () => (tip.hidden = true);
  for (const name of ["pointermove", "pointerdown"]) el.addEventListener(name, point);
  // What has been tapped stays.
  el.addEventListener("pointerleave", () => el.matches(":focus") || hide());
  el.addEventListener("focus", () => tip.hidden && showAtBar());
  el.addEventListener("blur", hide);
  el.addEventListener("keydown", (event) => {
    const { key, ctrlKey, metaKey, altKey } = event;
    if (key === "Escape") hide();
    const last = middles.length - 1;
    const goal = { ArrowRight: chosen + 1, ArrowDown: chosen + 1, ArrowLeft: chosen - 1, ArrowUp: chosen - 1, Home: 0, End: last }[key];
    if (goal === undefined || ctrlKey || metaKey || altKey) return;
    event.preventDefault();
    chosen = Math.min(Math.max(goal, 0), last);
    showAtBar();
  });

  return {
    el,
    /** Lay it over the bars of a layout, with their names and numbers. */
    place({ bars }, view, sides) {
      el.hidden = !view;
      if (el.hidden) return;
      ({ upright } = bars);
      const [low, high] = [Math.min(...sides.flat()) - 4, Math.max(...sides.flat()) + 4];
      const [first, last] = upright ? [bars.end - 14, bars.foot + 18] : [4, Math.min(bars.end + 40, view.width)];
      layOver(el, upright ? { left: low, right: high, top: first, bottom: last } : { left: first, right: last, top: low, bottom: high }, view);
      middles = sides.map(([start, end]) => ((start + end) / 2 - low) / (high - low));
      chosen = Math.min(chosen, middles.length - 1);
      el.setAttribute("aria-valuemax", `${middles.length}`);
    },
    show(next) {
      frame = next;
      tell();
    },
  };
}
