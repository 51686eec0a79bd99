// Run the engine on the jobs of a file, and write what it gives into another: jobs.mjs has them.
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { jobsOf } from "./jobs.mjs";

const [folder, jobsFile, answersFile] = process.argv.slice(2);
const engine = {};
for (const name of ["checks", "numbers", "peaks", "cuts", "dice"]) {
  Object.assign(engine, await import(pathToFileURL(`${folder}/${name}.js`)));
}

const unpack = (text) => new Float64Array(new Uint8Array(Buffer.from(text, "base64")).buffer);
const pack = (numbers) => Buffer.from(Float64Array.from(numbers).buffer).toString("base64");

const JOBS = jobsOf(engine, { pack, unpack });
const jobs = JSON.parse(readFileSync(jobsFile, "utf8"));
const answers = jobs.map(({ job, ...given }) => JOBS[job](given));
writeFileSync(answersFile, JSON.stringify(answers));
