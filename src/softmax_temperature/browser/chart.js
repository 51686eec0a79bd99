// Bars, strip and curves: moves the parts of a picture that Python has drawn with each at its end.

// The word that a random number lands on at one stop, or none before the first draw.
function wordsOf({ landings, words, dice }) {
  const places = numbers(landings, words.length < 256 ? Uint8Array : Uint16Array);
  return (row, number) => words[places[row * dice.length + number]];
}

// The draws that are marked: a hundred that the picture has, or others that Python sent.
function sampleOf({ hundreds }, { batch, sample }) {
  if (batch === undefined) return;
  const drawn = sample ?? hundreds[batch];
  return { ...drawn, counts: numbers(drawn.counts, drawn.n < 256 ? Uint8Array : Uint32Array) };
}

// What the buttons make of the state.
const DRAWING = {
  Draw: ({ dice }, picture) => ({ dice: (dice + 1) % picture.dice.length }),
  "Draw 100": ({ draws: { n, batch } }, { hundreds }) => ({
    draws: { n: 100, batch: n === 100 ? (batch + 1) % hundreds.length : 0 },
  }),
  Clear: () => ({ dice: -1, draws: {} }),
};

// The sentence that goes on with what was drawn, and the buttons that draw, where there are dice.
function drawSentence(el, picture, act) {
  const line = headOf(el, picture.dice ? DRAWING : {}, act);
  const [prompt, blank] = ["span", "b"].map((tag) => line.appendChild(document.createElement(tag)));
  prompt.textContent = picture.prompt;
  line.hidden = !picture.prompt;
  const wordAt = picture.dice && wordsOf(picture);
  return ({ row, dice = -1, busy }) => {
    if (!picture.dice) el.lastChild.textContent = busy ? "working out all other stops …" : "";
    const word = dice < 0 ? undefined : wordAt(row, dice);
    blank.textContent = word ?? "\u00a0".repeat(12);
    blank.classList.toggle("empty", word === undefined);
    blank.title = word === undefined && wordAt ? "Nothing is drawn yet." : "";
  };
}

// Put the picture into an element. What comes back shows a state in it, and stops following the
// element's width.
function drawPicture(el, picture, { wantNarrow, moveTo }) {
  const { names, sentences, layouts } = picture;
  const shares = numbers(picture.shares, Float32Array);
  const codes = numbers(picture.labels, Uint16Array);
  const labelAt = (row, i) => picture.labelTexts[codes[row * names.length + i]];
  // Where outlines move, there is a row of them for each stop of the first slider.
  const outlines = picture.outlines && numbers(picture.outlines, Float32Array);
  const stops = picture.sliders[0].texts.length;
  const rowsOfStop = picture.sliders.slice(1).reduce((rows, { texts }) => rows * texts.length, 1);
  const wordAt = picture.dice && wordsOf(picture);
  el.classList.add("softmax-temperature");
  el.innerHTML = `
    <div class="sentences"><p></p><div aria-hidden="true"></div></div>
    <div class="aloud" role="status" aria-live="polite"></div>
    <div class="aloud"><table><caption></caption><thead></thead><tbody></tbody></table></div>`;
  const [caption, longest] = el.querySelector(".sentences").children;
  const status = el.querySelector("[role=status]");
  const heads = el.querySelector("thead").insertRow();
  for (const text of ["Token", "Probability", "Draws"]) {
    const head = heads.appendChild(document.createElement("th"));
    head.scope = "col";
    head.textContent = text;
  }
  const rows = names.map((name) => {
    const line = el.querySelector("tbody").insertRow();
    const head = line.appendChild(document.createElement("th"));
    head.scope = "row";
    head.textContent = name;
    return [line.insertCell(), line.insertCell()];
  });
  longest.textContent = sentences.reduce((a, b) => (b.length > a.length ? b : a));
  if (picture.dice) longest.append(`\n${luck(0, sampleOf(picture, { batch: 0 }))}`);

  let shown, sample, layout, chart, pause;

  function luck(row, { n, counts, deviations }) {
    const [count, deviation] = [counts[row * names.length], deviations[row]];
    const more = deviation < 0 ? "fewer" : "more";
    // Within a standard deviation, within two, or beyond.
    const far = Math.abs(deviation);
    const than = far < 1 ? "about as many as expected" : `${far < 2 ? "" : "far "}${more} than expected`;
    return `◇ Of these ${n.toLocaleString("en")} draws ${count.toLocaleString("en")} were ${picture.leader}: ${than}.`;
  }

  function captionOf(row) {
    return sentences[row] + (sample ? `\n${luck(row, sample)}` : "");
  }

  function paint() {
    const { row, dice } = shown;
    const start = row * names.length;
    const end = start + names.length;
    const stop = Math.floor(row / rowsOfStop);
    const text = captionOf(row);
    caption.textContent = text;
    chart.move({
      shares: shares.subarray(start, end),
      words: names.map((_, i) => labelAt(row, i)),
      outlines: outlines?.subarray(stop * names.length, (stop + 1) * names.length),
      title: titleOf(picture, row),
      sentence: text,
      row,
      part: stop / (stops - 1),
      dice: picture.dice?.[dice],
      number: picture.numbers?.[dice],
      marks: sample && Array.from(sample.counts.subarray(start, end), (count) => count / sample.n),
    });
  }

  // Put the numbers into a table, for those who cannot see the bars.
  function tell() {
    const { row } = shown;
    el.querySelector("caption").textContent = titleOf(picture, row);
    heads.lastChild.hidden = !sample;
    rows.forEach(([probability, drawn], i) => {
      probability.textContent = labelAt(row, i);
      drawn.hidden = !sample;
      drawn.textContent = sample ? sample.counts[row * names.length + i] : "";
    });
  }

  function show(state) {
    const before = shown;
    if (same(state, before)) return;
    shown = state;
    if (state.draws !== before?.draws) sample = sampleOf(picture, state.draws ?? {});
    paint();
    // Read aloud only what has come to rest, and nothing before the first change.
    clearTimeout(pause);
    if (before === undefined) tell();
    else
      pause = setTimeout(() => {
        const { row, dice = -1 } = shown;
        const drawn = dice < 0 ? "" : `${picture.prompt}${wordAt(row, dice)}. `;
        status.textContent = `${stopsAloud(picture, row)} ${drawn}${captionOf(row)}`;
        tell();
      }, 600);
  }

  function fit() {
    // Letters stay large enough to be read.
    const narrow = el.clientWidth > 0 && el.clientWidth < 0.9 * layouts[0].width;
    if (narrow && layouts.length === 1) wantNarrow();
    const fitting = layouts[narrow ? layouts.length - 1 : 0];
    if (fitting === layout) return;
    layout = fitting;
    const old = chart?.root;
    chart = drawLayout(layout, names.length, moveTo);
    if (old) old.replaceWith(chart.root);
    else el.prepend(chart.root);
    if (shown) paint();
  }

  fit();
  // In a frame of its own, since a chart of another height at once would be told as an error.
  const observer = new ResizeObserver(() => requestAnimationFrame(fit));
  observer.observe(el);
  return { show, stop: () => observer.disconnect() };
}

// Build one layout of the picture, with a function that moves its parts.
function drawLayout({ svg, width, bars, strip, curves }, count, moveTo) {
  const root = document.importNode(
    new DOMParser().parseFromString(svg, "image/svg+xml").documentElement,
    true,
  );
  const find = (id) => root.querySelector(`[id="${id}"]`);
  const all = (name, length) => Array.from({ length }, (_, i) => find(`${name}-${i}`));
  const { upright, foot, end, outline, level, room } = bars;
  const length = end - foot;
  // Each bar is a path between two sides. A bar that was scaled instead would scale its hatching.
  const sides = (path, axis) => {
    const numbers = path.getAttribute("d").match(/-?[\d.]+/g).map(Number);
    const across = numbers.filter((_, k) => k % 2 === axis);
    return [Math.min(...across), Math.max(...across)];
  };
  const paths = all("bar", count).map((bar) => bar.querySelector("path"));
  const widths = paths.map((path) => sides(path, upright ? 0 : 1));
  const ghosts = all("outline", count).map((ghost) => ghost.querySelector("path"));
  const labels = all("label", count);
  const labelTexts = labels.map((label) => label.querySelector("text"));
  const marks = all("mark", count);
  const heading = find("title").querySelector("text");
  const [name, description] = ["title", "desc"].map((tag) =>
    document.createElementNS("http://www.w3.org/2000/svg", tag),
  );
  name.id = "name";
  description.id = "description";

  const shift = (element, along) =>
    element.setAttribute("transform", upright ? `translate(0 ${along})` : `translate(${along} 0)`);

  function stretch(path, [left, right], share) {
    const tip = foot + length * share;
    path.setAttribute(
      "d",
      upright ? `M${left} ${foot}V${tip}H${right}V${foot}Z` : `M${foot} ${left}H${tip}V${right}H${foot}Z`,
    );
  }

  function moveBars({ shares, words, outlines = outline, marks: drawn }) {
    shares.forEach((p, i) => {
      stretch(paths[i], widths[i], p);
      if (outlines !== outline) stretch(ghosts[i], widths[i], outlines[i]);
      // No line crosses a digit: the label stands beyond the outline and the uniform level.
      let place = Math.max(p, outlines[i]);
      if (place < level && level < place + room) place = level;
      shift(labels[i], length * (place - 1));
      labelTexts[i].textContent = words[i];
      marks[i].style.display = drawn ? "" : "none";
      if (drawn) shift(marks[i], length * (drawn[i] - 1));
    });
  }

  let moveStrip = () => {};
  if (strip) {
    const { left, right } = strip;
    const segments = all("segment", count).map((segment) => segment.querySelector("path"));
    const [top, bottom] = sides(segments[0], 1);
    const texts = all("name", count);
    const needed = strip.names;
    const [line, number] = [find("dice-mark"), find("dice-text")];
    const text = number.querySelector("text");
    moveStrip = ({ shares, dice, number: written }) => {
      let start = 0;
      shares.forEach((p, i) => {
        const [x0, x1] = [start, Math.min(start + p, 1)].map((share) => left + (right - left) * share);
        segments[i].setAttribute("d", `M${x0} ${top}H${x1}V${bottom}H${x0}Z`);
        const fits = x1 - x0 > needed[i];
        texts[i].style.display = fits ? "" : "none";
        if (fits) texts[i].setAttribute("transform", `translate(${(x0 + x1 - left - right) / 2} 0)`);
        start += p;
      });
      for (const part of [line, number]) {
        part.style.display = dice === undefined ? "none" : "";
        part.setAttribute("transform", `translate(${(right - left) * ((dice ?? 1) - 1)} 0)`);
      }
      text.textContent = `dice: ${written}`;
    };
  }

  let moveCurves = () => {};
  if (curves) {
    const { left, right, top, bottom, columns, lengths, line, peaks } = curves;
    const levels = numbers(curves.levels, Uint8Array);
    const cursor = find("cursor");
    const [dots, names] = [all("dot", columns.length), all("dotname", columns.length)];
    const words = names.map((text) => text.querySelector("text"));
    const peakNames = all("peakname", peaks.length);
    moveCurves = ({ shares, row, part }) => {
      const x = (right - left) * part;
      const flip = part > 0.5;
      cursor.setAttribute("transform", `translate(${x} 0)`);
      const boxes = columns.map((column, i) => {
        dots[i].setAttribute("transform", `translate(${x} ${(bottom - top) * (1 - shares[column])})`);
        const y = (bottom - top) * (1 - levels[row * columns.length + i] / 255);
        names[i].setAttribute("transform", `translate(${x - (flip ? 14 : 0)} ${y})`);
        words[i].style.textAnchor = flip ? "end" : "start";
        const start = left + x + (flip ? -lengths[i] - 7 : 7);
        return [start, start + lengths[i], top + y - line / 2];
      });
      // The name of a peak makes room for those of the dots.
      peaks.forEach(([x0, x1, y], i) => {
        const covered = boxes.some(([from, to, above]) => from < x1 && to > x0 && Math.abs(above - y) < line);
        peakNames[i].style.display = covered ? "none" : "";
      });
    };
    root.addEventListener("click", (event) => {
      const view = root.viewBox.baseVal;
      const box = root.getBoundingClientRect();
      const [px, py] = [event.clientX - box.left, event.clientY - box.top].map((v) => (v * view.width) / box.width);
      if (px > left - 6 && px < right + 6 && py > top && py < bottom)
        moveTo(Math.min(Math.max((px - left) / (right - left), 0), 1));
    });
  }

  root.querySelector("style").remove(); // It would hold for the whole page; explorer.css has it.
  root.prepend(name, description);
  root.setAttribute("role", "img");
  makeIdsUnique(root, `softmax-temperature-${Math.random().toString(36).slice(2)}-`);
  root.setAttribute("aria-labelledby", name.id);
  root.setAttribute("aria-describedby", description.id);
  root.style.maxWidth = `${1.5 * width}px`;
  root.removeAttribute("width");
  root.removeAttribute("height");

  function move(state) {
    moveBars(state);
    moveStrip(state);
    moveCurves(state);
    heading.textContent = name.textContent = state.title;
    description.textContent = state.sentence;
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

KINDS.chart = { actions: DRAWING, head: drawSentence, body: drawPicture };
