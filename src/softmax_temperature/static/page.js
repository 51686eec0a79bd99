
// In a page of its own (page.html) the chart follows a native slider, and the address keeps the
// temperature. This comes after explorer.js, in the same script.
const picture = JSON.parse(document.getElementById("picture").textContent);
const bytes = Uint8Array.from(atob(picture.shares), (character) => character.charCodeAt(0));
const chart = draw(document.getElementById("chart"), { ...picture, shares: new Float32Array(bytes.buffer) });
const slider = document.getElementById("temperature");
const readout = document.querySelector(".slider span");
const start = slider.value;
const framed = self !== top;
readout.style.minWidth = `${Math.max(...picture.temperatures.map((text) => text.length))}ch`;
document.documentElement.classList.toggle("framed", framed);

function follow() {
  readout.textContent = chart.show(slider.valueAsNumber);
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
