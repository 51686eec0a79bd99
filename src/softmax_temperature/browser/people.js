// What people asked: the list shows what has all words of the search.

export function startSearch() {
  const search = document.querySelector(".search");
  const input = search.querySelector("input");
  const shown = search.querySelector("[role=status]");
  /** @type {HTMLElement[]} */
  const items = Array.from(document.querySelectorAll(".people li"));
  const texts = items.map((item) => item.textContent.toLowerCase());

  function filter() {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = texts.map((text) => words.every((word) => text.includes(word)));
    items.forEach((item, i) => (item.hidden = !found[i]));
    shown.textContent = words.length ? `${found.filter(Boolean).length} of ${items.length}` : "";
  }

  // Without scripts there is the whole list, and nothing to type into.
  search.removeAttribute("hidden");
  input.addEventListener("input", filter);
  // Where the reader comes back to, the browser fills it in again.
  filter();
}
