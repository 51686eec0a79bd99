// Run the model of texts, as a page has it, on the jobs of a file: scripts are joined around this.
import { readFileSync, writeFileSync } from "node:fs";
import { drawAfter, storyModelOf } from "./engine/story.js";
import { checkPrompt } from "./prompt.js";
import { stopAt } from "./stops.js";
import { storeOf, temperatureOf } from "./store.js";
import { surpriseOf } from "./text.js";
import { cellsOf } from "./views/stories.js";
import { chainAt, writerOf } from "./writer.js";

const [weights, vocabulary, jobsFile, answersFile] = process.argv.slice(2);
const bytesIn = (file) => new Uint8Array(readFileSync(file));
const model = storyModelOf(bytesIn(weights), bytesIn(vocabulary));
const toBase64 = (arrays) => Buffer.concat(arrays.map(({ buffer }) => Buffer.from(buffer))).toString("base64");
const fromBase64 = (text) => new Float64Array(new Uint8Array(Buffer.from(text, "base64")).buffer);

function pathOf(ids) {
  const path = [];
  for (const id of ids) path.push(model.placeAfter(path.at(-1), id));
  return path;
}

const JOBS = {
  tokens: () => model.tokens,
  texts: ({ texts }) =>
    texts.map((text) => {
      const ids = model.encode(text);
      return [ids, model.pieces(ids), model.decode(ids)];
    }),
  ids: ({ rows }) => rows.map((ids) => [model.pieces(ids), model.decode(ids)]),
  logits: ({ ids }) => toBase64(pathOf(ids).map(({ logits }) => logits)),
  draw: ({ draws }) =>
    draws.map(({ logits, noise, T, steps }) => {
      const place = { logits: fromBase64(logits), next: new Map() };
      return drawAfter(place, fromBase64(T)[0], fromBase64(noise), chainAt(steps, fromBase64(T)[0]));
    }),
  check({ prompt, length }) {
    try {
      return checkPrompt(model, prompt, length);
    } catch (error) {
      return `${error.name}: ${error.message}`;
    }
  },
  // At all stops of a slider and at temperatures beside them, as the page's own writer writes.
  async write({ prompt, seed, length, steps, stops, beside, taken = [] }) {
    const store = storeOf({ T: 1, prompt, seed, length, steps, taken });
    const writer = writerOf(model, stops, store);
    const until = (isDone) => new Promise((resolve) => writer.follow(() => isDone() && resolve(0)));
    const textAt = (T) => model.decode(writer.at(T).path.map(({ token }) => token));
    await until(() => writer.progress().count === stops.count);
    const texts = Array.from({ length: stops.count }, (_, position) => textAt(stopAt(stops, position)));
    for (const T of beside) {
      store.set({ T });
      await until(() => writer.at(temperatureOf({ T })).done);
      texts.push(textAt(temperatureOf({ T })));
    }
    return texts;
  },
  // The map of a prompt: its cells, with the token and the surprise of each.
  async map({ prompt, seed, length, steps, stops, taken = [] }) {
    const writer = writerOf(model, stops, storeOf({ T: 1, prompt, seed, length, steps, taken }));
    await new Promise((resolve) => writer.follow(() => writer.progress().count === stops.count && resolve(0)));
    const rows = writer.rows();
    return cellsOf(rows.map((row) => row.map(({ token }) => token))).map(({ position, first, last }) => {
      const place = rows[first][position];
      return [position, first, last, place.token, surpriseOf(place)];
    });
  },
};

const answers = [];
for (const { job, ...given } of JSON.parse(readFileSync(jobsFile, "utf8"))) answers.push(await JOBS[job](given));
writeFileSync(answersFile, JSON.stringify(answers));
process.exit();
