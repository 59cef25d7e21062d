const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes (null and false are left out) and children; strings become text nodes. */
export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(key, "");
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** A button that calls `press`. */
export function button(attributes, press, ...children) {
  const node = element("button", { type: "button", ...attributes }, ...children);
  node.addEventListener("click", () => press(node));
  return node;
}

/** A drawing from the page's sprite. */
export function icon(name) {
  const drawing = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#icon-${name}`);
  drawing.setAttribute("class", "icon");
  drawing.setAttribute("aria-hidden", "true");
  drawing.append(use);
  return drawing;
}
