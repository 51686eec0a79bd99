// The front door: its explorers, questions scored in bits, and a view for a screen before an audience.

import { askForBits } from "./bits.js";
import { tableKind } from "./explorer.js";
import { openingKind } from "./opening.js";
import { attempt, findAll, holders, startPage } from "./page.js";
import { asHeld, temperatureOf } from "./store.js";
import { textKind } from "./text.js";
import { make } from "./views/parts.js";

const BUTTONS = [["0", 0], ["½", 0.5], ["1", 1], ["2", 2]];
const scenes = /** @type {HTMLElement[]} */ ([...findAll(".scene")]);
// Which scene is presented, or -1.
let scene = sceneAsked();

/** Return the scene that the address asks for, "#present" or "#present=2", from 0, or -1. */
function sceneAsked() {
  const found = /^#(?:.*&)?present(?:=(\d+))?(?:&|$)/i.exec(location.hash);
  return found ? Math.min(Math.max(Number(found[1] ?? 1), 1), scenes.length) - 1 : -1;
}

function showScene() {
  document.documentElement.classList.toggle("present", scene >= 0);
  scenes.forEach((el, i) => el.classList.toggle("shown", i === scene));
}

// Before the explorers are there: the address is written with it.
addEventListener("hashchange", () => {
  const asked = sceneAsked();
  if (asked !== scene && (asked >= 0 || !location.hash)) present(asked);
});
showScene();

for (const el of holders("bits"))
  attempt(el, () => askForBits(el.querySelector(".asked"), JSON.parse(el.querySelector("script").textContent)));

const started = startPage(
  { opening: openingKind, temperature: tableKind, text: textKind },
  () => (scene < 0 ? [] : [scene ? `present=${scene + 1}` : "present"]),
);
started.then(({ explorers }) => {
  for (const { el, core } of explorers) addButtons(el, core.store);
});

async function present(next) {
  scene = next;
  showScene();
  const { write } = await started;
  write("replaceState");
  if (scene < 0) return;
  scrollTo(0, 0);
  scenes[scene].focus({ preventScroll: true });
}

function addButtons(el, store) {
  const buttons = BUTTONS.map(([text, T]) => make("button", { type: "button", onclick: () => store.set({ T: asHeld(T) }) }, `${text}`));
  const label = el.querySelector(".slider label").textContent;
  el.querySelector(".slider").append(make("span", { className: "presets", role: "group", "aria-label": label }, ...buttons));
  const show = () => {
    const T = temperatureOf(store.get());
    buttons.forEach((button, i) => (button.ariaPressed = `${T === BUTTONS[i][1]}`));
    // Cold is blue and hot is red, wherever a style asks for it.
    el.closest(".scene").style.setProperty("--heat", `${Math.min(50 * T, 100)}%`);
  };
  store.follow(show);
  show();
}

const SCENE_KEYS = { ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1 };
const FIELDS = ":is(textarea, input):not([type=range])";
const MOVED_BY_ARROWS = ":is(input, select, [role=slider], [role=listbox])";
// What was pressed has the focus, but not for the sake of the arrows.
let isPressed = false;
addEventListener("pointerdown", () => (isPressed = true), true);
addEventListener(
  "keydown",
  (/** @type {any} */ event) => {
    const { key, target, ctrlKey, metaKey, altKey } = event;
    if (key === "Tab") isPressed = false;
    if (scene < 0 || ctrlKey || metaKey || altKey) return;
    if (target.matches(FIELDS)) {
      // Whoever speaks goes on from there: what is written is taken, and the keys turn scenes again.
      if (key === "Enter" || key === "Escape") setTimeout(() => target.blur());
      if (key !== "PageDown" && key !== "PageUp") return;
    }
    if (key === "Escape") return void present(-1);
    if (!Object.hasOwn(SCENE_KEYS, key) || (target.matches(MOVED_BY_ARROWS) && !isPressed)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const next = scene + SCENE_KEYS[key];
    if (next >= 0 && next < scenes.length) present(next);
  },
  true,
);
