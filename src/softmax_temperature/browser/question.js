// Asks a question with choices as buttons. Which one is right comes from Python.

// Put a question into an element. What comes back shows a choice in it, or none.
export function ask(el, { text, choices, answer, why, replies }, onAnswer = (_) => {}) {
  el.classList.add("softmax-temperature-question");
  el.innerHTML = `<fieldset><legend></legend></fieldset><p role="status"></p>`;
  const [group, status] = el.children;
  group.firstChild.textContent = text;
  let chosen = null;

  const buttons = choices.map((choice) => {
    const button = group.appendChild(document.createElement("button"));
    button.type = "button";
    // Otherwise the notebook takes letters and arrow keys as commands.
    button.dataset.lmSuppressShortcuts = "true";
    button.setAttribute("aria-pressed", "false");
    button.append(sign(""), choice);
    button.addEventListener("click", () => {
      if (button.getAttribute("aria-disabled") === "true") return;
      show(choice);
      onAnswer(choice);
    });
    return button;
  });

  function show(choice) {
    if (choice === chosen) return;
    chosen = choice;
    const right = choice === answer;
    buttons.forEach((button, i) => {
      const before = choice !== null && button.getAttribute("aria-pressed") === "true";
      const pressed = before || choices[i] === choice;
      button.setAttribute("aria-pressed", pressed);
      // Unlike `disabled`, this lets a button keep the focus.
      button.setAttribute("aria-disabled", pressed || right);
      button.firstChild.textContent = pressed ? mark(choices[i] === answer) : "";
    });
    const reply = Object.hasOwn(replies, choice) ? replies[choice] : "";
    const verdict = document.createElement("span");
    verdict.append(sign(mark(right)), right ? `Right. ${why}` : `Not that one. ${reply}`.trim());
    status.replaceChildren(...(choice === null ? [] : [verdict]));
  }

  return show;
}

const mark = (right) => (right ? "✓ " : "✗ ");

// Seen, and not read aloud: the words beside it say the same.
function sign(text) {
  const span = document.createElement("span");
  span.ariaHidden = "true";
  span.textContent = text;
  return span;
}

export const question = {
  render({ model, el }) {
    const show = ask(el, model.get("_asked"), (choice) => {
      model.set("answered", choice);
      model.save_changes();
    });
    const follow = () => show(model.get("answered"));
    follow();
    model.on("change:answered", follow);
    return () => model.off("change:answered", follow);
  },
};
