// A goal that a reader reaches in an explorer: the verdict follows what the explorer shows.

import { masked } from "./engine/cuts.js";
import { softmax } from "./engine/numbers.js";
import { chanceText, phrase, rounded } from "./engine/words.js";
import { sessionsOf, whenOpened } from "./sessions.js";
import { temperatureOf } from "./store.js";
import { make, whenAtRest } from "./views/parts.js";

/**
 * Tell whether an explorer is at a goal, and say what it shows of it. The twin of `_is_reached` in
 * `explorers/challenge.py`.
 * @param {Object} goal As `explorers/data.py` types it.
 * @param {Object} core Of an explorer.
 * @returns {{ isReached: boolean, now: string }}
 */
export function verdictOf(goal, core) {
  const frame = core.frame();
  if (goal.name === "writes") {
    const isReached = frame.pieces.join("").includes(goal.letters);
    return { isReached, now: phrase(isReached ? "written" : "not_written", { letters: goal.letters }) };
  }
  if (goal.name === "kept") {
    const counts = [frame.kept, frame.total].map((count) => rounded(count, 0, true));
    return { isReached: frame.kept === goal.kept, now: phrase("are_kept", { kept: counts[0], total: counts[1] }) };
  }
  const state = core.store.get();
  const { tokens, words, name } = goal;
  const { raw } = core.shown();
  const places = tokens.map((token, i) => {
    const place = state.tokens ? state.tokens.indexOf(token) : (goal.places[state.table]?.[i] ?? -1);
    // Where Python has sent another table, and not yet where that has the tokens.
    return place < raw.length ? place : -1;
  });
  const quoted = words.map((word) => phrase("quoted", { word }));
  const missing = places.findIndex((place) => place < 0);
  if (missing >= 0) return { isReached: false, now: phrase("word_is_gone", { word: quoted[missing] }) };
  const { order } = core.shown().table;
  if (name === "lands_on") {
    const landed = frame.dice === undefined ? -1 : order[frame.ranks[0]];
    const now = landed < 0 ? phrase("one_dice") : phrase("dice_land", { word: phrase("quoted", { word: frame.word.trim() || "·" }) });
    return { isReached: landed === places[0], now };
  }
  if (name === "beats" && frame.counts) {
    const [one, other] = places.map((place) => frame.ranks.filter((rank) => order[rank] === place).length);
    const counts = quoted.map((word, i) => phrase("word_times_count", { word, count: rounded([one, other][i], 0, true) }));
    return { isReached: one > other, now: phrase("drawn_beside", { one: counts[0], other: counts[1] }) };
  }
  const shares = sharesOf(core, frame);
  const p = places.map((place) => shares[place]);
  const now = places.map((_, i) => phrase("has_chance", { word: quoted[i], chance: chanceText(p[i], p[i] === 1) })).join(", ");
  const isReached = name === "beats" ? p[0] > p[1] : goal.low <= p[0] && p[0] <= goal.high;
  return { isReached, now: `${now}.` };
}

/** Return the probability of each token, after all cuts, in the order of the table. */
function sharesOf({ shown, store }, { row }) {
  return row ? softmax(masked(row)) : softmax(shown().raw, temperatureOf(store.get()));
}

/**
 * Put a challenge into an element. What comes back attaches it to an explorer's core, and that ends it.
 * @param {HTMLElement} el
 * @param {Object} goal
 */
export function pose(el, goal) {
  el.classList.add("softmax-temperature-question", "challenge");
  const [sign, told] = [make("span", { "aria-hidden": "true" }), make("span", {}, phrase("no_explorer"))];
  const status = make("div", { className: "unseen", role: "status" });
  el.replaceChildren(make("p", { className: "asked" }, goal.text), make("p", { className: "verdict" }, sign, told), status);
  let wasReached = false;
  const rest = whenAtRest((text) => (status.textContent = text));

  return ({ core }) => {
    function show() {
      const { isReached, now } = verdictOf(goal, core);
      const isFirst = told.textContent === phrase("no_explorer");
      wasReached ||= isReached;
      el.classList.toggle("reached", isReached);
      sign.textContent = isReached ? "✓ " : "○ ";
      told.textContent = phrase(isReached ? "goal_reached" : wasReached ? "goal_left" : "goal_open", { now });
      if (isFirst) rest.stop();
      else rest.wait(told.textContent);
    }
    const ends = [core.store.follow(show), core.writer?.follow(show)];
    show();
    return () => {
      rest.stop();
      ends.forEach((end) => end?.());
    };
  };
}

export const challenge = {
  async render({ model, el }) {
    const goal = { ...model.get("_goal") };
    const attach = pose(el, goal);
    const explorer = await model.widget_manager.get_model(model.get("_body").replace("IPY_MODEL_", ""));
    let [core, end] = [undefined, () => {}];
    const find = () => {
      const found = sessionsOf().get(explorer.get("key"))?.core;
      if (!found || found === core) return;
      end();
      core = found;
      end = attach({ core });
    };
    find();
    const stop = whenOpened(find);
    const change = () => {
      Object.assign(goal, model.get("_goal"));
      core = undefined;
      find();
    };
    model.on("change:_goal", change);
    return () => {
      model.off("change:_goal", change);
      stop();
      end();
    };
  },
};
