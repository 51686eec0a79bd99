// In a page of its own (page.html) the picture follows a native slider, and the address keeps the
// temperature. This comes after explorer.js, in the same script.
const picture = JSON.parse(document.getElementById("picture").textContent);
const slider = document.getElementById("temperature");
const readout = document.querySelector(".slider span");
const start = slider.value;
const framed = self !== top;
const state = { dice: -1, draws: {} };
const head = drawHead(document.getElementById("head"), picture, (name) => {
  Object.assign(state, ACTIONS[name](state, picture));
  follow();
});
const chart = draw(document.getElementById("chart"), picture, {
  moveTo(part) {
    slider.value = picture.first + picture.step * Math.round(part * (picture.temperatures.length - 1));
    follow();
    keep();
  },
});
readout.style.minWidth = `${Math.max(...picture.temperatures.map((text) => text.length))}ch`;
document.documentElement.classList.toggle("framed", framed);

function follow() {
  const row = rowOf(picture, slider.valueAsNumber);
  chart.show({ row, ...state });
  head({ row, ...state });
  readout.textContent = picture.temperatures[row];
  slider.setAttribute("aria-valuetext", readout.textContent);
}

function readAddress() {
  const asked = location.hash.match(/^#T=(.+)/i)?.[1].replace(",", ".");
  const number = Number(asked ?? NaN);
  const [low, high] = [Number(slider.min), Number(slider.max)];
  // The browser goes to the nearest stop.
  slider.value = Number.isNaN(number) ? start : Math.min(Math.max(number, low), high);
  follow();
  if (asked) writeAddress("replaceState");
}

function writeAddress(way) {
  const address = `#T=${Number(readout.textContent)}`;
  if (address === location.hash) return;
  try {
    history[way](null, "", location.href.split("#")[0] + address);
  } catch {
    // Some frames have no address to keep it in, and some browsers refuse too many changes.
  }
}

// A burst of key presses makes one entry in the history, and a frame makes none.
let pause;
function keep() {
  if (!pause) writeAddress(framed ? "replaceState" : "pushState");
  clearTimeout(pause);
  pause = setTimeout(() => {
    pause = undefined;
    writeAddress("replaceState");
  }, 300);
}

slider.addEventListener("input", follow);
slider.addEventListener("change", keep);
addEventListener("hashchange", readAddress);
readAddress();
