// Pictures as SVG: read, named, and made of shapes.

import { phrase } from "../engine/words.js";
import { uniquePrefix } from "./parts.js";

/**
 * Return a shape with attributes.
 * @param {string} tag
 * @param {Record<string, any>} attributes
 * @returns {any}
 */
export function makeShape(tag, attributes = {}) {
  const shape = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) shape.setAttribute(name, value);
  return shape;
}

/**
 * Return a line of text as a shape.
 * @param {string} words
 * @param {Record<string, any>} attributes
 */
export function makeText(words, attributes) {
  const shape = makeShape("text", attributes);
  shape.textContent = words;
  return shape;
}

/**
 * Return the picture that Python has drawn, without its styles, or say that it is damaged.
 * @param {string} text
 */
export function readPicture(text) {
  const parsed = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  /** @type {any} */
  const root = document.importNode(parsed, true);
  const style = root.querySelector("style");
  if (root.localName !== "svg" || root.querySelector("parsererror") || !style) throw new TypeError(phrase("damaged_picture"));
  style.remove(); // It would hold for the whole page; explorer.css has it.
  return root;
}

/**
 * Make an image of a picture, with a name and a description, which are returned, and ids of its own:
 * two pictures, or two views of one, share a page. `own` makes those of a shape that comes later its own.
 */
export function makeImage(root) {
  const name = makeShape("title", { id: "name" });
  const description = makeShape("desc", { id: "description" });
  root.prepend(name, description);
  const prefix = uniquePrefix();
  const own = (shape) => makeIdsUnique(shape, prefix);
  own(root);
  root.setAttribute("role", "img");
  root.setAttribute("aria-labelledby", name.id);
  root.setAttribute("aria-describedby", description.id);
  root.removeAttribute("width");
  root.removeAttribute("height");
  return { name, description, own };
}

function makeIdsUnique(root, prefix) {
  for (const element of [root, ...root.querySelectorAll("*")]) {
    for (const attribute of element.attributes) {
      if (attribute.name === "id") attribute.value = prefix + attribute.value;
      else if (attribute.localName === "href") attribute.value = `#${prefix}${attribute.value.slice(1)}`;
      else attribute.value = attribute.value.replace("url(#", `url(#${prefix}`);
    }
  }
}

const measured = new Map();
let pen;
/**
 * Return how wide a small text of a picture is, in points. Measured on a canvas, since a picture in a
 * hidden tab has no sizes. The font is asked for once, as that costs a frame its styles.
 */
export function inkWidth(text, root) {
  if (measured.has(text)) return measured.get(text);
  if (measured.size > 2000) measured.clear();
  if (!pen) {
    pen = document.createElement("canvas").getContext("2d");
    pen.font = `8.33px ${getComputedStyle(root).getPropertyValue("--jp-ui-font-family") || "system-ui, sans-serif"}`;
  }
  const { width } = pen.measureText(text);
  measured.set(text, width);
  return width;
}
