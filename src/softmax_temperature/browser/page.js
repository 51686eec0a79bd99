// In a page without a kernel each explorer follows a native slider, and the address keeps its state.

import { phrase, temperatureText } from "./engine/words.js";
import { decoded, entriesOf, pairsOf, stateAsked } from "./address.js";
import { askedBy, followLinks } from "./links.js";
import { asHeld, readTemperature, temperatureOf } from "./store.js";
import { nearestStop, stopAt } from "./stops.js";
import { make, makeField } from "./views/parts.js";

// By its prototype: an element may be named like a method of the document.
export const findAll = Document.prototype.querySelectorAll.bind(document);
const isFramed = self !== top;
// A burst of changes makes one entry in the history, and a frame makes none.
const REST = 300;
const CELL = ".cell";

/** Return the elements that hold data: in a script, which no notebook can write into its page. */
export function holders(name) {
  return [...findAll(`.softmax-temperature-${name} > script[type="application/json"]`)].map(
    (script) => script.parentElement,
  );
}

/** Try something, and say in its place what fails: all else goes on. */
export async function attempt(el, act) {
  try {
    return await act();
  } catch (error) {
    if (!el.querySelector(":scope > .failed"))
      el.prepend(make("p", { className: "failed", role: "alert" }, phrase("cannot_be_shown", { problem: error.message })));
    reportError(error);
  }
}

/**
 * Start all explorers of a page, each by itself, and return those that have started.
 * @param {Record<string, Object>} kinds Those that there are, by their names.
 * @param {() => string[]} own What else the address of the page has, before their states.
 */
export async function startPage(kinds, own = () => []) {
  document.documentElement.classList.toggle("framed", isFramed);
  const elements = holders("explorer");
  const read = [];
  const groups = new Map();
  // All at once: they wait for what is unpacked, and stand in the order of the page.
  const built = elements.map((el, number) =>
    attempt(el, async () => {
      const own = JSON.parse(el.querySelector("script").textContent);
      // What explorers have in common is on the page once.
      const data = (read[number] = { ...read[own.like], ...own });
      for (const table of data.tables ?? [])
        for (const name of ["words", "logits"]) {
          const [other, place, part] = table[name]?.like ?? [];
          if (part) table[name] = read[other].tables[place][part];
        }
      if (!Object.hasOwn(kinds, data.kind)) throw new TypeError(phrase("damaged_data"));
      const prefix = elements.length > 1 ? `${number + 1}.` : "";
      return { ...(await build(el, data, kinds[data.kind], prefix, groups)), number: number + 1 };
    }),
  );
  const explorers = (await Promise.all(built)).filter(Boolean);
  const write = keepAddress(explorers, own);
  followLinks(() => explorers, CELL);
  for (const link of findAll('a[href^="#"]')) completeLink(link, explorers);
  // What stands above a place that the address names has grown.
  const named = decoded(location.hash.slice(1));
  if (named) findAll(`#${CSS.escape(named)}`)[0]?.scrollIntoView();
  // For tests: everything is there.
  document.documentElement.dataset.started = "true";
  return { explorers, write };
}

async function build(el, data, kind, prefix, groups) {
  const core = await kind.coreOf(data, data.state);
  const { store } = core;
  const { stops } = data;
  const slider = sliderOf(core, prefix);
  const [head, body] = [make("div"), make("div")];
  place(el, [head, slider.line, body]);
  kind.head(head, core);
  kind.body(body, core, { wantNarrow() {} }); // Both layouts are in a page.
  store.follow(slider.show);
  slider.show();
  // Sliders that a notebook has linked move together.
  if (data.link !== undefined) {
    const group = groups.get(data.link) ?? [];
    groups.set(data.link, group);
    group.push(core);
    store.follow(() => {
      const T = temperatureOf(store.get());
      for (const other of group) {
        const position = nearestStop(other.data.stops, T);
        if (other !== core && position !== nearestStop(other.data.stops, temperatureOf(other.store.get())))
          other.store.set({ T: asHeld(stopAt(other.data.stops, position)) });
      }
    });
  }
  const says = make("p", { className: "address", role: "status" });
  el.append(says);
  return { el, core, own: data.own, first: store.get(), prefix, stops, says };
}

// The address of a link that moves the nearest explorer says which: it can be copied, and opened.
function completeLink(link, explorers) {
  const moved = askedBy(link, explorers, CELL);
  if (!moved.length) return;
  link.classList.add("moves");
  const next = moved.find(({ isNext }) => isNext);
  if (!next || explorers.length === 1) return;
  const parts = link.hash.slice(1).split("&");
  const named = parts.map((part) => (/^\d+\./.test(part) ? part : `${next.number}.${part}`));
  link.setAttribute("href", `#${named.join("&")}`);
}

// Head, slider and body stand where a notebook has them among other controls, or one below another.
function place(el, parts) {
  const places = [...el.querySelectorAll("[data-part]")].filter(
    (spot) => spot.closest(".softmax-temperature-explorer") === el,
  );
  for (const spot of places) spot.replaceWith(parts[spot.dataset.part]);
  if (!places.length) el.append(...parts);
}

function sliderOf({ data: { stops }, store }, prefix) {
  const id = `slider-${prefix}T`;
  const { first, step, count } = stops;
  const last = stopAt(stops, count - 1);
  // Counted in steps, so that a step that had to be rounded reaches the last stop, too.
  const [low, even] = [first, step].map((number) => Number(number.toPrecision(12)));
  const input = make("input", {
    id,
    type: "range",
    min: low,
    max: Number((low + even * (count - 1)).toPrecision(15)),
    step: even,
    autocomplete: "off",
    oninput: () => {
      const position = nearestStop(stops, input.valueAsNumber);
      if (position !== nearestStop(stops, temperatureOf(store.get()))) store.set({ T: asHeld(stopAt(stops, position)) });
    },
  });
  const ticks = make("datalist", { id: `${id}-marks` });
  for (const T of [0, 1, 2]) if (first <= T && T <= last) ticks.append(make("option", { value: `${T}` }));
  input.setAttribute("list", ticks.id);
  const { field, problem, tell } = makeField(
    phrase("any_temperature"),
    (text) => store.set({ T: asHeld(readTemperature(text)) }),
    { size: 6, inputMode: "decimal" },
  );
  const line = make("p", { className: "slider" }, make("label", { htmlFor: id }, phrase("temperature")), input, ticks, field, problem);
  return {
    line,
    show() {
      const T = temperatureOf(store.get());
      const value = stopAt(stops, nearestStop(stops, T));
      if (Math.abs(input.valueAsNumber - value) > 1e-9) input.value = value;
      const text = temperatureText(T, step);
      input.setAttribute("aria-valuetext", text);
      tell(text);
    },
  };
}

// The address names what differs from the first state: a copied one shows what was seen.
function keepAddress(explorers, own) {
  let pause;
  let isReading = false;
  let seen = location.hash;
  for (const { core, says } of explorers)
    core.store.follow(() => {
      if (isReading) return;
      // What was wrong with an address is past.
      says.textContent = "";
      keep();
    });

  function read(event) {
    seen = location.hash;
    const parts = pairsOf(seen);
    const asked = explorers.map(({ prefix }) => {
      /** @type {any[]} */
      const own = parts.flatMap(([name, text]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), text]] : []));
      return new Map(own);
    });
    const states = explorers.map(({ core, first }, i) => stateAsked(asked[i], first, core));
    // A place on the page is no state: all stay as they are, once they are shown.
    if (event && location.hash && states.every(({ known }) => !known)) return;
    isReading = true;
    explorers.forEach(({ core, says }, i) => {
      core.store.set(states[i].state);
      says.textContent = states[i].problems.join(" ");
    });
    isReading = false;
    if (states.some(({ known }) => known)) write("replaceState");
  }

  function write(way) {
    const states = explorers.flatMap(({ core, first, prefix }) =>
      entriesOf(core.store.get(), first).map(([name, text]) => `${prefix}${name}=${text}`),
    );
    const parts = [...own(), ...states];
    const address = parts.length ? `#${parts.join("&")}` : "";
    if (address === location.hash || (!address && !location.hash)) return;
    try {
      history[way](null, "", location.href.split("#")[0] + address);
      seen = location.hash;
    } catch {
      // Some frames have no address to keep it in, and some browsers refuse too many changes.
    }
  }

  function keep() {
    if (!pause) write(isFramed ? "replaceState" : "pushState");
    clearTimeout(pause);
    pause = setTimeout(() => {
      pause = undefined;
      // Another one is about to be read: the reader has just gone back.
      if (location.hash === seen) write("replaceState");
    }, REST);
  }

  addEventListener("hashchange", (event) => {
    clearTimeout(pause);
    pause = undefined;
    read(event);
  });
  read();
  return write;
}
