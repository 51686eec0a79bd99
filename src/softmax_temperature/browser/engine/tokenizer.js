/** Texts as tokens, by byte-pair encoding, and back. */

/**
 * @typedef {Object} Tokenizer
 * @property {string[]} tokens All tokens as readers see them, each different.
 * @property {(text: string) => number[]} encode
 * @property {(ids: number[]) => string[]} pieces What each token adds to a text.
 * @property {(ids: number[]) => string} decode
 */

// Tokens 0 to 2 are signs, those up to 258 the 256 bytes, and the rest pieces of text.
const [FIRST_BYTE, FIRST_PIECE] = [3, 259];
export const START = 1;

/**
 * Read the tokens, as the files of karpathy/llama2.c have them.
 * @param {Uint8Array} data
 * @returns {Tokenizer}
 */
export function tokenizerOf(data) {
  const [view, utf8] = [new DataView(data.buffer, data.byteOffset, data.byteLength), new TextDecoder()];
  const entries = [];
  // Of each token a float that rates it, the number of its bytes, and these.
  for (let start = 4; start < data.length; ) {
    start += 8;
    const end = start + view.getUint32(start - 4, true);
    entries.push(utf8.decode(data.subarray(start, end)));
    start = end;
  }
  // In the order in which they were learned, the first of them as the best.
  const learned = entries.slice(FIRST_PIECE);
  const ids = new Map(learned.map((piece, place) => [piece, FIRST_PIECE + place]));
  const pairKey = (/** @type {number} */ one, /** @type {number} */ next) => one * entries.length + next;
  /** @type {Map<number, number>} */
  const unions = new Map();
  for (const [piece, token] of ids) {
    for (let cut = 1; cut < piece.length; cut++) {
      const [one, next] = [ids.get(piece.slice(0, cut)), ids.get(piece.slice(cut))];
      if (one !== undefined && next !== undefined) unions.set(pairKey(one, next), token);
    }
  }
  const names = Array.from({ length: 256 }, (_, byte) => {
    const sign = String.fromCharCode(byte);
    return byte < 128 && !ids.has(sign) ? sign : `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
  });
  const tokens = [...entries.slice(0, FIRST_BYTE).map((sign) => sign.trim()), ...names, ...learned];

  /** @param {string} word */
  function cutUp(word) {
    return [...word].flatMap((character) => {
      const own = ids.get(character);
      if (own !== undefined) return [own];
      return Array.from(new TextEncoder().encode(character), (byte) => FIRST_BYTE + byte);
    });
  }

  /**
   * Join neighbours to the best token that any make, everywhere, as long as any make one.
   * @param {number[]} parts
   */
  function joinUp(parts) {
    for (;;) {
      const made = parts.map((part, i) => unions.get(pairKey(part, parts[i + 1])) ?? Infinity);
      const best = Math.min(...made);
      if (best === Infinity) return parts;
      const joined = [];
      for (let place = 0; place < parts.length; place += made[place] === best ? 2 : 1) {
        joined.push(made[place] === best ? best : parts[place]);
      }
      parts = joined;
    }
  }

  /** @type {Tokenizer["pieces"]} */
  function pieces(positions) {
    const texts = positions.map((token) => (token < FIRST_PIECE ? "" : tokens[token]));
    const bytes = positions.map((token) => (token < FIRST_PIECE ? token - FIRST_BYTE : -1));
    for (let place = 0; place < bytes.length; place++) {
      if (bytes[place] < 0) continue;
      const character = characterAt(bytes, place);
      texts[place] = character ?? `\\x${bytes[place].toString(16).padStart(2, "0")}`;
      if (character) place += lengthFrom(bytes[place]) - 1;
    }
    return texts;
  }

  return {
    tokens,
    pieces,
    encode(text) {
      // No token has a space but at its beginning: nothing is joined across it.
      const words = text ? (` ${text}`.match(/ [^ ]*/g) ?? []) : [];
      return [START, ...words.flatMap((word) => joinUp(cutUp(word)))];
    },
    decode(positions) {
      const text = pieces(positions).join("");
      return positions[0] === START ? text.replace(/^ /, "") : text;
    },
  };
}

/**
 * Return the character that bytes make up from a place on, if they do.
 * @param {number[]} bytes
 * @param {number} place
 */
function characterAt(bytes, place) {
  const own = bytes.slice(place, place + lengthFrom(bytes[place]));
  try {
    if (own.some((byte) => byte < 0)) return undefined;
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(own));
  } catch {
    return undefined;
  }
}

/**
 * Return how many bytes a character has that begins with this one.
 * @param {number} byte
 */
function lengthFrom(byte) {
  return byte < 0xc2 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}
