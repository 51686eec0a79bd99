// Moves the bars of a chart that Python has drawn with every bar at probability 1.
// All numbers and words come from Python, a row for each temperature; none is computed here.

const NARROW = 520; // Pixels, below which the chart for narrow screens is taken.

// Put the picture into an element. What comes back shows a temperature in it, and stops following
// the element's width.
export function draw(el, picture, wantNarrow = () => {}) {
  const { title, names, temperatures, sentences, labels, shares, first, step, layouts } = picture;
  el.classList.add("softmax-temperature");
  el.innerHTML = `
    <div class="sentences"><p></p><div aria-hidden="true"></div></div>
    <div class="aloud" role="status" aria-live="polite"></div>
    <div class="aloud"><table><caption></caption><tbody></tbody></table></div>`;
  const [caption, longest] = el.querySelector(".sentences").children;
  const status = el.querySelector("[role=status]");
  longest.textContent = sentences.reduce((a, b) => (b.length > a.length ? b : a));
  const cells = names.map((name) => {
    const line = el.querySelector("tbody").insertRow();
    const head = line.appendChild(document.createElement("th"));
    head.scope = "row";
    head.textContent = name;
    return line.insertCell();
  });

  let row, layout, chart, pause;

  function paint() {
    const start = row * names.length;
    const heading = title + temperatures[row];
    chart.move(shares.subarray(start, start + names.length), labels[row], heading, sentences[row]);
    caption.textContent = sentences[row];
  }

  // Put the numbers into a table, for those who cannot see the bars.
  function tell() {
    el.querySelector("caption").textContent = title + temperatures[row];
    cells.forEach((cell, i) => (cell.textContent = labels[row][i]));
  }

  function show(temperature) {
    const before = row;
    const nearest = Math.round((temperature - first) / step);
    row = Math.min(Math.max(nearest, 0), temperatures.length - 1);
    if (row === before) return temperatures[row];
    paint();
    // Read aloud only what has come to rest, and nothing before the first change.
    clearTimeout(pause);
    if (before === undefined) tell();
    else
      pause = setTimeout(() => {
        status.textContent = sentences[row];
        tell();
      }, 600);
    return temperatures[row];
  }

  function fit() {
    const narrow = el.clientWidth > 0 && el.clientWidth < NARROW;
    if (narrow && layouts.length === 1) wantNarrow();
    const fitting = layouts[narrow ? layouts.length - 1 : 0];
    if (fitting === layout) return;
    layout = fitting;
    const old = chart?.root;
    chart = drawLayout(layout, names.length);
    if (old) old.replaceWith(chart.root);
    else el.prepend(chart.root);
    if (row !== undefined) paint();
  }

  fit();
  const observer = new ResizeObserver(fit);
  observer.observe(el);
  return { show, stop: () => observer.disconnect() };
}

// Build one layout of the picture, with a function that moves its bars.
function drawLayout({ svg, orient, foot, length }, count) {
  const root = document.importNode(
    new DOMParser().parseFromString(svg, "image/svg+xml").documentElement,
    true,
  );
  const find = (id) => root.querySelector(`[id="${id}"]`);
  const labels = Array.from({ length: count }, (_, i) => find(`label-${i}`));
  const labelTexts = labels.map((label) => label.querySelector("text"));
  const heading = find("title").querySelector("text");
  const upright = orient === "v";
  // Each bar is a path between two sides. A bar that was scaled instead would scale its hatching.
  const bars = Array.from({ length: count }, (_, i) => {
    const path = find(`bar-${i}`).querySelector("path");
    const numbers = path.getAttribute("d").match(/-?[\d.]+/g).map(Number);
    const across = numbers.filter((_, k) => k % 2 === (upright ? 0 : 1));
    return { path, left: Math.min(...across), right: Math.max(...across) };
  });
  const [name, description] = ["title", "desc"].map((tag) =>
    document.createElementNS("http://www.w3.org/2000/svg", tag),
  );
  name.id = "name";
  description.id = "description";
  root.querySelector("style").remove(); // It would hold for the whole page; explorer.css has it.
  root.prepend(name, description);
  root.setAttribute("role", "img");
  makeIdsUnique(root, `softmax-temperature-${Math.random().toString(36).slice(2)}-`);
  root.setAttribute("aria-labelledby", name.id);
  root.setAttribute("aria-describedby", description.id);
  root.removeAttribute("width");
  root.removeAttribute("height");

  function move(shares, words, title, sentence) {
    shares.forEach((p, i) => {
      const end = foot + length * p;
      const { path, left, right } = bars[i];
      path.setAttribute(
        "d",
        upright ? `M${left} ${foot}V${end}H${right}V${foot}Z` : `M${foot} ${left}H${end}V${right}H${foot}Z`,
      );
      const back = -length * (1 - p);
      labels[i].setAttribute("transform", upright ? `translate(0 ${back})` : `translate(${back} 0)`);
      labelTexts[i].textContent = words[i];
    });
    heading.textContent = name.textContent = title;
    description.textContent = sentence;
  }

  return { root, move };
}

// Two charts, or two views of one, share a page: each gets ids of its own.
function makeIdsUnique(root, prefix) {
  for (const element of [root, ...root.querySelectorAll("*")]) {
    for (const attribute of element.attributes) {
      if (attribute.name === "id") attribute.value = prefix + attribute.value;
      else if (attribute.localName === "href") attribute.value = `#${prefix}${attribute.value.slice(1)}`;
      else attribute.value = attribute.value.replace("url(#", `url(#${prefix}`);
    }
  }
}

// Jupyter's slider reads 0,7 as 0, when Enter is pressed.
function takeDecimalCommas(readout) {
  if (readout.dataset.takesCommas) return;
  readout.dataset.takesCommas = "true";
  const write = ({ key }) => {
    if (key === "Enter") readout.textContent = readout.textContent.replace(/^\s*(\d*),(\d+)\s*$/, "$1.$2");
  };
  readout.addEventListener("keydown", write, true);
}

export default {
  async render({ model, el }) {
    const slider = await model.widget_manager.get_model(model.get("slider").replace("IPY_MODEL_", ""));
    let chart;

    async function follow() {
      const text = chart.show(slider.get("value"));
      for (const view of Object.values(slider.views ?? {})) {
        const handle = (await view).el.querySelector(".noUi-handle");
        if (!handle) continue;
        // Jupyter's slider has no name for screen readers, and rounds its value to one decimal.
        handle.setAttribute("aria-label", slider.get("description"));
        handle.setAttribute("aria-valuetext", text);
        // Otherwise the notebook takes the arrow keys, to go from cell to cell.
        handle.dataset.lmSuppressShortcuts = "true";
        takeDecimalCommas((await view).el.querySelector(".widget-readout"));
      }
    }

    function redraw() {
      const { shares, ...picture } = model.get("picture");
      const { buffer, byteOffset, byteLength } = shares;
      const floats = new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
      chart?.stop();
      chart = draw(el, { ...picture, shares: floats }, () => {
        model.set("narrow", true);
        model.save_changes();
      });
      follow();
    }

    redraw();
    model.on("change:picture", redraw);
    slider.on("change:value", follow);
    return () => {
      chart.stop();
      model.off("change:picture", redraw);
      slider.off("change:value", follow);
    };
  },
};
