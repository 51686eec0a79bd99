// A state as the address of a page has it, each entry by a readable name: #T=0.7&dice=3&top-p=0.92.

import { general } from "./engine/checks.js";
import { TRUNCATIONS, isOff } from "./engine/cuts.js";
import { phrase } from "./engine/words.js";
import { asHeld, excerpt, isSame, readNumber, readTemperature, temperatureOf } from "./store.js";
import { asTyped, checkTyped } from "./views/editor.js";

const LONGEST_ADDRESS = 4000;
// Which entry of a state an explorer must have, to take what these names ask for.
const OWNERS = {
  DICE: "dice",
  PLACE: "place",
  DRAWS: "draws",
  SEED: "seed",
  CONSTANT: "constant",
  CUTS: "steps",
  LENGTH: "length",
  LOGITS: "logits",
  WORDS: "tokens",
  TOKEN: "chosen",
  TAKEN: "taken",
  BESIDE: "beside",
};
const NOTHING_DRAWN = { dice: -1, place: null, draws: 0, batch: 0 };

/** Return the name of a step in an address, or the step of a name: "top-p" and "top_p". */
const nameOf = (step) => step.replaceAll("_", "-");
const stepOf = (name) => name.replaceAll("-", "_");

const numberText = (number) => (number === Infinity ? "inf" : general(number, 15));

/**
 * Return the entries of a state that are not those of the first one, as pairs of name and text.
 * @param {import("./store.js").State} state
 * @param {import("./store.js").State} first
 * @returns {[string, string][]}
 */
export function entriesOf(state, first) {
  const entries = [];
  const add = (name, text) => entries.push([name, text]);
  const isNew = (name) => name in state && !isSame(state[name], first[name]);
  const T = numberText(temperatureOf(state));
  if (isNew("table")) add("prompt", `${state.table + 1}`);
  if (isNew("prompt")) add("prompt", encodeURIComponent(state.prompt));
  // The order of a sampler's steps is that of its entries.
  if (isNew("steps")) {
    for (const [name, value] of state.steps) {
      if (name === "temperature") add("T", T);
      else add(nameOf(name), value === null ? "off" : numberText(value));
    }
    if (state.steps.length === 1) add("cuts", "none");
  } else if (isNew("T")) add("T", T);
  if (isNew("seed")) add("prompt" in state ? "dice" : "seed", state.seed);
  if (isNew("length")) add("length", `${state.length}`);
  if (isNew("chosen") && state.chosen >= 0) add("token", `${state.chosen + 1}`);
  if (isNew("taken")) add("taken", state.taken.map((run) => run.join(".")).join(","));
  if (isNew("beside")) add("beside", state.beside ? besideText(state.beside) : "none");
  // All that is drawn, or nothing: what was drawn at first is not then.
  if (Object.keys(NOTHING_DRAWN).some(isNew)) {
    const { place = null, dice, draws = 0, batch = 0 } = state;
    if (place !== null) add("place", numberText(place));
    else if (dice >= 0) add("dice", `${dice + 1}`);
    if (draws) add("draws", `${draws}${batch ? `.${batch + 1}` : ""}`);
    else if (place === null && dice < 0) add("draws", "0");
  }
  if (isNew("constant")) add("constant", `${state.constant}`);
  if (state.tokens && isNew("tokens")) {
    add("words", state.tokens.map(encodeURIComponent).join(","));
  }
  if (state.logits && (isNew("tokens") || isNew("logits")))
    add("logits", state.logits.map((logit) => (logit === "-inf" ? logit : numberText(logit))).join(","));
  return entries;
}

/**
 * Return the entries of an address as pairs: names in capitals, and their texts as they are written.
 * @param {string} hash
 * @returns {[string, string][]}
 */
export function pairsOf(hash) {
  const parts = hash.slice(1).split("&").filter(Boolean).map((part) => part.split(/=(.*)/s));
  return parts.map(([name, text = ""]) => [(decoded(name) ?? name).toUpperCase(), text]);
}

/**
 * Return what an address asks for, on top of a first state. What can't be is left out: an address is
 * often made by hand. What is wrong with it is told in words.
 * @param {Map<string, string>} asked Names in capitals, in their order.
 * @param {import("./store.js").State} first
 * @param {{ tables: any[], check?: (prompt: string, length: number) => void, isToken?: (token: number) => boolean }} core
 * @returns {{ state: import("./store.js").State, problems: string[], known: boolean }}
 */
export function stateAsked(asked, first, { tables, check, isToken = () => false }) {
  const state = { ...first };
  const problems = [];
  let known = false;
  const steps = [];
  let drawn;
  const draw = (part) => Object.assign(state, drawn ? {} : NOTHING_DRAWN, (drawn = part));
  const readers = {
    T(text) {
      state.T = asHeld(readTemperature(text));
      steps.push(["temperature", null]);
    },
    PROMPT(text, written) {
      if ("prompt" in first) state.prompt = plain(written, "prompt");
      else state.table = countOf(text, "prompt", tables.length) - 1;
    },
    SEED(text) {
      if (!/^\d{1,400}$/.test(text)) throw new TypeError(phrase("no_seed", { text: excerpt(text) }));
      state.seed = `${BigInt(text)}`;
    },
    DICE(text) {
      // Of a text the dice are a seed's.
      if ("prompt" in first) readers.SEED(text);
      else draw({ dice: countOf(text, "dice", 100_000) - 1 });
    },
    PLACE(text) {
      const place = readNumber(text, "place");
      if (!(place >= 0 && place < 1)) throw new RangeError(phrase("no_place", { text: excerpt(text) }));
      draw({ place });
    },
    DRAWS(text) {
      const [draws, batch = "1"] = text.split(".");
      draw({ draws: countOf(draws, "draws", 100_000, 0), batch: countOf(batch, "draws", 100_000) - 1 });
    },
    CONSTANT(text) {
      state.constant = countOf(text, "constant", 100, 0);
    },
    WORDS(text) {
      state.tokens = text.split(",").map((word) => plain(word, "words"));
    },
    LOGITS(text) {
      state.logits = text.split(",").map((logit) => (logit === "-inf" ? -Infinity : readNumber(logit, "logits")));
    },
    LENGTH(text) {
      state.length = countOf(text, "length", 100_000);
    },
    TOKEN(text) {
      state.chosen = countOf(text, "token", 100_000) - 1;
    },
    TAKEN(text) {
      const taken = text ? text.split(",").map((run) => run.split(".").map(Number)) : [];
      if (taken.flat().some((token) => !isToken(token))) throw new TypeError(phrase("no_taken", { text: excerpt(text) }));
      state.taken = taken;
    },
    BESIDE(text) {
      state.beside = text === "none" ? null : besideOf(text);
    },
    CUTS() {},
  };
  for (const [name, written] of asked) {
    // A comma that is part of a word is not one between words.
    const text = name === "WORDS" ? written : (decoded(written) ?? written);
    const step = stepOf(name.toLowerCase());
    const isStep = "steps" in first && Object.hasOwn(TRUNCATIONS, step);
    const belongs = { ...OWNERS, ...("prompt" in first ? { DICE: "seed" } : {}) }[name];
    if (!isStep && (!Object.hasOwn(readers, name) || (belongs && !(belongs in first)))) continue;
    known = true;
    try {
      if (text.length > LONGEST_ADDRESS) throw new RangeError(phrase("too_long"));
      if (isStep) {
        const value = /^off$/i.test(text) ? null : readNumber(text, nameOf(step));
        steps.push([step, isOff(step, value) ? null : TRUNCATIONS[step].check(value, nameOf(step))]);
      } else readers[name](text, written);
    } catch (error) {
      problems.push(error.message);
    }
  }
  if ("steps" in first && (steps.some(([name]) => name !== "temperature") || asked.has("CUTS"))) {
    // A temperature that is not named comes where it was: before, or else after.
    const isFirst = first.steps[0]?.[0] === "temperature";
    if (!steps.some(([name]) => name === "temperature")) steps.splice(isFirst ? 0 : steps.length, 0, ["temperature", null]);
    state.steps = steps;
  }
  if (state.tokens || state.logits !== first.logits) {
    try {
      const given = tables[state.table ?? 0];
      const tokens = state.tokens ?? given.tokens;
      const logits = state.logits ?? Array.from(given.raw);
      if (!given.tokens || tokens.length !== given.tokens.length || logits.length !== tokens.length)
        throw new RangeError(phrase("other_words", { count: `${given.tokens?.length ?? 0}` }));
      checkTyped(tokens, logits);
      Object.assign(state, asTyped(tokens, logits));
    } catch (error) {
      problems.push(error.message);
      Object.assign(state, { tokens: first.tokens, logits: first.logits });
    }
  }
  if (check && (state.prompt !== first.prompt || state.length !== first.length)) {
    try {
      check(state.prompt, state.length);
    } catch (error) {
      problems.push(error.message);
      Object.assign(state, { prompt: first.prompt, length: first.length });
    }
  }
  return { state, problems, known };

  function countOf(text, name, most, least = 1) {
    const count = Number(text);
    if (!/^\d+$/.test(text) || count < least || count > most)
      throw new RangeError(phrase("no_count", { name, text: excerpt(text), least: `${least}`, most: `${most}` }));
    return count;
  }
}

// The setting of a text that is held: its steps in their order.
function besideText({ T, steps }) {
  const textOf = ([name, value]) => (name === "temperature" ? numberText(temperatureOf({ T })) : value === null ? "off" : numberText(value));
  return steps.map((step) => `${step[0] === "temperature" ? "T" : nameOf(step[0])}:${textOf(step)}`).join(",");
}

function besideOf(text) {
  const held = { T: undefined, steps: [] };
  for (const [name, value = ""] of text.split(",").map((part) => part.split(":"))) {
    const step = stepOf(name.toLowerCase());
    if (name === "T") {
      held.T = asHeld(readTemperature(value));
      held.steps.push(["temperature", null]);
    } else if (Object.hasOwn(TRUNCATIONS, step)) held.steps.push([step, /^off$/i.test(value) ? null : TRUNCATIONS[step].check(readNumber(value, name), name)]);
    else held.T = undefined;
  }
  if (held.T === undefined || new Set(held.steps.map(([name]) => name)).size < held.steps.length) throw new TypeError(phrase("no_beside", { text: excerpt(text) }));
  return held;
}

function plain(written, name) {
  const text = decoded(written);
  if (text === undefined) throw new TypeError(phrase("no_word", { name, text: excerpt(written) }));
  return text;
}

/** Return what an address means by a text, if it is written as an address has to be. */
export function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
