// Call the functions of words.js, and write what they return. Floats come as their bits in hex, so
// that none is rounded.
import { readFileSync, writeFileSync } from "node:fs";

const [callsFile, answersFile] = process.argv.slice(2);
const words = await import("./engine/words.js");

function revive(_, value) {
  if (value === null) return undefined;
  return value.bits ? Buffer.from(value.bits, "hex").readDoubleBE() : value;
}

const calls = JSON.parse(readFileSync(callsFile, "utf8"), revive);
const answers = calls.map(([name, ...given]) => words[name](...given));
writeFileSync(answersFile, JSON.stringify(answers));
