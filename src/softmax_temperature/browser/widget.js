// An explorer in a notebook: its parts follow ipywidgets' sliders. This comes after the kinds.

// Jupyter's slider reads 0,7 as 0, when Enter is pressed.
function takeDecimalCommas(readout) {
  if (readout.dataset.takesCommas) return;
  readout.dataset.takesCommas = "true";
  const write = ({ key }) => {
    if (key === "Enter") readout.textContent = readout.textContent.replace(/^\s*(\d*),(\d+)\s*$/, "$1.$2");
  };
  readout.addEventListener("keydown", write, true);
}

// A menu above the sliders: otherwise the notebook takes its arrow keys and letters, too.
function keepKeys({ target }) {
  if (target.matches(".softmax-temperature-explorer select")) target.dataset.lmSuppressShortcuts = "true";
}

// Jupyter's slider has no name for screen readers, and rounds its value to one decimal.
async function nameHandles(slider, text) {
  for (const shown of Object.values(slider.views ?? {})) {
    const { el } = await shown;
    const handle = el.querySelector(".noUi-handle");
    if (!handle) continue;
    handle.setAttribute("aria-label", slider.get("description"));
    handle.setAttribute("aria-valuetext", text);
    // Otherwise the notebook takes the arrow keys, to go from cell to cell.
    handle.dataset.lmSuppressShortcuts = "true";
    takeDecimalCommas(el.querySelector(".widget-readout"));
  }
}

// The head or the body of an explorer as a widget. A head knows its body, and a body the sliders.
function widget({ actions, head, body }) {
  return {
    async render({ model, el }) {
      const other = (reference) => model.widget_manager.get_model(reference.replace("IPY_MODEL_", ""));
      const owner = model.get("body") ? await other(model.get("body")) : model;
      const sliders = await Promise.all(owner.get("sliders").map(other));
      let show, stop;

      function follow() {
        const data = owner.get("data");
        const row = rowOf(data, sliders.map((slider) => slider.get("index") ?? slider.get("value")));
        show({ row, ...owner.get("state") });
        stopsOf(data, row).forEach((text, i) => nameHandles(sliders[i], text));
      }

      function change(part) {
        owner.set("state", { ...owner.get("state"), ...part });
        owner.save_changes();
      }

      function redraw() {
        const data = owner.get("data");
        stop?.();
        if (owner !== model)
          show = head(el, data, (name) => change(actions[name](owner.get("state"), data)));
        else
          ({ show, stop } = body(el, data, {
            change,
            wantNarrow() {
              model.set("narrow", true);
              model.save_changes();
            },
            moveTo(part) {
              const { first, step, texts } = data.sliders[0];
              sliders[0].set("value", first + step * Math.round(part * (texts.length - 1)));
              sliders[0].save_changes();
            },
          }));
        follow();
      }

      redraw();
      document.addEventListener("focusin", keepKeys);
      const events = [
        [owner, "change:data", redraw],
        [owner, "change:state", follow],
        ...sliders.map((slider) => [slider, "change:value change:index", follow]),
      ];
      for (const [source, names, handler] of events) source.on(names, handler);
      return () => {
        stop?.();
        document.removeEventListener("focusin", keepKeys);
        for (const [source, names, handler] of events) source.off(names, handler);
      };
    },
  };
}
