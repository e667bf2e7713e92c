// Elements from values. Text only ever becomes text: nothing here, or anywhere else, makes markup from a string.

const svgSpace = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...flat(children));
  return element;
}

function flat(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : document.createTextNode(String(child))));
}

/** An HTML element: attributes by name, `onNAME` a listener, `style` an object; children are nodes or text. */
export function h(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same of SVG. */
export function s(tag, attributes, ...children) {
  return fill(document.createElementNS(svgSpace, tag), attributes, children);
}

export function replace(element, ...children) {
  element.replaceChildren(...flat(children));
  return element;
}

/** A drawing of 16 × 16 from one path. */
export function icon(path, attributes) {
  return s("svg", { viewBox: "0 0 16 16", class: "glyph", "aria-hidden": "true", ...attributes },
    s("path", { d: path, "fill-rule": "evenodd" }));
}

/** Tells a screen reader without moving the focus. */
export function announce(text) {
  const place = document.getElementById("announcements");
  if (place && place.textContent !== text) place.textContent = text;
}

/** Calls once per frame at most, with whatever was last given. */
export function perFrame(work) {
  let isAsked = false;
  return () => {
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(() => { isAsked = false; work(); });
  };
}

/** A table: `columns` of {title, cell(row), className,
  ariaSort}; the first cell heads its row. `under` says what follows a row,
    across all columns. */
export function table(caption, columns, rows, under) {
  const head = columns.map((column) => h("th", { scope: "col", class: column.className, "aria-sort": column.ariaSort },
    column.title));
  const body = rows.map((row) => {
    const more = under?.(row);
    const cells = columns.map((column, position) =>
      position === 0 ? h("th", { scope: "row", class: column.className }, column.cell(row)) : h("td",
        { class: column.className }, column.cell(row)));
    return [h("tr", { class: more ? "followed" : null }, cells), more ? h("tr", { class: "under" },
      h("td", { colspan: columns.length }, h("p", null, more))) : null];
  });
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h("table", null, h("caption", { class: "unseen" }, caption), h("thead", null, h("tr", null, head)),
      h("tbody", null, body)));
}
