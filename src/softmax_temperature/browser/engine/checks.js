/** Checks of arguments, with errors that name the argument, show the value and say what to do. */

/**
 * Check that a value is a temperature, from 0 to infinity.
 * @param {unknown} value
 * @returns {number}
 */
export function asTemperature(value, name = "temperature") {
  const number = realNumber(value, name);
  if (Number.isNaN(number)) {
    throw new RangeError(`${name} must not be NaN: use a number from 0 to infinity`);
  }
  if (number < 0) {
    throw new RangeError(
      `${name} must not be negative, got ${repr(number)}: it would reverse the ranking of the ` +
        "tokens. For greedy decoding, use 0",
    );
  }
  return Math.abs(number); // -0 is 0
}

/**
 * Check that a value is a whole number, at least so large. To a script, 2.0 is one too.
 * @param {unknown} value
 * @param {string} name
 * @param {number} least
 * @returns {number}
 */
export function asCount(value, name, least, advice = "") {
  if (typeof value !== "number" || !Number.isInteger(value)) {
    throw new TypeError(`${name} must be a whole number, got ${short(value)}`);
  }
  if (value < least)
    throw new RangeError(`${name} must be at least ${least}, got ${value}${advice}`);
  return value;
}

/**
 * Check that a value is a number, which infinity and NaN are, too.
 * @param {unknown} value
 * @param {string} name
 * @returns {number}
 */
export function realNumber(value, name) {
  if (typeof value !== "number") {
    throw new TypeError(`${name} must be one real number, got ${short(value)}`);
  }
  return value;
}

/**
 * Show a value in an error message, at most `longest` characters of it and the dots.
 * @param {unknown} value
 */
export function short(value, longest = 60) {
  const signs = [...repr(value)];
  const end = Math.floor(longest / 6);
  const [start, rest] = [signs.slice(0, longest - end), signs.slice(-end)];
  return signs.length <= longest ? signs.join("") : `${start.join("")}...${rest.join("")}`;
}

/**
 * Write a value as Python does, a number as one with a decimal point.
 * @param {unknown} value
 * @returns {string}
 */
export function repr(value) {
  if (typeof value === "string") return quoted(value);
  if (typeof value === "boolean") return value ? "True" : "False";
  if (value === null || value === undefined) return "None";
  if (Array.isArray(value)) return `[${value.map(repr).join(", ")}]`;
  if (typeof value !== "number") return String(value);
  if (Number.isNaN(value)) return "nan";
  if (Math.abs(value) === Infinity) return value < 0 ? "-inf" : "inf";
  if (Object.is(value, -0)) return "-0.0";
  // The digits of both languages are the same: the fewest that mean this number and no other.
  const [digits, exponent] = value.toExponential().split("e");
  const power = Number(exponent);
  if (power < -4 || power >= 16) return withExponent(digits, power);
  const text =
    power < 0 ? value.toFixed(digits.replace(/[-.]/g, "").length - 1 - power) : `${value}`;
  return text.includes(".") ? text : `${text}.0`;
}

/**
 * Write a number to so many significant digits, without closing zeros, as Python's `g` does.
 * @param {number} value
 * @param {number} digits
 */
export function general(value, digits) {
  let [mantissa, exponent] = value.toExponential(digits - 1).split("e");
  // A script rounds what lies halfway upwards, Python to the even digit.
  const rest = value
    .toExponential(100)
    .replace(/^-?(\d)\./, "$1")
    .slice(digits);
  if (/^50*e/.test(rest))
    mantissa = mantissa.replace(/[13579]$/, (digit) => `${Number(digit) - 1}`);
  const [power, rounded] = [Number(exponent), Number(`${mantissa}e${exponent}`)];
  const isShort = -4 <= power && power < digits;
  const text = isShort ? rounded.toFixed(digits - 1 - power) : mantissa;
  const trimmed = text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  return isShort ? trimmed : withExponent(trimmed, power);
}

/**
 * @param {string} digits
 * @param {number} power
 */
function withExponent(digits, power) {
  return `${digits}e${power < 0 ? "-" : "+"}${`${Math.abs(power)}`.padStart(2, "0")}`;
}

/** @param {string} text */
function quoted(text) {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  /** @type {Record<string, string>} */
  const known = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", [quote]: `\\${quote}` };
  const signs = [...text].map((sign) => {
    if (known[sign]) return known[sign];
    if (sign === " " || !/[\p{C}\p{Z}]/u.test(sign)) return sign;
    const code = /** @type {number} */ (sign.codePointAt(0)).toString(16);
    if (code.length <= 2) return `\\x${code.padStart(2, "0")}`;
    return code.length <= 4 ? `\\u${code.padStart(4, "0")}` : `\\U${code.padStart(8, "0")}`;
  });
  return `${quote}${signs.join("")}${quote}`;
}
