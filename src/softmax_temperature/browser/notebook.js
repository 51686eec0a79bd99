// What a notebook's page needs beside its explorers.

import { attempt, findAll, holders, startPage } from "./page.js";
import { answerKind } from "./answer.js";
import { pose } from "./challenge.js";
import { predict } from "./prediction.js";
import { ask } from "./question.js";
import { textKind } from "./text.js";
import { tableKind } from "./explorer.js";
import { samplerKind } from "./sampler.js";

for (const el of holders("question"))
  attempt(el, () => {
    const { asked, answered } = JSON.parse(el.querySelector("script").textContent);
    ask(el, asked)(answered);
  });
for (const el of holders("prediction"))
  attempt(el, () => {
    const { curve, drawn } = JSON.parse(el.querySelector("script").textContent);
    predict(el, curve)(drawn);
  });
startPage({ temperature: tableKind, sampler: samplerKind, text: textKind, answer: answerKind }).then(({ explorers }) => {
  for (const el of holders("challenge"))
    attempt(el, () => {
      const { goal, of } = JSON.parse(el.querySelector("script").textContent);
      const attach = pose(el, goal);
      for (const explorer of explorers) if (explorer.own === of) attach(explorer);
    });
});

// Where there is room, the contents stand open beside the text.
const contents = findAll(".page > .contents details")[0];
if (contents) {
  const wide = matchMedia("(min-width: 80rem)");
  const unfold = () => (contents.open = wide.matches);
  wide.addEventListener("change", unfold);
  unfold();
  contents.addEventListener("click", ({ target }) => {
    if (target.closest("a") && !wide.matches) contents.open = false;
  });
  markPlace();
}

// Mark in the contents which section is read.
function markPlace() {
  const links = new Map(
    [...contents.querySelectorAll("a")].map((link) => [decodeURIComponent(link.hash.slice(1)), link]),
  );
  const headings = [...links.keys()].map((id) => document.getElementById(id));
  const above = new Set();
  // However far above the screen: a jump passes many headings at once.
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) above[isIntersecting ? "add" : "delete"](target);
      for (const link of links.values()) link.removeAttribute("aria-current");
      links.get(headings.findLast((heading) => above.has(heading))?.id)?.setAttribute("aria-current", "true");
    },
    { rootMargin: "10000000px 0px -66% 0px" },
  );
  for (const heading of headings) observer.observe(heading);
}

// What does not fit can be scrolled with the keyboard, too.
const resized = new ResizeObserver((/** @type {any[]} */ entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
for (const el of findAll("pre, .table, math[display=block]")) resized.observe(el);
