// Time what the browser's engine does for a frame, and print a row of a table for each.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, file] = process.argv.slice(2);
const [numbers, cuts, dice, peaks] = await Promise.all(
  ["numbers", "cuts", "dice", "peaks"].map((name) => import(pathToFileURL(`${folder}/${name}.js`))),
);
const bytes = readFileSync(file);
const logits = new Float64Array(
  bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
);
const shown = numbers.likeliest(logits, 20);
const table = numbers.prepare(logits, shown);
const stops = Array.from({ length: 201 }, (_, stop) => stop / 100);
const throws = dice.dice(21, 3);
const all = table.all.shifted;
const STEPS = [
  ["top_p", 0.9],
  ["typical_p", 0.9],
  ["top_k", 40],
  ["min_p", 0.05],
  ["top_n_sigma", 1],
  ["epsilon_cutoff", 3e-4],
  ["eta_cutoff", 3e-4],
];

function frame(temperature, name, knob) {
  const row = cuts.runChain(table, [
    ["temperature", temperature],
    [name, knob],
  ]);
  const { shares } = numbers.sweep(numbers.partsOf(row, shown.length), [1]);
  const [bits] = numbers.entropies(numbers.fallingOf(row), [1]);
  return [shares, bits, cuts.massOf(row, table, temperature)];
}

function bare(temperature) {
  let sum = 0;
  for (let place = 0; place < all.length; place++) sum += Math.exp(all[place] / temperature);
  return sum;
}

const often = {
  "each exponential, bare": bare,
  "shares of 20 and the others, entropy": (T) => [
    numbers.sweep(table, [T]),
    numbers.entropies(table.all, [T]),
  ],
  "where 3 dice land": (T) => dice.landings(table.all, [T], throws),
};
for (const [name, knob] of STEPS)
  often[`temperature, ${name} ${knob}`] = (T) => frame(T, name, knob);
const once = {
  "prepare a table: sort it": () => numbers.prepare(logits, shown),
  "curves: 201 stops of 20 and the others": () => numbers.sweep(table, stops),
  "the peak of one token": (T) => peaks.peakTemperature(logits, [shown[Math.round(8 * T)]]),
  "40,960 Gumbel numbers": () => dice.defaultRng(21).gumbel(40_960),
};

for (const [tasks, turns] of [
  [often, 150],
  [once, 20],
]) {
  const times = Object.keys(tasks).map(() => []);
  // They take turns, so that what else the machine does slows down all. The first half is that of
  // a script which is not compiled yet.
  for (let turn = -turns; turn < turns; turn++) {
    Object.values(tasks).forEach((task, i) => {
      const start = performance.now();
      task(0.5 + (Math.abs(turn) % 15) / 10);
      if (turn >= 0) times[i].push(performance.now() - start);
    });
  }
  Object.keys(tasks).forEach((name, i) => {
    const sorted = times[i].sort((a, b) => a - b);
    const [fastest, median] = [sorted[0], sorted[turns / 2]].map((time) => time.toPrecision(3));
    console.log(`| ${name} | ${Number(fastest)} | ${Number(median)} |`);
  });
}
