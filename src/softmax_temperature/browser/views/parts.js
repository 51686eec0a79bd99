// Small pieces of a page that the views are made of.

/**
 * Return an element with attributes, and with texts and elements in it.
 * @param {string} tag
 * @param {Record<string, any>} attributes
 * @param {...(string | Node)} inside
 * @returns {any}
 */
export function make(tag, attributes = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && !name.startsWith("aria")) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...inside);
  // Otherwise a notebook takes letters and arrow keys as commands.
  if (/^(button|input|select|summary|textarea)$/.test(tag)) element.dataset.lmSuppressShortcuts = "true";
  return element;
}

/** Return the beginning of ids that nothing else on a page has. */
export function uniquePrefix() {
  return `softmax-temperature-${Math.random().toString(36).slice(2)}-`;
}

// Milliseconds.
const UNTIL_ALOUD = 600;

/**
 * Return what calls a function once nothing has changed for a moment, so that what is dragged past is
 * not read aloud.
 * @param {(...args: any[]) => void} act
 */
export function whenAtRest(act) {
  /** @type {any} */
  let pause;
  const stop = () => clearTimeout(pause);
  return {
    stop,
    wait(...args) {
      stop();
      pause = setTimeout(act, UNTIL_ALOUD, ...args);
    },
  };
}

/**
 * Call a function where an element is pressed, or another one, and for each move of the pointer until
 * it is let go.
 * @param {HTMLElement} el
 * @param {(event: any) => void} drag
 * @param {(event: any) => void} press
 */
export function followPointer(el, drag, press = drag) {
  el.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    el.setPointerCapture(event.pointerId);
    el.addEventListener("pointermove", drag);
    press(event);
  });
  for (const name of ["pointerup", "pointercancel"])
    el.addEventListener(name, () => el.removeEventListener("pointermove", drag));
}

/** Let parts fall to their places from so many units above, if the reader's system asks for no less. */
export function fall(parts, height) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const way = { translate: [`0 ${-height}px`, "0 0"], opacity: [0, 1] };
  for (const part of parts) part.animate(way, { duration: 350, easing: "cubic-bezier(.3, 1.6, .6, 1)" });
}

/** Lay an element over a part of a picture, whose edges are given as the picture counts. */
export function layOver({ style }, { left, right, top, bottom }, view) {
  style.left = `${(100 * left) / view.width}%`;
  style.width = `${(100 * (right - left)) / view.width}%`;
  style.top = `${(100 * top) / view.height}%`;
  style.height = `${(100 * (bottom - top)) / view.height}%`;
}

/**
 * Show what is known of a spot beside it, towards the middle of the element in which it is.
 * @param {HTMLElement} tip
 * @param {number} x
 * @param {number} y
 * @param {HTMLElement} within
 */
export function putTip(tip, x, y, { clientWidth, clientHeight }) {
  tip.hidden = false;
  const left = x < clientWidth / 2 ? x : x - tip.offsetWidth;
  const up = y < 40 ? { top: `${y + 18}px`, bottom: "" } : { top: "", bottom: `${clientHeight - y + 10}px` };
  Object.assign(tip.style, { left: `${Math.max(Math.min(left, clientWidth - tip.offsetWidth), 0)}px` }, up);
}

/**
 * Return a menu with a label. What is chosen is handed on by its place.
 * @param {string} name
 * @param {string[]} texts
 * @param {(place: number) => void} choose
 */
export function makeMenu(name, texts, choose) {
  const menu = make("select", { onchange: () => choose(menu.selectedIndex) });
  for (const text of texts) menu.add(new Option(text));
  return { menu, line: make("label", { className: "control" }, name, " ", menu) };
}

/**
 * Return a field for what a reader types, which is taken when it is left or Enter is pressed. Where
 * it is refused, the reason stands beside it, nothing else changes, and Escape brings back what was.
 * @param {string} name
 * @param {(text: string) => void} take
 * @param {Record<string, any>} options Attributes, and the `tag` if it is another one.
 */
export function makeField(name, take, { tag = "input", ...options } = {}) {
  const problem = make("span", { className: "problem", role: "alert" });
  const kind = tag === "input" ? { type: "text" } : {};
  const field = make(tag, { ...kind, autocomplete: "off", "aria-label": name, ...options });
  let written = "";
  function tell(text) {
    if (document.activeElement === field && field.value !== written) return;
    field.value = written = text;
    problem.textContent = "";
    field.removeAttribute("aria-invalid");
  }
  function read() {
    if (field.value === written) return;
    try {
      const text = field.value;
      written = text;
      take(text);
      // Written as it is shown, also where nothing has changed: "1.0" is 1.00, and top-p 1 is off.
      tell(field.dataset.last);
    } catch (error) {
      problem.textContent = error.message;
      field.setAttribute("aria-invalid", "true");
    }
  }
  // A field of several lines does not count as changed where it is left with what it had before Enter.
  field.addEventListener(tag === "input" ? "change" : "blur", read);
  field.addEventListener("keydown", (event) => {
    const { key, shiftKey, isComposing } = event;
    // In a field of several lines, too: with Shift it makes a new one.
    if (key === "Enter" && !shiftKey && !isComposing) {
      if (tag !== "input") event.preventDefault();
      read();
    }
    if (key === "Escape") {
      field.value = written = field.dataset.last ?? "";
      problem.textContent = "";
      field.removeAttribute("aria-invalid");
    }
  });
  function readAgain() {
    written = "";
    read();
  }
  return { field, problem, readAgain, tell: (text) => tell((field.dataset.last = text)) };
}
