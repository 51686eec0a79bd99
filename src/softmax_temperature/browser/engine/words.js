/** What readers read: token labels, temperatures, probabilities, and the sentences of a chart. */

import { PHRASES } from "../phrases.js";
import { general } from "./checks.js";

/**
 * Which tokens lead: how many they are, whether they are all of the table, whether one is certain,
 * and the labels of up to three, isolated where they are written from right to left.
 * @typedef {{ count: number, all: boolean, certain: boolean, names: string[] }} Leading
 */

/**
 * What the sentences of a table need to know: which tokens lead at temperature 0, between, and at
 * infinity, and a sentence about tokens that are not listed, where there are any.
 * @typedef {{ cold: Leading, warm: Leading, hot: Leading, unseen: string }} Facts
 */

const MOST_TOKENS_WITHOUT_PERCENT = 100;
/** @type {Record<string, string>} */
const SIGNS = { " ": "·", "\n": "↵", "\t": "⇥" };
// A joiner between other characters than ASCII shapes them, as in many emoji: it stays.
const JOINER_OR_SIGN = /(?<=[^\0-\x7f])[\u200c\u200d](?=[^\0-\x7f])|(.)/gsu;
// Characters of two columns: east_asian_width W and F.
const WIDE =
  /[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u3247\u3250-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18d08}\u{1aff0}-\u{1b2ff}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]|(?![\u{1f1e6}-\u{1f1ff}])\p{Emoji_Presentation}/u;
// Characters that are written from right to left.
const RIGHT_TO_LEFT =
  /(?!\p{M})[\u0590-\u0605\u0608\u060b\u060d\u061b-\u0669\u066b-\u06dd\u06e5\u06e6\u06ee\u06ef\u06fa-\u07f5\u07fa-\u08ff\u200f\ufb1d-\ufb28\ufb2a-\ufd3d\ufd50-\ufdce\ufdf0-\ufdfc\ufe70-\ufefc\u{10800}-\u{1091b}\u{10920}-\u{10b38}\u{10b40}-\u{10fff}\u{1e800}-\u{1eeef}]/u;

/**
 * Say what a table's chart shows: how often a leading token is drawn, and how open the choice is.
 * Without entropies nothing is said of that.
 * @param {Facts} facts
 * @param {number} temperature
 * @param {number} share Of a leading token.
 * @param {number} shareAt1
 * @param {number} [bits]
 * @param {number} [bitsAt1]
 */
export function sentences(facts, temperature, share, shareAt1, bits, bitsAt1 = 0) {
  const { warm, unseen } = facts;
  const leading = leadingAt(facts, temperature);
  const lines = [ofDraws(leading, temperature, share, shareAt1)];
  if (bits !== undefined) {
    const [count, then] = [leading.certain ? "1" : choiceCount(bits), warm.certain ? "1" : choiceCount(bitsAt1)];
    const gaps = { choices: inTokens(count), at_1: then };
    lines.push(phrase(temperature === 1 ? "choice" : "choice_beside_1", gaps));
  }
  return [...lines, ...(unseen ? [unseen] : [])].join("\n");
}

/**
 * Say which token leads at a temperature, given both as numbers are written, and its name.
 * @param {Facts} facts
 * @param {number} temperature
 * @param {string} number
 * @param {string} word
 * @param {string} share
 */
export function heading(facts, temperature, number, word, share) {
  const { count, certain } = leadingAt(facts, temperature);
  const name = certain ? "one_is_certain" : count === 1 ? "one_leads" : "several_lead";
  return phrase(name, { temperature: number, word: isolated(word), count: rounded(count, 0, true), share });
}

/**
 * @param {Facts} facts
 * @param {number} temperature
 */
function leadingAt({ cold, warm, hot }, temperature) {
  return temperature === 0 ? cold : temperature === Infinity ? hot : warm;
}

/**
 * Find out which tokens lead, of words that a reader has typed.
 * @param {string[]} tokens
 * @param {ArrayLike<number>} logits
 * @returns {Facts}
 */
export function factsOf(tokens, logits) {
  const positions = [...tokens.keys()];
  const top = positions.reduce((most, i) => Math.max(most, logits[i]), -Infinity);
  const [leaders, possible] = [top, -Number.MAX_VALUE].map((least) =>
    positions.filter((i) => logits[i] >= least),
  );
  /** @type {(places: number[], chances: number[]) => Leading} */
  const leading = (places, chances) => ({
    count: places.length,
    all: places.length === tokens.length,
    certain: chances.length === 1,
    names: tokenLabels(places.slice(0, 3).map((i) => tokens[i])).map(isolated),
  });
  return {
    cold: leading(leaders, leaders),
    warm: leading(leaders, possible),
    hot: leading(possible, possible),
    unseen: "",
  };
}

/**
 * Say how many tokens a cut keeps, what probability they had, and how open the choice is.
 * @param {number} kept
 * @param {number} total
 * @param {number} mass The probability that the cut went by.
 * @param {boolean} at1 Whether that is the one of temperature 1.
 * @param {number} bits
 * @param {number} bitsBefore
 * @param {boolean} whole Whether nothing that is cut had any probability.
 */
export function whatIsKept(kept, total, mass, at1, bits, bitsBefore, whole = false) {
  const all = kept === total;
  const share = probabilityText(mass, { percent: true, canBeZero: false, canBeOne: all || whole });
  const gaps = { kept: rounded(kept, 0, true), total: rounded(total, 0, true), share };
  const [now, uncut] = [bits, bitsBefore].map((number) => (number === 0 ? "1" : choiceCount(number)));
  const first = phrase(all ? "all_kept" : at1 ? "kept_at_1" : "kept", gaps);
  return `${first}\n${phrase("choice_beside_uncut", { choices: inTokens(now), uncut })}`;
}

/**
 * Say whether a token was drawn as often as expected: within a standard deviation, within two, or
 * farther from it.
 * @param {number} n How many draws there were.
 * @param {number} count How many of them were the token.
 * @param {number} share Its probability.
 * @param {string} name
 */
export function luck(n, count, share, name) {
  const spread = Math.sqrt(n * share * (1 - share));
  const deviation = spread > 0 ? Number(rounded((count - n * share) / spread, 1)) : 0;
  const [some, many] = deviation < 0 ? ["fewer", "far_fewer"] : ["more", "far_more"];
  const far = Math.abs(deviation);
  const verdict = phrase(far < 1 ? "as_expected" : far < 2 ? some : many);
  const numbers = { n: rounded(n, 0, true), count: rounded(count, 0, true) };
  return phrase("luck", { ...numbers, word: phrase("quoted", { word: isolated(name) }), verdict });
}

/**
 * Say which words the same luck chooses, and from which temperature on each.
 * @param {string[]} names
 * @param {number[]} starts
 */
export function whichWord(names, starts) {
  const [word, ...later] = names;
  if (!later.length) return phrase("luck_always", { word });
  const changes = later.map((name, i) => phrase("luck_change", { word: name, temperature: rounded(starts[i + 1], 2) }));
  return phrase("luck_changes", { word, changes: changes.join(", ") });
}

/**
 * Name the three tokens that were drawn most often, tied ones in their order.
 * @param {ArrayLike<number>} counts
 * @param {string[]} names
 */
export function manyDraws(counts, names) {
  const drawn = [...names.keys()].filter((i) => counts[i] > 0).sort((a, b) => counts[b] - counts[a]);
  const words = drawn
    .slice(0, 3)
    .map((i) => phrase("word_times_count", { word: names[i], count: rounded(counts[i], 0, true) }))
    .join(", ");
  return drawn.length > 3 ? phrase("and_other_words", { words }) : words;
}

/**
 * Tell whether the probabilities of a table of so many tokens are told in percent.
 * @param {number} count
 */
export function inPercent(count) {
  return count > MOST_TOKENS_WITHOUT_PERCENT;
}

/**
 * Return the shortest text for a temperature that has no other within `gap`.
 * @param {number} temperature
 */
export function temperatureText(temperature, gap = Infinity) {
  if (temperature === Infinity) return "∞";
  // A rounding error such as that of 0.1 + 0.2 does not count. A number that has no short text gets
  // six digits, or more where whole ones or neighbours need them.
  const error = Math.min(1e-12 * temperature, gap / 100);
  const longest = gap === Infinity ? 9 : 17;
  const fits = (/** @type {string} */ text) => Math.abs(Number(text) - temperature) <= error;
  let [digits, text] = [1, general(temperature, 1)];
  while (!fits(text) && digits < longest) text = general(temperature, ++digits);
  if (!fits(text)) {
    const whole = rounded(temperature, 0).length;
    text = general(temperature, Math.min(Math.max(6, whole + 2), 17));
  }
  const [mantissa, power = "0"] = text.split("e");
  const fraction = mantissa.split(".")[1] ?? "";
  const decimals = Math.max(2, fraction.length - Number(power));
  if (decimals > 9 || temperature >= 1e9) return text;
  // With an exponent there are so few digits that toFixed loses none.
  if (text.includes("e")) return Number(text).toFixed(decimals);
  return `${mantissa.split(".")[0]}.${fraction.padEnd(decimals, "0")}`;
}

/**
 * Return a probability with two decimals, in which only 0 is 0.00 and only 1 is 1.00.
 * @param {number} value
 * @param {{ percent: boolean, canBeZero: boolean, canBeOne: boolean }} how
 */
export function probabilityText(value, { percent, canBeZero, canBeOne }) {
  const [text, unit] = percent ? [rounded(100 * value, 2), " %"] : [rounded(value, 2), ""];
  if (text === "0.00" && !canBeZero) return `<0.01${unit}`;
  if (text === (percent ? "100.00" : "1.00") && !canBeOne) return percent ? ">99.99 %" : ">0.99";
  return text + unit;
}

/**
 * Write a probability where it is the subject: a small one as "1 in 2,400,000" or "1 in 2.4 × 10⁹".
 * @param {number} value
 * @param {boolean} isCertain
 */
export function chanceText(value, isCertain) {
  if (Number(value.toPrecision(12)) >= 0.01) {
    return probabilityText(value, { percent: false, canBeZero: false, canBeOne: isCertain });
  }
  if (value < 1e-15) return phrase(value ? "less_than_one_in" : "never", { count: phrase("most_chances") });
  const [digits, power] = (1 / value).toExponential(1).split("e+");
  const isLong = Number(power) >= 9;
  const raised = power.replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]);
  return phrase("one_in", { count: isLong ? `${digits} × 10${raised}` : rounded(Number(`${digits}e${power}`), 0, true) });
}

/**
 * Say how surprising a reply's tokens were, and how many were not the likeliest.
 * @param {number} bits Of surprise, the mean of all tokens that have a logprob.
 * @param {number} others How many of these were not the likeliest.
 * @param {number} total
 * @param {number} unknown How many tokens have no logprob.
 */
export function ofReply(bits, others, total, unknown) {
  const choices = inTokens(bits === 0 ? "1" : choiceCount(bits));
  const name = others < 2 ? ["all_likeliest", "one_not_likeliest"][others] : "not_likeliest";
  const said = [
    phrase("reply_surprise", { bits: rounded(bits, 1), choices }),
    phrase(name, { count: rounded(others, 0, true), total: rounded(total, 0, true) }),
  ];
  if (unknown) said.push(phrase(unknown === 1 ? "without_logprob_one" : "without_logprob", { count: rounded(unknown, 0, true) }));
  return said.join(" ");
}

/**
 * Say how many of a reply's tokens would come again, at a temperature as it is written.
 * @param {string} number
 * @param {number} expected
 * @param {number} total
 * @param {boolean} listed Whether tokens that are not listed are left out.
 */
export function drawnAnew(number, expected, total, listed) {
  const count = phrase("about", { count: rounded(expected, 0, true) });
  return phrase(listed ? "drawn_anew_listed" : "drawn_anew", { temperature: number, count, total: rounded(total, 0, true) });
}

/**
 * Say how far a text goes with that of temperature 1, and how surprising its tokens are.
 * @param {number} temperature
 * @param {number} fork How many tokens it begins with like that one.
 * @param {number} length How many it has.
 * @param {number} bits Of surprise, the mean.
 */
export function comparison(temperature, fork, length, bits) {
  const way =
    temperature === 1
      ? phrase("text_of_1")
      : fork === length
        ? phrase("same_as_at_1")
        : fork === 0
          ? phrase("other_at_once")
          : phrase("other_after", { fork: `${fork}`, length: `${length}` });
  return `${way}\n${phrase("mean_surprise", { bits: rounded(bits, 1) })}`;
}

/**
 * Say how a text A stands to a text B that is held beside it.
 * @param {number} fork
 * @param {number} length
 * @param {number} differing
 * @param {number} bits
 */
export function comparisonBeside(fork, length, differing, bits) {
  const gaps = { place: `${fork + 1}`, length: `${length}`, count: `${differing}` };
  const way = differing ? phrase("other_than_b", gaps) : phrase("same_as_b");
  return `${way}\n${phrase("mean_surprise", { bits: rounded(bits, 1) })}`;
}

/**
 * Return for each piece of a text the place of the first of its word.
 *
 * Where letters, marks, digits or apostrophes meet, a word goes on; and so it does at the bytes of a
 * character that has begun, which are empty pieces.
 * @param {string[]} pieces
 */
export function firstOfWords(pieces) {
  let [first, last] = [0, ""];
  return pieces.map((piece, place) => {
    const goesOn = /[\p{L}\p{M}\p{N}’']$/u.test(last) && /^[\p{L}\p{M}\p{N}’']/u.test(piece);
    if (piece && !goesOn) first = place;
    last = piece || last;
    return first;
  });
}

/**
 * Return a label for each token that shows white space and keeps different tokens different.
 *
 * A space becomes ·, a newline ↵, a tab ⇥, other invisible characters an escape such as \x00. Labels
 * that take more than `longest` columns lose their middle. Where two would be the same, the position
 * is added.
 * @param {string[]} tokens
 */
export function tokenLabels(tokens, longest = 24) {
  const labels = tokens.map((token) => visible(token, longest, SIGNS));
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return labels.map((label, i) => (/** @type {number} */ (counts.get(label)) > 1 ? `${label} #${i}` : label));
}

/**
 * Return a token or a prompt as it stands in a sentence: with spaces, and signs for others.
 * @param {string} text
 */
export function inText(text, longest = 40) {
  return text ? visible(text, longest, { ...SIGNS, " ": " " }) : "";
}

/**
 * Count the columns that a text takes: Chinese characters and emoji take two.
 * @param {string} text
 */
export function columns(text) {
  return [...text].reduce((sum, character) => sum + (WIDE.test(character) ? 2 : 1), 0);
}

/**
 * Fill the gaps of a template.
 * @param {string} name
 * @param {Record<string, string>} gaps
 */
export function phrase(name, gaps = {}) {
  /** @type {Record<string, string>} */
  const templates = PHRASES;
  return templates[name].replace(/\{(\w+)\}/g, (/** @type {string} */ _, gap) => gaps[gap]);
}

/**
 * Write a number with so many decimals: first to 12 significant digits, halves away from zero, then
 * halves to the even digit, so that Python and scripts write the same.
 * @param {number} value
 * @param {number} decimals
 */
export function rounded(value, decimals, grouped = false) {
  const [mantissa, power] = Math.abs(value).toExponential(11).split("e");
  let digits = mantissa.replace(".", "");
  // Of 12 digits nothing is left from the 13th place on.
  const left = Math.min(11 - Number(power) - decimals, 13);
  if (left > 0) {
    const unit = Number(`1e${left}`);
    const rest = Number(digits) % unit;
    const whole = (Number(digits) - rest) / unit;
    digits = `${2 * rest > unit || (2 * rest === unit && whole % 2) ? whole + 1 : whole}`;
  }
  const text = (digits + "0".repeat(Math.max(-left, 0))).padStart(decimals + 1, "0");
  const end = text.length - decimals;
  const start = grouped ? text.slice(0, end).replace(/\B(?=(\d{3})+$)/g, ",") : text.slice(0, end);
  return (value < 0 && Number(digits) ? "-" : "") + start + (decimals ? `.${text.slice(end)}` : "");
}

/**
 * Say how many of 100 draws, or of more, each leading token would get.
 * @param {Leading} leading
 * @param {number} temperature
 * @param {number} share
 * @param {number} shareAt1
 */
function ofDraws({ count, all, certain, names }, temperature, share, shareAt1) {
  const [word, ...others] = names.map((name) => phrase("quoted", { word: name }));
  if (certain) return phrase("every_draw", { word });
  const of = [100, 1_000, 10_000].find((n) => n * share >= 1) ?? 1_000_000;
  const gaps = { n: rounded(of, 0, true), count: drawCount(of, share, "about") };
  if (count > 1) {
    const words = [word, ...others].join(", ");
    return phrase(all ? "draws_of_all" : "draws_of_leaders", {
      ...gaps,
      leaders: rounded(count, 0, true),
      words: count > 3 ? phrase("and_other_leaders", { words }) : words,
    });
  }
  const named = { ...gaps, word, at_1: drawCount(of, shareAt1) };
  // At infinity a leader without equals is certain.
  return phrase(temperature === 1 ? "draws_of_one" : "draws_of_one_beside_1", named);
}

/**
 * Say how many of so many draws a share is.
 * @param {number} of
 * @param {number} share
 * @param {string} [about] The phrase for a number that is not exact.
 */
function drawCount(of, share, about) {
  const count = rounded(of * share, 0, true);
  if (count === rounded(of, 0, true)) return phrase("more_than", { count: rounded(of - 1, 0, true) });
  if (count === "0") return phrase("fewer_than", { count: "1" });
  return about ? phrase(about, { count }) : count;
}

/**
 * Write the effective number of choices with as many digits as matter.
 * @param {number} bits
 */
function choiceCount(bits) {
  const count = 2 ** bits;
  const size = Number(count.toPrecision(12));
  const text = rounded(count, size < 1.995 ? 2 : size < 9.95 ? 1 : 0, true);
  return text === "1.00" ? phrase("fewer_than", { count: "1.01" }) : text;
}

/** @param {string} count */
function inTokens(count) {
  return phrase(count === "1" ? "token" : "tokens", { count });
}

/**
 * @param {string} token
 * @param {number} longest
 * @param {Record<string, string>} signs
 */
function visible(token, longest, signs) {
  let characters = [...token];
  // Each character takes at least a column: what lies further inside cannot be seen.
  if (characters.length > 2 * longest + 2) {
    characters = [...characters.slice(0, longest + 1), ...characters.slice(-longest - 1)];
  }
  const label = characters.join("").replace(JOINER_OR_SIGN, (joiner, sign) => {
    if (sign === undefined) return joiner;
    if (Object.hasOwn(signs, sign)) return signs[sign];
    return sign === " " || !/[\p{C}\p{Z}]/u.test(sign) ? sign : escaped(sign);
  });
  if (columns(label) <= longest) return label || phrase("empty");
  const end = Math.floor(longest / 3);
  const back = [...label].reverse();
  return `${beginning([...label], longest - end - 1).join("")}…${beginning(back, end).reverse().join("")}`;
}

/**
 * Return the longest beginning that takes no more columns than that.
 * @param {string[]} characters
 * @param {number} most
 */
function beginning(characters, most) {
  let taken = 0;
  const end = characters.findIndex((character) => (taken += columns(character)) > most);
  return end < 0 ? characters : characters.slice(0, end);
}

/** @param {string} character */
function escaped(character) {
  if (character === "\r") return "\\r";
  const code = /** @type {number} */ (character.codePointAt(0));
  const [sign, length] = code < 0x100 ? ["x", 2] : code < 0x10000 ? ["u", 4] : ["U", 8];
  return `\\${sign}${code.toString(16).padStart(length, "0")}`;
}

/**
 * Keep a name that is written from right to left from changing the order of a sentence.
 * @param {string} name
 */
function isolated(name) {
  return RIGHT_TO_LEFT.test(name) ? `\u2068${name}\u2069` : name;
}
