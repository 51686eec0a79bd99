// Score and luck: why it is this word, and at which temperature another one overtakes it.

import { handovers } from "../engine/dice.js";
import { likeliest } from "../engine/numbers.js";
import { inText, phrase, rounded, whichWord } from "../engine/words.js";
import { make } from "./parts.js";
import { makeShape, makeText } from "./svg.js";

// So many of the likeliest have a row, beside all that ever are the word, and so many at most.
const [LIKELIEST, MOST_ROWS] = [6, 10];
// Who becomes the word only beyond this temperature needs no row.
const FURTHEST = 2;
// The least score on the axis.
const LEAST_SCORE = -8;
const [SCORES_WIDTH, BEFORE, BEHIND, LUCK_ROW, ABOVE_ROWS, BELOW_ROWS] = [620, 118, 62, 24, 24, 40];

/**
 * Return the tokens that have a row, in order of likelihood: the twin of `rows_of` in `drawing/luck.py`.
 * @param {Float64Array} logits
 * @param {number[]} words Those that ever are the word.
 */
export function luckRows(logits, words) {
  const order = [...likeliest(logits, logits.length)].filter((token) => Number.isFinite(logits[token]));
  const kept = new Set(words.slice(0, MOST_ROWS));
  for (const token of order.slice(0, LIKELIEST)) if (kept.size < MOST_ROWS) kept.add(token);
  return order.filter((token) => kept.has(token));
}

/**
 * Return a part that shows score and luck of the tokens at a place, once a reader has opened it.
 * @param {{ tokens: string[] }} model
 */
export function drawLuck({ tokens }) {
  const root = makeShape("svg", { role: "img", class: "scores" });
  const [told, changes] = [make("p"), make("p")];
  const el = make("details", { className: "luck" }, make("summary", {}, phrase("luck_summary")), told, root, changes);
  /** @type {any} */
  let last;
  el.addEventListener("toggle", () => last && paint());

  const writeAt = (x, y, words, anchor) => makeText(words, { x, y, "text-anchor": anchor });

  function paint() {
    const { logits, luck, scores, temperature, chosen, isCut } = last();
    const ways = handovers(logits, luck);
    const rows = luckRows(logits, [chosen, ...ways.filter(([, start]) => start <= FURTHEST).map(([token]) => token)]);
    const sums = rows.map((token) => scores[token] + luck[token]);
    const high = Math.max(2, ...rows.map((token) => luck[token]), ...sums) + 0.5;
    const x = (value) => BEFORE + ((Math.max(value, LEAST_SCORE) - LEAST_SCORE) / (high - LEAST_SCORE)) * (SCORES_WIDTH - BEFORE - BEHIND);
    const height = ABOVE_ROWS + LUCK_ROW * rows.length + BELOW_ROWS;
    root.setAttribute("viewBox", `0 0 ${SCORES_WIDTH} ${height}`);
    const shapes = [writeAt(BEFORE, 14, phrase("luck_title", { temperature }), "start")];
    const foot = ABOVE_ROWS + LUCK_ROW * rows.length;
    for (let tick = LEAST_SCORE; tick <= high; tick += 2) {
      shapes.push(makeShape("path", { d: `M${x(tick)} ${ABOVE_ROWS}V${foot}`, class: "grid" }), writeAt(x(tick), foot + 14, minus(tick, 0), "middle"));
    }
    shapes.push(writeAt((BEFORE + SCORES_WIDTH - BEHIND) / 2, foot + 32, phrase("luck_axis"), "middle"));
    const best = scores[chosen] + luck[chosen];
    shapes.push(makeShape("path", { d: `M${x(best)} ${ABOVE_ROWS - 4}V${foot}`, class: "best" }));
    const said = rows.map((token, i) => {
      const [score, own, y] = [scores[token], luck[token], ABOVE_ROWS + LUCK_ROW * i + LUCK_ROW / 2];
      const group = makeShape("g", { class: token === chosen ? "chosen" : "" });
      const word = inText(tokens[token], 14);
      group.append(writeAt(BEFORE - 8, y + 4, word, "end"));
      shapes.push(group);
      if (score === -Infinity) {
        group.append(writeAt(BEFORE + 4, y + 4, isCut ? phrase("cut") : "−∞", "start"));
        return isCut ? phrase("luck_cut", { word }) : phrase("luck_row", { word, score: "−∞", luck: minus(own), sum: "−∞" });
      }
      const sum = score + own;
      group.append(makeShape("path", { d: `M${x(LEAST_SCORE)} ${y - 6}H${x(score)}V${y + 6}H${x(LEAST_SCORE)}Z`, class: "score" }));
      if (score < LEAST_SCORE) group.append(writeAt(BEFORE + 2, y + 4, "◂", "start"));
      if (Math.max(score, sum) > LEAST_SCORE) {
        const [from, to] = [x(score) + (score < LEAST_SCORE ? 12 : 0), x(sum)];
        const tip = Math.sign(to - from) * Math.min(5, Math.abs(to - from));
        group.append(
          makeShape("path", { d: `M${from} ${y}H${to}`, class: own < 0 ? "luck less" : "luck" }),
          makeShape("path", { d: `M${to} ${y}l${-tip} -4v8z`, class: "arrow" }),
        );
      }
      group.append(writeAt(SCORES_WIDTH - BEHIND + 8, y + 4, minus(sum), "start"));
      return phrase("luck_row", { word, score: minus(score), luck: minus(own), sum: minus(sum) });
    });
    root.replaceChildren(...shapes);
    root.ariaLabel = `${phrase("luck_title", { temperature })}. ${said.join("; ")}.`;
    told.textContent = phrase("luck_told");
    const names = ways.map(([token]) => inText(tokens[token], 14));
    changes.textContent = isCut ? phrase("luck_of_cuts") : whichWord(names, ways.map(([, start]) => start));
  }

  return {
    el,
    /** @param {(() => { logits: Float64Array, luck: Float64Array, scores: Float64Array, temperature: string, chosen: number, isCut: boolean }) | undefined} next */
    show(next) {
      last = next;
      el.hidden = !next;
      if (next && el.open) paint();
    },
  };
}

function minus(number, decimals = 1) {
  return rounded(number, decimals).replace("-", "−");
}
