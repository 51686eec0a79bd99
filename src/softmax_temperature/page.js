
// In a page of its own (page.html) the chart follows a native slider, and the address keeps the
// temperature. This comes after explorer.js, in the same script.
const picture = JSON.parse(document.getElementById("picture").textContent);
const bytes = Uint8Array.from(atob(picture.shares), (character) => character.charCodeAt(0));
const chart = draw(document.getElementById("chart"), { ...picture, shares: new Float32Array(bytes.buffer) });
const slider = document.getElementById("temperature");
const readout = document.querySelector(".slider span");
const start = slider.value;

function follow() {
  readout.textContent = chart.show(slider.valueAsNumber);
  slider.setAttribute("aria-valuetext", readout.textContent);
}

let pause, written;

function readAddress() {
  written = location.hash;
  const asked = Number(written.match(/^#T=(.+)$/)?.[1] ?? NaN);
  slider.value = Number.isNaN(asked) ? start : asked; // The browser goes to the nearest stop.
  follow();
}

// A burst of key presses makes one entry in the history.
function writeAddress() {
  written = `#T=${slider.value}`;
  if (!pause) location.hash = written;
  clearTimeout(pause);
  pause = setTimeout(() => {
    pause = undefined;
    if (location.hash !== written) location.replace(written);
  }, 300);
}

slider.addEventListener("input", follow);
slider.addEventListener("change", writeAddress);
addEventListener("hashchange", () => {
  if (location.hash !== written) readAddress();
});
readAddress();
