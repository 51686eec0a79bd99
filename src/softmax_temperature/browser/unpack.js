// What Python has packed: numbers as bytes, long lists as text, both in gzip where they are large.

import { phrase } from "./engine/words.js";

/**
 * Bytes as they came, or as base64 in a page.
 * @typedef {Object} Packed
 * @property {DataView | string} bytes
 * @property {"f4" | "f8" | "text" | "bytes"} type
 * @property {boolean} gzip
 */

// Several explorers of a page have the same.
const unpacked = new WeakMap();

/**
 * Return numbers as float64, or a text's lines. They are to be read only.
 * @param {Packed} packed
 * @returns {Promise<Float64Array | string[]>}
 */
export function unpack(packed) {
  if (!unpacked.has(packed)) unpacked.set(packed, unpackAnew(packed));
  return unpacked.get(packed);
}

/**
 * Return the bytes themselves. What gzip has packed carries its length and a checksum.
 * @param {Packed} packed
 * @returns {Promise<Uint8Array>}
 */
export async function unpackBytes({ bytes, gzip }) {
  try {
    /** @type {any} */
    const view = bytesOf(bytes);
    if (!gzip) return view;
    const stream = new Blob([view]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch {
    throw new TypeError(phrase("damaged_data"));
  }
}

/**
 * Put the bytes of words of 32 bits together, of which the first ones come first, then the second.
 * @param {Uint8Array} bytes
 */
export function joinWords(bytes) {
  const count = bytes.length / 4;
  return bytes.map((_, i) => bytes[(i % 4) * count + Math.floor(i / 4)]);
}

/** @param {Packed} packed */
async function unpackAnew(packed) {
  const { type } = packed;
  const view = await unpackBytes(packed);
  if (type === "text") return new TextDecoder("utf-8", { ignoreBOM: true }).decode(view).split("\n");
  if (view.length % (type === "f4" ? 4 : 8)) throw new TypeError(phrase("damaged_data"));
  const aligned = view.slice().buffer;
  return Float64Array.from(type === "f4" ? new Float32Array(aligned) : new Float64Array(aligned));
}

/** @param {DataView | string} bytes */
export function bytesOf(bytes) {
  if (typeof bytes === "string") return Uint8Array.from(atob(bytes), (sign) => sign.charCodeAt(0));
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
