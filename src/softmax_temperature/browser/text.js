// Text at every temperature: places of a tree, each with its token, shown from the prompt to an end.
// Python has written it at each stop of the slider.

import { phrase, temperatureText } from "./engine/words.js";
import { bytesOf } from "./unpack.js";
import { storeOf, temperatureOf } from "./store.js";
import { nearestStop } from "./stops.js";
import { make } from "./views/parts.js";

/** What a text has above its slider and below it. */
export const textKind = {
  async coreOf(data, state, send) {
    return { data, tables: [], store: storeOf(state, send) };
  },
  head(el, { data, store }) {
    el.classList.add("softmax-temperature-head");
    const line = make("p");
    const next = () => store.set({ dice: (store.get().dice + 1) % data.seeds, chosen: -1 });
    el.replaceChildren(line, make("div", { className: "buttons" }, make("button", { type: "button", onclick: next }, "Other dice")));
    const show = () => {
      const { dice, busy } = store.get();
      line.textContent = busy ? "Writing …" : `The same dice at every temperature (${dice + 1} of ${data.seeds})`;
    };
    show();
    return store.follow(show);
  },
  body(el, { data, store }) {
    const { show } = drawText(el, data, { change: store.set });
    const follow = () => {
      const { dice, chosen, busy } = store.get();
      const T = temperatureOf(store.get());
      show({ row: nearestStop(data.stops, T), dice: dice % data.seeds, chosen, busy, T });
    };
    follow();
    return store.follow(follow);
  },
};

// Decode what Python sent as bytes.
function numbers(bytes, Type) {
  return new Type(bytesOf(bytes).slice().buffer);
}

// Read the tree. Place 0 is the prompt, and `ends` has the last place of each text.
function treeOf(data) {
  const large = (bytes, count) => numbers(bytes, count > 65536 ? Uint32Array : Uint16Array);
  const tokens = numbers(data.tokens, Uint16Array);
  const parents = large(data.parents, tokens.length);
  const stops = data.stops.count;
  const ends = large(data.ends, tokens.length);
  return {
    tokens,
    bits: numbers(data.bits, Uint16Array),
    own: numbers(data.own, Uint8Array),
    likeliest: numbers(data.likeliest, Uint16Array),
    chances: numbers(data.chances, Uint8Array),
    parents,
    ends,
    endOf: (row, dice) => ends[dice * stops + row],
    forks: numbers(data.forks, Uint16Array),
    sentences: numbers(data.said, Uint16Array),
    pathTo(end) {
      const path = [];
      for (let place = end; place > 0; place = parents[place]) path.unshift(place);
      return path;
    },
  };
}

// What each token of a text adds to it. Bytes that make up a character are one, the first's.
function piecesOf(tokens, { pieces, firstByte }) {
  const texts = tokens.map((token) => pieces[token]);
  const bytes = tokens.map((token) => token - firstByte);
  for (let i = 0; i < bytes.length; i++) {
    const first = bytes[i];
    if (first < 0xc2 || first > 0xf4) continue;
    const count = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    const own = bytes.slice(i, i + count);
    if (own.length < count || own.some((byte) => byte > 0xff)) continue;
    try {
      texts[i] = new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(own));
      texts.fill("", i + 1, i + count);
    } catch {
      // They are no character: each stays an escape.
    }
  }
  return texts;
}

const LEVELS = [1, 2, 4, 8];
const levelOf = (bits) => LEVELS.filter((level) => bits >= level).length;
const KEY = ["below 1", "1 to 2", "2 to 4", "4 to 8", "8 or more"];

function drawText(el, data, { change }) {
  const tree = treeOf(data);
  const { labels, names, end } = data;
  el.classList.add("softmax-temperature", "softmax-temperature-text");
  el.innerHTML = `
    <div class="sentences"><p></p><div aria-hidden="true"></div></div>
    <div class="story">
      <p><span class="prompt"></span><span role="listbox" tabindex="0" aria-label="Tokens: the arrow keys go from one to the next"></span></p>
      <p aria-hidden="true"></p>
    </div>
    <p class="key">Surprise in bits at T = 1:</p>
    <div class="details"><p></p><ol></ol></div>
    <div class="aloud" role="status" aria-live="polite"></div>
    <div class="aloud" role="status" aria-live="polite"></div>`;
  const [caption, longest] = el.querySelector(".sentences").children;
  const [story, room] = el.querySelector(".story").children;
  const list = story.querySelector("[role=listbox]");
  const [told, five] = el.querySelector(".details").children;
  const [aloud, chosenAloud] = el.querySelectorAll("[role=status]");
  const ids = `softmax-temperature-${Math.random().toString(36).slice(2)}-`;
  story.querySelector(".prompt").textContent = data.prompt;
  // Otherwise a notebook takes the keys.
  list.dataset.lmSuppressShortcuts = "true";
  for (const [level, text] of KEY.entries()) {
    const swatch = document.createElement("span");
    swatch.className = `level-${level}`;
    swatch.textContent = text;
    el.querySelector(".key").append(" ", swatch);
  }
  longest.textContent = data.sentences.reduce((a, b) => (b.length > a.length ? b : a));
  room.textContent = data.prompt + longestText();

  let shown, pause;
  let path = [];
  let texts = [];

  // The text that takes the most room, so that nothing below it jumps.
  function longestText() {
    const lengths = new Uint32Array(tree.tokens.length);
    for (let place = 1; place < lengths.length; place++) {
      const piece = data.pieces[tree.tokens[place]];
      lengths[place] = lengths[tree.parents[place]] + (piece === "\n" ? 50 : piece.length);
    }
    const last = tree.ends.reduce((a, b) => (lengths[b] > lengths[a] ? b : a));
    const tokens = tree.pathTo(last).map((place) => tree.tokens[place]);
    return `${piecesOf(tokens, data).join("")} ≠ T = 1 ${data.endText}`;
  }

  function optionOf(i) {
    const place = path[i];
    const option = document.createElement("span");
    const bits = tree.bits[place] / 10;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    option.id = ids + i;
    option.className = `level-${levelOf(bits)}`;
    const token = tree.tokens[place];
    option.textContent = token === end ? data.endText : texts[i];
    option.classList.toggle("end", token === end);
    option.classList.toggle("newline", texts[i] === "\n");
    if (!texts[i].trim()) option.ariaLabel = names[token];
    return option;
  }

  function paint() {
    const { row, dice } = shown;
    const stops = data.stops.count;
    const before = [path, texts];
    path = tree.pathTo(tree.endOf(row, dice));
    texts = piecesOf(path.map((place) => tree.tokens[place]), data);
    // The space in front of a first word belongs to no text.
    if (!data.prompt && texts.length) texts[0] = texts[0].replace(/^ /, "");
    let kept = 0;
    while (kept < path.length && path[kept] === before[0][kept] && texts[kept] === before[1][kept]) kept++;
    while (list.children.length > kept) list.lastChild.remove();
    for (let i = kept; i < path.length; i++) list.append(optionOf(i));
    const fork = tree.forks[dice * stops + row];
    [...list.children].forEach((option, i) => option.classList.toggle("fork", i === fork));
    list.classList.toggle("open", tree.tokens[path.at(-1)] !== end);
    caption.textContent = sentence();
    mark();
    // A chosen token that is no longer in the text is no longer chosen.
    const { chosen } = shown;
    if (chosen >= 0 && before[0].length && path[chosen] !== before[0][chosen]) change({ chosen: -1 });
  }

  function sentence() {
    return data.sentences[tree.sentences[shown.dice * data.stops.count + shown.row]];
  }

  // Show what is known of the token that is pointed at, or else of the chosen one.
  function mark(pointed = shown.chosen) {
    [...list.children].forEach((option, i) => {
      if ((option.ariaSelected === "true") !== (i === shown.chosen)) option.ariaSelected = i === shown.chosen;
    });
    if (shown.chosen >= 0 && shown.chosen < path.length)
      list.setAttribute("aria-activedescendant", ids + shown.chosen);
    else list.removeAttribute("aria-activedescendant");
    const most = path.reduce((a, b) => (tree.bits[b] > tree.bits[a] ? b : a));
    const place = path[pointed] ?? most;
    five.replaceChildren();
    const parent = tree.parents[place];
    const token = tree.tokens[place];
    const bits = (tree.bits[place] / 10).toFixed(1);
    const way = path[pointed] ? "" : "Point at a token, or go to one with the arrow keys. The most surprising is ";
    told.textContent = `${way}“${names[token]}”, a surprise of ${bits} bits: its probability at T = 1 was ${labels[tree.own[place]]}. The likeliest there:`;
    const likeliest = [0, 1, 2, 3, 4].map((i) => {
      const line = five.appendChild(document.createElement("li"));
      const [name, bar, number] = ["span", "i", "span"].map((tag) => line.appendChild(document.createElement(tag)));
      const other = tree.likeliest[5 * parent + i];
      const chance = tree.chances[5 * parent + i];
      name.textContent = names[other];
      number.textContent = labels[chance];
      bar.style.width = `${Math.max(chance, 0.5) / 10}em`;
      line.classList.toggle("own", other === token);
      return `${names[other]} ${labels[chance]}`;
    });
    return `${told.textContent} ${likeliest.join(", ")}.`;
  }

  function choose(chosen) {
    change({ chosen });
    // A key that goes from token to token needs an answer each time.
    chosenAloud.textContent = mark();
  }

  list.addEventListener("pointerover", ({ target }) => {
    const i = [...list.children].indexOf(target.closest("[role=option]"));
    if (i >= 0) mark(i);
  });
  list.addEventListener("pointerleave", () => mark());
  list.addEventListener("click", ({ target }) => {
    const i = [...list.children].indexOf(target.closest("[role=option]"));
    if (i >= 0) choose(i);
  });
  list.addEventListener("keydown", (event) => {
    const { key, ctrlKey, metaKey, altKey } = event;
    if (ctrlKey || metaKey || altKey) return;
    const now = shown.chosen;
    const goals = {
      ArrowRight: now + 1,
      ArrowLeft: now < 0 ? path.length - 1 : now - 1,
      ArrowDown: lineFrom(now, 1),
      ArrowUp: lineFrom(now, -1),
      Home: 0,
      End: path.length - 1,
      Escape: -1,
    };
    if (!(key in goals)) return;
    event.preventDefault();
    choose(key === "Escape" ? -1 : Math.min(Math.max(goals[key], 0), path.length - 1));
  });

  // The token above or below: the nearest one on the next line.
  function lineFrom(now, way) {
    const boxes = [...list.children].map((option) => option.getClientRects()[0]);
    if (now < 0 || !boxes[now]) return 0;
    const { left, right, top } = boxes[now];
    const beyond = boxes.map((box, i) => [i, box]).filter(([, box]) => box && way * (box.top - top) > 4);
    if (!beyond.length) return now;
    const line = beyond.at(way > 0 ? 0 : -1)[1].top;
    /** @type {(entry: any) => number} */
    const far = ([, box]) => Math.abs(box.left + box.right - left - right);
    return beyond
      .filter(([, box]) => Math.abs(box.top - line) <= 4)
      .reduce((a, b) => (far(b) < far(a) ? b : a))[0];
  }

  function show(state) {
    const before = shown;
    if (before && Object.keys(state).every((name) => state[name] === before[name])) return;
    shown = state;
    el.classList.toggle("busy", state.busy);
    if (before && state.row === before.row && state.dice === before.dice) return void mark();
    paint();
    clearTimeout(pause);
    // Read aloud only what has come to rest, and nothing before the first change.
    if (before)
      pause = setTimeout(() => {
        aloud.textContent = `${phrase("stop_aloud", { name: phrase("temperature"), value: temperatureText(shown.T, data.stops.step) })} ${sentence()} ${data.prompt}${texts.join("")}`;
      }, 600);
  }

  return { show };
}
