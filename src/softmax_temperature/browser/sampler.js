// An explorer of what a sampler cuts: its frames, its steps, and its rules in the picture.

import { massOf, runChain } from "./engine/cuts.js";
import { entropies, fallingOf, firstOf, partsOf, sweep } from "./engine/numbers.js";
import { rulesOf } from "./engine/rules.js";
import { phrase, rounded, temperatureText, whatIsKept } from "./engine/words.js";
import { temperatureOf } from "./store.js";
import { settingOf, textsOf } from "./table.js";
import { kindOfTables } from "./tables.js";
import { drawConfigs } from "./views/configs.js";
import { drawRules } from "./views/ranks.js";
import { drawSteps } from "./views/steps.js";

export const samplerKind = kindOfTables(cutFrame, { above: (core) => [drawSteps(core), drawConfigs(core)], drawRules });

/**
 * Return what a sampler leaves of a table, beside what would be drawn from if nothing were cut.
 * @param {Object} shown As `changed` returns it.
 * @param {import("./store.js").State} state
 */
export function cutFrame(shown, state, { stops }) {
  const T = temperatureOf(state);
  const { table, count } = shown;
  const rows = rowsAfter(table, state);
  const row = rows.at(-1);
  const [plain, left] = [sweep(table, [T]), sweep(partsOf(row, count), [1])];
  const texts = textsOf(shown, left.shares[0], left.possible[0]);
  const temperature = temperatureText(T, stops.step);
  const names = state.steps.filter(([name]) => name !== "temperature").map(settingOf);
  const { kept, sentence } = keptOf(table, rows, state, T);
  return {
    shares: left.shares[0],
    outlines: plain.shares[0],
    before: textsOf(shown, plain.shares[0], plain.possible[0]),
    texts: texts.map((text, i) => (plain.possible[0][i] && !left.possible[0][i] ? phrase("cut") : text)),
    title: phrase(kept === table.end ? "all_kept_title" : kept === 1 ? "one_kept_title" : "kept_title", {
      temperature,
      kept: rounded(kept, 0, true),
      total: rounded(table.end, 0, true),
    }),
    aloud: [phrase("temperature_aloud", { temperature }), ...names.map((text) => `${text.join(" ")}.`)].join(" "),
    sentence,
    kept,
    left: rows.map(({ first, end }) => end - first),
    total: table.end,
    table,
    row,
    rules: rulesOf(table, rows, /** @type {[string, number | null][]} */ (state.steps), T),
  };
}

/** Return the logits after each of a sampler's steps. One that is off leaves what it finds. */
function rowsAfter(table, state) {
  let row = table;
  return state.steps.map(([name, value]) => {
    const held = name === "temperature" ? temperatureOf(state) : value;
    if (held !== null) row = runChain(row, [[name, held]]);
    return row;
  });
}

/**
 * Count what the cuts of a sampler keep, and say it. The mass that they keep is that of the probabilities which
 * the first of them goes by, and a temperature after the last of them cuts nothing.
 */
function keptOf(table, rows, { steps }, T) {
  const isCut = steps.map(([name, value]) => name !== "temperature" && value !== null);
  const row = isCut.includes(true) ? rows[isCut.lastIndexOf(true)] : table;
  const place = steps.findIndex(([name]) => name === "temperature");
  const isAt1 = place > isCut.indexOf(true);
  const mass = massOf(row, table, isAt1 ? 1 : T);
  const [bits] = entropies(fallingOf(rows.at(-1)), [1]);
  const kept = row.end - row.first;
  // At temperature 0 the leaders have all of it.
  const leaders = firstOf(table.end, (rank) => table.values[rank] < table.values[0]);
  const isWhole = !isAt1 && kept === (T === 0 ? leaders : table.end);
  return { kept, sentence: whatIsKept(kept, table.end, mass, isAt1, bits, entropies(table.all, [T])[0], isWhole) };
}
