// Moves the bars of a chart that Python has drawn with every bar at probability 1.
// All numbers and words come from Python, a row for each temperature; none is computed here.

// Put the picture into an element, and return the function that shows a temperature in it.
export function draw(el, { svg, shares, texts, scale }) {
  const root = document.importNode(
    new DOMParser().parseFromString(svg, "image/svg+xml").documentElement,
    true,
  );
  const find = (id) => root.querySelector(`[id="${id}"]`);
  const count = texts[0].length - 2;
  const bars = Array.from({ length: count }, (_, i) => find(`bar-${i}`));
  const labels = Array.from({ length: count }, (_, i) => find(`label-${i}`));
  const labelTexts = labels.map((label) => label.querySelector("text"));
  const heading = find("title").querySelector("text");
  const hatch = root.querySelector("pattern");
  const upright = scale.orient === "v";
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

  const caption = document.createElement("p");
  el.classList.add("softmax-temperature");
  el.replaceChildren(root, caption);

  return (temperature) => {
    const nearest = Math.round((temperature - scale.first) / scale.step);
    const row = Math.min(Math.max(nearest, 0), texts.length - 1);
    const [title, sentence, ...words] = texts[row];
    bars.forEach((bar, i) => {
      const p = shares[row * count + i];
      const [shift, back] = [scale.foot * (1 - p), -scale.length * (1 - p)];
      bar.setAttribute("transform", upright ? `matrix(1 0 0 ${p} 0 ${shift})` : `matrix(${p} 0 0 1 ${shift} 0)`);
      labels[i].setAttribute("transform", upright ? `translate(0 ${back})` : `translate(${back} 0)`);
      labelTexts[i].textContent = words[i];
    });
    // The bar of all other tokens is the last one. Its hatching keeps its slant.
    const p = Math.max(shares[row * count + count - 1], 1e-3);
    hatch?.setAttribute("patternTransform", upright ? `scale(1 ${1 / p})` : `scale(${1 / p} 1)`);
    heading.textContent = name.textContent = title;
    caption.textContent = description.textContent = sentence;
  };
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

export default {
  async render({ model, el }) {
    const slider = await model.widget_manager.get_model(model.get("slider").replace("IPY_MODEL_", ""));
    let show;
    const follow = () => show(slider.get("value"));
    const redraw = () => {
      const { shares, ...picture } = model.get("picture");
      const { buffer, byteOffset, byteLength } = shares;
      const floats = new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
      show = draw(el, { ...picture, shares: floats });
      follow();
    };
    redraw();
    model.on("change:picture", redraw);
    slider.on("change:value", follow);
    return () => {
      model.off("change:picture", redraw);
      slider.off("change:value", follow);
    };
  },
};
