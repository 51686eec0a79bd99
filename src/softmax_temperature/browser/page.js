// In a page without a kernel each explorer follows native sliders, and the address keeps where
// they are. This comes after the kinds of explorers, in the same script.

// By its prototype: an element may be named like a method of the document.
const findAll = Document.prototype.querySelectorAll.bind(document);
// Data in a script is what no notebook can write into its page.
const holders = (name) =>
  [...findAll(`.softmax-temperature-${name} > script[type="application/json"]`)].map(
    (script) => script.parentElement,
  );
const elements = holders("explorer");
// The sliders that the address names: those that were moved.
const named = new Set();
// Sliders that a notebook has linked: they move together, under the name of the first.
const linked = new Map();
const read = [];
const fields = elements.flatMap((el, number) => attempt(el, () => build(el, number)) ?? []);
const framed = self !== top;
document.documentElement.classList.toggle("framed", framed);

// What fails is said in its place, and all else goes on.
function attempt(el, act) {
  try {
    return act();
  } catch (error) {
    if (!el.querySelector(":scope > .failed")) {
      const line = document.createElement("p");
      line.className = "failed";
      line.setAttribute("role", "alert");
      line.textContent = `This cannot be shown: ${error.message}`;
      el.prepend(line);
    }
    reportError(error);
  }
}

// Build an explorer from its data, and return what the address must know of its sliders.
function build(el, number) {
  const own = JSON.parse(el.querySelector("script").textContent);
  // What explorers have in common is on the page once.
  const data = (read[number] = { ...read[own.like], ...own });
  const kind = KINDS[data.kind];
  const names = data.sliders.map(({ key }) => (elements.length > 1 ? `${number + 1}.${key}` : key));
  const lines = data.sliders.map((slider, i) => sliderOf(slider, data.start[i], names[i]));
  const [head, body] = [0, 1].map(() => document.createElement("div"));
  const groups = data.sliders.map(({ link }, i) => {
    const group = linked.get(link) ?? [];
    if (link !== undefined) linked.set(link, group);
    group.push({ name: names[i], input: lines[i].input, follow });
    return group;
  });
  let state = data.state;

  function follow() {
    const row = rowOf(data, lines.map(({ input }) => input.valueAsNumber));
    shown.show({ row, ...state });
    showHead({ row, ...state });
    stopsOf(data, row).forEach((text, i) => lines[i].tell(text));
  }

  function change(part) {
    state = { ...state, ...part };
    follow();
  }

  function moved(i) {
    const { input } = lines[i];
    for (const other of groups[i]) {
      other.input.value = input.value;
      other.follow();
    }
  }

  place(el, [head, ...lines.map(({ line }) => line), body], menusOf(data));
  const showHead = kind.head(head, data, (name) => change(kind.actions[name](state, data)));
  const shown = kind.body(body, data, {
    change,
    // Both layouts are in a page.
    wantNarrow() {},
    moveTo(part) {
      const { first, step, texts } = data.sliders[0];
      lines[0].input.value = first + step * Math.round(part * (texts.length - 1));
      moved(0);
      keep(groups[0][0].name);
    },
  });
  lines.forEach(({ input }, i) => {
    input.addEventListener("input", () => moved(i));
    input.addEventListener("change", () => keep(groups[i][0].name));
  });
  return lines.flatMap(({ input, readout }, i) => {
    if (groups[i][0].name !== names[i]) return [];
    const { first, step, texts } = data.sliders[i];
    return {
      el,
      name: names[i],
      get text() {
        const number = Number(readout.textContent);
        return Number.isNaN(number) ? readout.textContent : `${number}`;
      },
      // Go to the stop that an address asks for, or to the nearest, or else to the first one.
      go(asked = "") {
        const number = Number(asked.replace(",", ".") || NaN);
        const stop = texts.findIndex((text) => text === asked || Number(text) === number);
        const between = Number(texts[0]) === first && !Number.isNaN(number);
        if (stop >= 0 || !between) input.value = first + step * (stop >= 0 ? stop : data.start[i]);
        else input.value = Math.min(Math.max(number, input.min), input.max);
        moved(i);
      },
    };
  });
}

// What only Python can change is shown as it is.
function menusOf({ menus = [] }) {
  if (!menus.length) return [];
  const line = document.createElement("p");
  line.className = "menus";
  for (const { name, text } of menus) {
    const label = line.appendChild(document.createElement("label"));
    const menu = document.createElement("select");
    menu.disabled = true;
    menu.add(new Option(text));
    label.append(name, " ", menu);
  }
  line.append("(needs a kernel)");
  return [line];
}

// Head, sliders and body stand where a notebook has them among other controls, or one below another.
function place(el, parts, menus) {
  const places = [...el.querySelectorAll("[data-part]")].filter(
    (spot) => spot.closest(".softmax-temperature-explorer") === el,
  );
  for (const spot of places) spot.replaceWith(parts[spot.dataset.part]);
  if (!places.length) el.append(parts[0], ...menus, ...parts.slice(1));
}

function sliderOf({ name, first, step, texts }, start, key) {
  const line = document.createElement("p");
  const [label, input, readout] = ["label", "input", "span"].map((tag) =>
    line.appendChild(document.createElement(tag)),
  );
  line.className = "slider";
  label.textContent = name;
  label.htmlFor = input.id = `slider-${key}`;
  // Counted in steps, so that a step that had to be rounded reaches the last stop, too.
  const [low, even] = [first, step].map((number) => Number(number.toPrecision(12)));
  const high = Number((low + even * (texts.length - 1)).toPrecision(15));
  Object.assign(input, { type: "range", min: low, max: high, step: even, autocomplete: "off" });
  input.value = first + step * start;
  readout.ariaHidden = "true";
  readout.style.minWidth = `${Math.max(...texts.map((text) => text.length))}ch`;

  function tell(text) {
    readout.textContent = text;
    input.setAttribute("aria-valuetext", text);
  }

  return { line, input, readout, tell };
}

function readAddress(event) {
  const parts = location.hash.slice(1).split("&").map((part) => part.split("="));
  const asked = new Map(parts.map(([name, text]) => [name.toUpperCase(), text]));
  // A place on the page is no stop of a slider: all stay where they are, once they are shown.
  if (event && location.hash && !fields.some(({ name }) => asked.has(name.toUpperCase())))
    return endBurst();
  named.clear();
  for (const { el, name, go } of fields) {
    const text = asked.get(name.toUpperCase());
    attempt(el, () => go(text));
    if (text) named.add(name);
  }
  if (named.size) writeAddress("replaceState");
}

function writeAddress(way) {
  const parts = fields.filter(({ name }) => named.has(name)).map(({ name, text }) => `${name}=${text}`);
  const address = `#${parts.join("&")}`;
  if (address === location.hash) return;
  try {
    history[way](null, "", location.href.split("#")[0] + address);
  } catch {
    // Some frames have no address to keep it in, and some browsers refuse too many changes.
  }
}

// A burst of key presses makes one entry in the history, and a frame makes none.
let pause;
function keep(name) {
  named.add(name);
  if (!pause) writeAddress(framed ? "replaceState" : "pushState");
  clearTimeout(pause);
  pause = setTimeout(() => {
    pause = undefined;
    writeAddress("replaceState");
  }, 300);
}

function endBurst() {
  clearTimeout(pause);
  pause = undefined;
}

addEventListener("hashchange", readAddress);
readAddress();
