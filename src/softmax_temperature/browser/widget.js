// An explorer in a notebook: its parts follow ipywidgets' slider, and its state is a trait of Python's.

import { phrase, temperatureText } from "./engine/words.js";
import { followLinks } from "./links.js";
import { sessionsOf, tellOpened } from "./sessions.js";
import { asHeld, readTemperature, temperatureOf } from "./store.js";
import { nearestStop, stopAt } from "./stops.js";

// Python hears of a change when it has come to rest.
const UNTIL_TOLD = 250;

/**
 * Return what anywidget needs to show the head or the body of an explorer.
 * @param {{ coreOf: Function, head: Function, body: Function }} kind
 */
export function widget({ coreOf, head, body }) {
  return {
    async render({ model, el }) {
      const other = (reference) => model.widget_manager.get_model(reference.replace("IPY_MODEL_", ""));
      const owner = model.get("body") ? await other(model.get("body")) : model;
      const slider = await other(owner.get("slider"));
      const session = enter(owner.get("key"), coreOf);
      session.owner = owner;
      session.slider = slider;
      if (owner === model) session.places.add(el);
      let [stop, alive] = [() => {}, true];

      async function redraw() {
        const data = owner.get("data");
        try {
          const shared = owner.get("shared") && (await other(owner.get("shared"))).get("data");
          const core = await session.open(data, owner.get("state"), shared);
          if (!alive || data !== owner.get("data")) return;
          // Until here what is shown has gone on with what was unpacked before.
          stop();
          const part = owner === model ? body : head;
          const wantNarrow = () => {
            owner.set("narrow", true);
            owner.save_changes();
          };
          const ends = [part(el, core, { wantNarrow })];
          if (owner === model) ends.push(core.store.follow(follow));
          stop = () => ends.forEach((end) => end());
          if (owner === model) follow();
          listen();
        } catch (error) {
          if (!alive) return;
          stop();
          stop = () => {};
          const line = document.createElement("p");
          line.setAttribute("role", "alert");
          line.textContent = phrase("cannot_be_shown", { problem: error.message });
          el.replaceChildren(line);
          throw error;
        }
      }

      // The slider stands at the stop that is nearest to the temperature.
      function follow() {
        const { data, store } = session.core;
        const T = temperatureOf(store.get());
        const value = stopAt(data.stops, nearestStop(data.stops, T));
        if (Math.abs(slider.get("value") - value) > 1e-9) {
          slider.set("value", value);
          session.rest();
        }
        equip(slider, session, temperatureText(T, data.stops.step));
      }

      const hear = () => session.hear(owner.get("state"));
      const listen = () => session.core?.hear?.(owner.get("told"));
      // A slider that follows a temperature between its stops, or beyond them, does not move it.
      const slid = () => {
        const { data, store } = session.core ?? {};
        if (!data) return;
        // An echo of what Python was told before does not undo what it has still to be told.
        if (slider._state_lock && session.isResting()) return follow();
        const position = nearestStop(data.stops, slider.get("value"));
        if (position !== nearestStop(data.stops, temperatureOf(store.get())))
          store.set({ T: asHeld(stopAt(data.stops, position)) });
        else follow();
      };
      document.addEventListener("focusin", keepKeys);
      const events = [
        [owner, "change:data", redraw],
        [owner, "change:state", hear],
        [owner, "change:told", listen],
        [slider, "change:value", slid],
      ];
      for (const [source, name, handler] of events) source.on(name, handler);
      await redraw();
      return () => {
        alive = false;
        stop();
        document.removeEventListener("focusin", keepKeys);
        for (const [source, name, handler] of events) source.off(name, handler);
        session.places.delete(el);
        session.leave();
      };
    },
  };
}

// Return what the views of one explorer share, as long as there is one.
function enter(key, coreOf) {
  const sessions = sessionsOf(() => followLinks(besideLink, ".jp-Cell"));
  if (sessions.has(key)) {
    const session = sessions.get(key);
    session.views++;
    return session;
  }
  /** @type {any} */
  let timer = 0;
  /** @type {any} */
  let opened;
  /** @type {any} */
  let opening;
  // What was changed here, and the count with which Python is told: a state that it has sent before
  // it heard of that does not undo it.
  /** @type {{ count: number, part: Object }[]} */
  let unheard = [];
  let [count, isSending] = [1, false];
  const setState = (/** @type {Object} */ state) => {
    isSending = true;
    session.owner.set("state", { ...state, told: count });
    isSending = false;
  };
  const session = {
    views: 1,
    /** Where it is shown. */
    places: new Set(),
    core: undefined,
    /** Unpack data, once for all views. */
    open(data, state, shared) {
      if (data !== opened) {
        opened = data;
        const ask = (message) => session.owner.send(message);
        opening = coreOf(data, state, send, shared, ask).then((core) => {
          if (data === opened) {
            session.core = core;
            // What has changed while it was unpacked.
            session.hear(session.owner.get("state"));
            tellOpened();
          }
          return core;
        });
      }
      return opening;
    },
    /** Take a state from Python, or from another view. */
    hear(state) {
      if (isSending) return;
      const { told = 0, ...heard } = state;
      count = Math.max(count, told + 1);
      unheard = unheard.filter((change) => change.count > told);
      // A state for data that are still unpacked comes to those.
      if (session.core?.data !== session.owner.get("data")) return;
      session.core.store.receive(Object.assign(heard, ...unheard.map(({ part }) => part)));
    },
    /** Tell whether something has still to be told. */
    isResting: () => Boolean(timer),
    /** Tell Python, once what changes has come to rest. */
    rest() {
      clearTimeout(timer);
      timer = setTimeout(() => {
        // With what Python has set meanwhile.
        if (unheard.at(-1)?.count === count) setState(session.core.store.get());
        count++;
        for (const model of [session.owner, session.slider]) {
          try {
            model.save_changes();
          } catch {
            // The kernel is gone: the explorer goes on without it.
          }
        }
        timer = 0;
      }, UNTIL_TOLD);
    },
    leave() {
      if (--session.views) return;
      sessions.delete(key);
    },
  };
  function send(state, part) {
    if (unheard.at(-1)?.count !== count) unheard.push({ count, part: {} });
    Object.assign(unheard.at(-1).part, part);
    setState(state);
    session.rest();
  }
  sessions.set(key, session);
  return session;
}

// All explorers of a link's notebook, in their order.
function besideLink(link) {
  const root = link.closest(".jp-Notebook, body");
  const shown = [...sessionsOf().values()].flatMap(({ core, places }) =>
    [...places].flatMap((el) => (core && root.contains(el) ? [{ el, core }] : [])),
  );
  const isAfter = ({ el }, other) => (el.compareDocumentPosition(other.el) & Node.DOCUMENT_POSITION_PRECEDING ? 1 : -1);
  return shown.sort(isAfter).map((explorer, i) => ({ ...explorer, number: i + 1 }));
}

// A menu or field of ours: otherwise the notebook takes its arrow keys and letters, too.
function keepKeys({ target }) {
  if (target.matches?.(".softmax-temperature-explorer :is(select, input, textarea)"))
    target.dataset.lmSuppressShortcuts = "true";
}

// Jupyter's slider has no name for screen readers, rounds its value to one decimal, and reads 0,7 as 0.
async function equip(slider, session, text) {
  for (const shown of Object.values(slider.views ?? {})) {
    const { el } = await shown;
    const handle = el.querySelector(".noUi-handle");
    if (!handle) continue;
    handle.setAttribute("aria-label", slider.get("description"));
    handle.setAttribute("aria-valuetext", text);
    // Otherwise the notebook takes the arrow keys, to go from cell to cell.
    handle.dataset.lmSuppressShortcuts = "true";
    addMarks(el, session.core.data.stops);
    const readout = el.querySelector(".widget-readout");
    if (!readout) continue;
    takeOver(readout, session);
    readout.dataset.text = text;
    if (document.activeElement !== readout) readout.textContent = text;
  }
}

// Marks at 0, 1 and 2, where the slider has them.
function addMarks(el, { first, step, count }) {
  const base = el.querySelector(".noUi-base");
  if (!base || base.querySelector(".mark")) return;
  const length = step * (count - 1);
  for (const T of [0, 1, 2]) {
    const part = (T - first) / length;
    if (part < 0 || part > 1) continue;
    const line = document.createElement("span");
    line.className = "mark";
    line.style.left = `${100 * part}%`;
    line.ariaHidden = "true";
    base.append(line);
  }
}

// The number beside the slider takes any temperature, between the stops and beyond them.
function takeOver(readout, session) {
  if (readout.dataset.takes) return;
  readout.dataset.takes = "true";
  readout.dataset.lmSuppressShortcuts = "true";
  const problem = document.createElement("span");
  problem.className = "softmax-temperature-problem";
  problem.setAttribute("role", "alert");
  readout.after(problem);
  const take = (event) => {
    // Before Jupyter's own slider, which would cut the number down to its stops.
    event.stopImmediatePropagation();
    const text = readout.textContent;
    problem.textContent = "";
    if (text === readout.dataset.text) return;
    try {
      session.core.store.set({ T: asHeld(readTemperature(text)) });
    } catch (error) {
      problem.textContent = error.message;
    }
    setTimeout(() => {
      if (document.activeElement !== readout) readout.textContent = readout.dataset.text;
    });
  };
  let isTaken = false;
  readout.addEventListener("blur", (event) => (isTaken ? event.stopImmediatePropagation() : take(event)), true);
  readout.addEventListener(
    "keydown",
    (event) => {
      if (event.key === "Escape") readout.textContent = readout.dataset.text;
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault();
      // At once: where a notebook has taken the focus already, there is nothing to leave.
      take(event);
      isTaken = true;
      readout.blur();
      isTaken = false;
    },
    true,
  );
}
