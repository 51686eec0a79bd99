// What all explorers share. What is above and below the sliders belongs to a kind of explorer; it
// shows a state: the row of the sliders' stops, and what else was chosen.
// All numbers and words come from Python, a row for each stop; none is computed here.

// Each kind has `head` and `body`, which fill an element and give back what shows a state in it,
// and `actions`, which say what a button makes of the state.
const KINDS = {};

// Decode what Python sent as bytes: views on a message, or base64 text in a page.
function numbers(bytes, Type) {
  if (typeof bytes === "string") bytes = Uint8Array.from(atob(bytes), (sign) => sign.charCodeAt(0));
  const { buffer, byteOffset, byteLength } = bytes;
  return new Type(buffer.slice(byteOffset, byteOffset + byteLength));
}

// The rows go through all stops of the last slider, then on to the next stop of the one before.
function rowOf({ sliders }, values) {
  return sliders.reduce((row, { first, step, texts }, i) => {
    const nearest = Math.round((values[i] - first) / step);
    return row * texts.length + Math.min(Math.max(nearest, 0), texts.length - 1);
  }, 0);
}

function stopsOf({ sliders }, row) {
  return sliders.reduceRight((stops, { texts }) => {
    stops.unshift(texts[row % texts.length]);
    row = Math.floor(row / texts.length);
    return stops;
  }, []);
}

function titleOf(data, row) {
  return stopsOf(data, row).reduce((title, text, i) => title + data.sliders[i].title + text, "");
}

function stopsAloud(data, row) {
  return stopsOf(data, row).map((text, i) => `${data.sliders[i].name} ${text}.`).join(" ");
}

function same(state, before) {
  return before && Object.keys(state).every((name) => state[name] === before[name]);
}

// A line of text, which is given back, and a button for each action.
function headOf(el, actions, act) {
  el.classList.add("softmax-temperature-head");
  el.innerHTML = "<p></p><div></div>";
  for (const name of Object.keys(actions)) {
    const button = el.lastChild.appendChild(document.createElement("button"));
    button.type = "button";
    button.textContent = name;
    button.addEventListener("click", () => act(name));
    // Otherwise a notebook takes the keys.
    button.dataset.lmSuppressShortcuts = "true";
  }
  return el.firstChild;
}
