// A table's own words and logits, edited in place.

import { general } from "../engine/checks.js";
import { shift } from "../engine/numbers.js";
import { phrase } from "../engine/words.js";
import { numberOf, readNumber } from "../store.js";
import { make, makeField } from "./parts.js";

/** Read a logit: a number, or minus infinity for a token that is masked. */
function readLogit(text, name) {
  return /^\s*[-−–]\s*(∞|inf|infinity)\s*$/i.test(text) ? -Infinity : readNumber(text, name);
}

const asText = (logit) => (logit === -Infinity ? "-∞" : general(logit, 12));

/**
 * Check words and logits together, as a table of Python's is checked.
 * @param {string[]} tokens
 * @param {number[]} logits
 */
export function checkTyped(tokens, logits) {
  tokens.forEach((token, i) => {
    if (!token.trim()) throw new RangeError(phrase("empty_word"));
    if (tokens.indexOf(token) !== i) throw new RangeError(phrase("same_word", { word: token }));
  });
  shift(logits);
}

/** Return words and logits as a state holds them. */
export function asTyped(tokens, logits) {
  return { tokens, logits: logits.map((logit) => (logit === -Infinity ? "-inf" : logit)) };
}

/** Return the words and logits that a state or else a table has. */
export function typedOf(state, { tokens, raw }) {
  if (!state.tokens) return [tokens, Array.from(raw)];
  return [state.tokens, state.logits.map(numberOf)];
}

/**
 * Return a table of fields, and a function that shows a state in them.
 * @param {Object} core As `coreOf` in tables.js returns it.
 */
export function drawEditor({ store, given }) {
  const body = make("tbody");
  const reset = make(
    "button",
    { type: "button", onclick: () => store.set({ tokens: null, logits: null }) },
    phrase("as_it_was"),
  );
  const heads = ["word_column", "logit_column"].map((name) => make("th", { scope: "col" }, phrase(name)));
  const table = make("table", { className: "typed" }, make("thead", {}, make("tr", {}, ...heads)), body);
  const el = make(
    "details",
    { className: "editor" },
    make("summary", {}, phrase("own_words")),
    table,
    make("div", { className: "buttons" }, reset),
  );
  let rows = [];

  function change(place, column, value) {
    const [tokens, logits] = typedOf(store.get(), given()).map((list) => [...list]);
    [tokens, logits][column][place] = value;
    checkTyped(tokens, logits);
    store.set(asTyped(tokens, logits));
  }

  function rowOf(_, place) {
    const number = `${place + 1}`;
    const word = makeField(phrase("word_of", { number }), (text) => change(place, 0, text), { size: 14 });
    const logit = makeField(
      phrase("logit_of", { number }),
      (text) => change(place, 1, readLogit(text, phrase("logit_column"))),
      { size: 8, inputMode: "decimal" },
    );
    body.append(make("tr", {}, make("td", {}, word.field, word.problem), make("td", {}, logit.field, logit.problem)));
    return [word, logit];
  }

  function show() {
    const state = store.get();
    const { tokens: own } = given();
    el.hidden = !own;
    if (!own) return;
    const [tokens, logits] = typedOf(state, given());
    if (rows.length !== tokens.length) {
      body.replaceChildren();
      rows = tokens.map(rowOf);
    }
    rows.forEach(([word, logit], i) => {
      word.tell(tokens[i]);
      logit.tell(asText(logits[i]));
    });
    reset.disabled = !state.tokens;
  }

  return { el, show };
}
