// A widget's session, as a notebook has it, with data that take their time to be unpacked.
import { readFileSync } from "node:fs";
import { storeOf } from "./store.js";
import { widget } from "./widget.js";

readFileSync(0);
globalThis.addEventListener = globalThis.dispatchEvent = () => {};
globalThis.document = { addEventListener() {}, removeEventListener() {} };

function modelOf(values) {
  const handlers = new Map();
  return {
    get: (name) => values[name],
    set(name, value) {
      this.receive({ [name]: value });
    },
    // All that one message brings is there before anybody hears of it.
    receive(part) {
      Object.assign(values, part);
      for (const name of Object.keys(part)) for (const handler of handlers.get(`change:${name}`) ?? []) handler();
    },
    save_changes() {},
    on: (name, handler) => handlers.set(name, [...(handlers.get(name) ?? []), handler]),
    off() {},
  };
}

const dataOf = (name) => ({ name, stops: { first: 0, step: 0.01, count: 201 } });
const slider = modelOf({ value: 1 });
const owner = modelOf({ key: "k", slider: "IPY_MODEL_s", data: dataOf("one"), state: { T: 1 } });
owner.widget_manager = { get_model: async () => slider };

const painted = [];
let ready;
const unpacked = () => new Promise((resolve) => (ready = resolve));
let waits = unpacked();
const kind = {
  async coreOf(data, state, send) {
    const store = storeOf(state, send);
    await waits;
    return { data, store };
  },
  head() {},
  body(el, { data, store }) {
    const paint = () => painted.push(`${data.name} ${store.get().T}`);
    paint();
    return store.follow(paint);
  },
};
const tick = () => new Promise((resolve) => setTimeout(resolve));

widget(kind).render({ model: owner, el: {} });
await tick();
ready();
await tick();
// A reader moves on while other data are unpacked.
waits = unpacked();
owner.receive({ data: dataOf("two") });
slider.set("value", 0.5);
await tick();
ready();
await tick();
// What Python was told before comes back, while it has still to be told of the last change.
slider._state_lock = { value: 1 };
slider.receive({ value: 1 });
slider._state_lock = null;
painted.push(`slider ${slider.get("value")}`);
// Python sends data with a state of their own.
waits = unpacked();
owner.receive({ state: { T: 2 }, data: dataOf("three") });
await tick();
ready();
await tick();
console.log(JSON.stringify(painted));
process.exit();
