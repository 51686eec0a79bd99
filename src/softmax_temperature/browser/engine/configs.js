/** A sampler's settings as engines write them: the twin of `configs.py`, which says what is what. */

import { asTemperature, general, repr, short } from "./checks.js";
import { OFF, PRESETS, TRUNCATIONS, isOff, preset } from "./cuts.js";
import { phrase } from "./words.js";

/** @typedef {import("./cuts.js").Step} Step */

/** @type {Record<string, string>} */
const OTHER_NAMES = { temp: "temperature", typical: "typical_p", typ_p: "typical_p", top_nsigma: "top_n_sigma" };
/** @type {Record<string, string>} */
const FLAGS = { temperature: "temp", typical_p: "typical", top_n_sigma: "top-nsigma" };
const NUMBER = /^[-+]?(?:(\d+)|(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|inf(?:inity)?|nan)$/i;
// A name, a string, or a number as JSON has it, and what Python takes besides.
const JSON_PARTS = /("(?:[^"\\]|\\[^])*")(\s*:)?|-?(?:(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|Infinity)|NaN/g;
// What Python takes for white space before an object.
const OBJECT = /^(?:(?!\ufeff)[\s\x1c-\x1f\x85])*\{/;
const WORD = /(?:[^ \t\r\n'"\\]|\\[^]|'[^']*'|"(?:[^"\\]|\\[^])*")+/y;

/**
 * Return the chain that an engine runs when it is given these settings, and what is not in it.
 * @param {string} text
 * @param {string} engine
 * @returns {{ chain: Step[], notes: string[] }}
 */
export function readConfig(text, engine) {
  const given = readSettings(text);
  /** @type {Record<string, unknown>} */
  const values = {};
  const [foreign, others] = [[], []];
  for (const [name, value] of given) {
    if (Object.hasOwn(PRESETS[engine], name)) {
      const knob = asKnob(name, value);
      if (value !== null) values[name] = name === "temperature" ? asTemperature(knob) : knob;
    } else if (Object.hasOwn(TRUNCATIONS, name)) foreign.push(name);
    else if (!["do_sample huggingface", "samplers llama.cpp"].includes(`${name} ${engine}`)) others.push(name);
  }
  const notes = foreign.map((name) => phrase("step_left_out", { engine, name }));
  if (others.length) notes.push(phrase(others.length === 1 ? "name_left_out" : "names_left_out", { names: others.join(", ") }));
  let chain = preset(engine, values);
  if (engine === "huggingface" && given.get("do_sample") !== true) {
    chain = [["temperature", 0]];
    notes.unshift(phrase("without_do_sample"));
  }
  if (engine === "llama.cpp" && given.has("samplers")) {
    const names = inOrder(given.get("samplers"));
    chain = names.flatMap((name) => chain.filter(([own]) => own === name));
  }
  return { chain, notes: [...notes, ...bounds(new Map(chain).get("temperature") ?? 1, engine)] };
}

/**
 * Return the settings that make an engine run a chain, as far as it can, and what does not carry over.
 * @param {Step[]} chain
 * @param {string} engine
 * @returns {{ text: string, notes: string[] }}
 */
export function writeConfig(chain, engine) {
  const given = stepsOnce(chain);
  const order = PRESETS[engine];
  const names = Object.keys(order);
  const notes = [...given.keys()].filter((name) => !(name in order)).map((name) => phrase("step_left_out", { engine, name }));
  // Some engine has another default.
  if (!given.has("temperature")) given.set("temperature", 1);
  const wanted = [...given.keys()].filter((name) => name in order);
  const temperature = given.get("temperature") ?? 1;
  if (engine === "huggingface" && temperature === 0) return { text: '{"do_sample": false}', notes };
  if (engine !== "llama.cpp" && temperature > 0 && wanted.includes("min_p")) notes.push(...heatMinP(given, wanted));
  const run = names.filter((name) => given.has(name));
  // A temperature of 1 can stand anywhere.
  const isBusy = (/** @type {string} */ name) => name !== "temperature" || temperature !== 1;
  const isInOrder = `${wanted.filter(isBusy)}` === `${run.filter(isBusy)}`;
  const values = new Map(run.map((name) => [name, knobText(name, given.get(name))]));
  if (isInOrder || engine !== "llama.cpp") {
    // What its list of samplers does not have is off there.
    for (const name in OFF) if (order[name] && !given.has(name)) values.set(name, `${OFF[name][0]}`);
  }
  const set = names.filter((name) => values.has(name));
  if (engine === "llama.cpp") {
    const flags = set.map((name) => `--${FLAGS[name] ?? name.replaceAll("_", "-")} ${values.get(name)}`);
    if (!isInOrder) flags.push(`--samplers "${wanted.join(";").replace("typical_p", "typ_p")}"`);
    return { text: flags.join(" "), notes };
  }
  if (!isInOrder) {
    // These keep the likeliest, by ranks and by a gap: in any order the same ones stay.
    const isSame = wanted.every((name) => ["temperature", "top_k", "min_p"].includes(name));
    notes.push(phrase(isSame ? "other_order_same_tokens" : "other_order", { engine, steps: run.join(" → ") }));
  }
  const pairs = set.map((name) => `"${name}": ${values.get(name)}`);
  if (engine === "huggingface") pairs.unshift('"do_sample": true');
  return { text: `{${pairs.join(", ")}}`, notes: [...notes, ...bounds(temperature, engine)] };
}

/**
 * Change a min-p that comes before the temperature into the one that fits after it.
 * @param {Map<string, number>} given
 * @param {string[]} wanted
 */
function heatMinP(given, wanted) {
  const [p, temperature] = [given.get("min_p") ?? 1, given.get("temperature") ?? 1];
  if (temperature === 1 || wanted.indexOf("min_p") > wanted.indexOf("temperature")) return [];
  // To a script 1 to an infinite power is no number.
  const heated = general(p === 1 ? 1 : p ** (1 / temperature), 6);
  given.set("min_p", Number(heated));
  return [phrase("heated_min_p", { heated, p: general(p, 6), temperature: general(temperature, 6) })];
}

/**
 * Return names, those of steps as they are here, and values: whole numbers as bigints, since Python tells 40 from 40.0.
 * @param {string} text
 * @returns {Map<string, any>}
 */
function readSettings(text) {
  const pairs = OBJECT.test(text) ? readJson(text) : readFlags(text);
  if (!pairs.length) refuse("no_settings", { text: short(text), example: `'{"top_p": 0.9}' or '--top-p 0.9'` });
  const names = pairs.map(([name]) => named(name));
  const name = names.find((one) => names.indexOf(one) < names.lastIndexOf(one));
  if (name !== undefined) refuse("given_twice", { name, text: short(text, 200) });
  return new Map(pairs.map(([, value], i) => [names[i], value]));
}

/**
 * Return what a JSON object has. A script would forget how its numbers are written, and sort names that are numbers.
 * @param {string} text
 */
function readJson(text) {
  const marked = text.replace(JSON_PARTS, (part, string, colon) =>
    colon ? `"_${part.slice(1)}` : string ? part : `{"number": "${part}"}`,
  );
  try {
    return pairsOfObject(JSON.parse(marked));
  } catch {
    try {
      JSON.parse(text);
    } catch (error) {
      refuse("not_json", { text: short(text), problem: error.message });
    }
  }
}

/** @type {(object: Object) => [string, any][]} */
function pairsOfObject(object) {
  return Object.entries(object).map(([name, value]) => [name.slice(1), unmarked(value)]);
}

/** @param {any} value */
function unmarked(value) {
  if (Array.isArray(value)) return value.map(unmarked);
  if (value === null || typeof value !== "object") return value;
  if (Object.hasOwn(value, "number")) return valueOf(value.number);
  return shownAs(`{${pairsOfObject(value).map((pair) => pair.map(repr).join(": ")).join(", ")}}`);
}

/**
 * Return the flags of a command line. What stands before the first is the command.
 * @param {string} text
 */
function readFlags(text) {
  const pairs = new Map();
  let name = "";
  for (const word of shellWords(text)) {
    const value = valueOf(word);
    if (word.startsWith("-") && value === word) {
      const [flag, rest] = word.replace(/^-+/, "").split(/=([^]*)/);
      name = flag;
      pairs.set(name, rest ? valueOf(rest) : null);
    } else if (name) pairs.set(name, value);
  }
  return [...pairs];
}

/**
 * Divide a command line into words, as a shell does.
 * @param {string} text
 */
function shellWords(text) {
  const words = [];
  let line = text.replaceAll("\\\n", " ");
  while ((line = line.replace(/^[ \t\r\n]+/, ""))) {
    WORD.lastIndex = 0;
    const [word] = line.match(WORD) ?? [""];
    if (!word) {
      const isEscaped = /^("(?:[^"\\]|\\[^])*)?\\$/.test(line);
      refuse("not_flags", { text: short(text), problem: phrase(isEscaped ? "no_escaped_character" : "no_closing_quotation") });
    }
    words.push(
      word.replace(/\\([^])|'([^']*)'|"((?:[^"\\]|\\[^])*)"/g, (_, sign, plain, quoted) =>
        sign ?? plain ?? quoted.replace(/\\(["\\])/g, "$1"),
      ),
    );
    line = line.slice(word.length);
  }
  return words;
}

/**
 * Return the number that a word is, or the word.
 * @param {string} word
 */
function valueOf(word) {
  const match = word.match(NUMBER);
  if (!match) return word;
  return match[1] ? BigInt(word) : Number(word.replace(/inf.*/i, "Infinity"));
}

/**
 * Return a setting as its check has to have it, which knows one kind of number.
 * @param {string} name
 * @param {any} value
 */
function asKnob(name, value) {
  if (typeof value === "bigint" && Number.isFinite(Number(value))) return Number(value);
  return name === "top_k" && typeof value === "number" && !isOff(name, value) ? shownAs(repr(value)) : value;
}

/**
 * Return what an error shows as this text.
 * @param {string} text
 */
function shownAs(text) {
  return { toString: () => text };
}

/**
 * @param {string} name
 * @param {Record<string, string>} gaps
 * @returns {never}
 */
function refuse(name, gaps) {
  throw new RangeError(phrase(name, gaps));
}

/** @param {string} name */
function named(name) {
  const own = name.replaceAll("-", "_");
  return Object.hasOwn(OTHER_NAMES, own) ? OTHER_NAMES[own] : own;
}

/**
 * Return the steps that llama.cpp's list of samplers has, in its order.
 * @param {any} samplers
 */
function inOrder(samplers) {
  const names = typeof samplers === "string" ? samplers.split(";") : samplers;
  if (Array.isArray(names) && names.every((name) => typeof name === "string")) return names.map(named);
  refuse("no_samplers", { value: short(samplers), example: '"top_k;top_p;temperature"' });
}

/** @param {Step[]} steps */
function stepsOnce(steps) {
  const given = new Map(steps);
  const isOnce = given.size === steps.length;
  if (isOnce && given.get("temperature") !== Infinity) return given;
  const pairs = steps.map(([name, value]) => `('${name}', ${value === Infinity ? "float('inf')" : knobText(name, value)})`);
  const chain = short(shownAs(`SamplerChain([${pairs.join(", ")}])`), 200);
  refuse(isOnce ? "no_finite_temperature" : "step_twice", { chain });
}

/**
 * Write a setting as Python does: only a count is a whole number.
 * @param {string} name
 * @param {number | undefined} value
 */
function knobText(name, value) {
  return name === "top_k" ? `${value}` : repr(value);
}

/**
 * Say what an engine makes of a temperature that it does not take as it is.
 * @param {number} temperature
 * @param {string} engine
 */
function bounds(temperature, engine) {
  if (engine !== "vllm" || temperature === 0 || (0.01 <= temperature && temperature <= 2)) return [];
  const text = temperature === Infinity ? "inf" : general(temperature, 6);
  return [phrase(temperature > 2 ? "vllm_refuses" : "vllm_raises", { temperature: text })];
}
