// Links as a table: what wants a look first; the same rows for whoever does not see the matrix.

import { h, replace, table } from "./dom.js";
import { bitsPerSecond, milliseconds, percent, plural } from "./format.js";
import { linkLink, since } from "./parts.js";
import { severity, stateText } from "./states.js";

const piece = 50;

export class LinkTable {
  #shown = piece;
  #sort;

  constructor(caption, sort = "state") {
    this.caption = caption;
    this.#sort = sort;
    this.element = h("div");
  }

  show(links) {
    const sorted = orders[this.#sort](links);
    const rows = sorted.slice(0, this.#shown);
    const focused = this.element.contains(document.activeElement) ? focusPath(document.activeElement) : null;
    const place = this.element.querySelector(".scroll")?.scrollLeft ?? 0;
    const columns = [
      { key: "name", title: "Link", className: "tight", cell: (link) => linkLink(link.id) },
      { key: "state", title: "State", className: "tight", cell: (link) => [stateText(link.state), " ",
        h("span", { class: "note" }, since(link), link.isFlapping ? ", flapping" : "")] },
      { key: "rtt", title: "Round trip", className: "number", cell: (link) => milliseconds(link.roundTripMilliseconds) },
      { title: "Loss", className: "number", cell: (link) => percent(link.lossPercent) },
      { key: "rate", title: "In", className: "number", cell: (link) => bitsPerSecond(link.receivedBitsPerSecond) },
      { title: "Out", className: "number", cell: (link) => bitsPerSecond(link.sentBitsPerSecond) },
    ].map((column) => column.key ? {
      ...column, ariaSort: this.#sort === column.key ? "ascending" : "none",
      title: h("button", { "data-focus": column.key, onclick: () => { this.#sort = column.key; this.show(this.links); } },
        column.title, this.#sort === column.key ? " ↓" : ""),
    } : column);
    this.links = links;
    replace(this.element,
      rows.length ? table(this.caption, columns, rows, (link) => link.reason) : h("p", { class: "empty" },
        "No link is like that."),
      sorted.length > rows.length ? h("p", { class: "empty" }, `${plural(rows.length, "link")} of ${sorted.length}. `,
        h("button", { "data-focus": "more", onclick: () => { this.#shown += piece * 4; this.show(this.links); } },
          "Show more")) : null);
    const scroll = this.element.querySelector(".scroll");
    if (scroll) scroll.scrollLeft = place;
    if (focused) this.element.querySelector(focused)?.focus({ preventScroll: true });
  }
}

/** Links come in the order of their names; what wants a look first goes by buckets,
  for sorting twenty thousand takes a frame. */
const orders = {
  state(links) {
    const buckets = [];
    for (const link of links) (buckets[severity(link)] ??= []).push(link);
    return buckets.flat();
  },
  name: (links) => links,
  rtt: (links) => [...links].sort((a, b) => (b.roundTripMilliseconds ?? -1) - (a.roundTripMilliseconds ?? -1)),
  rate: (links) => [...links].sort((a, b) => rate(b) - rate(a)),
};

const rate = (link) => (link.receivedBitsPerSecond ?? 0) + (link.sentBitsPerSecond ?? 0);

/** Finds the focused element again in a table that was drawn anew. */
function focusPath(element) {
  if (element.dataset?.focus) return `[data-focus="${element.dataset.focus}"]`;
  const address = element.getAttribute("href");
  if (address) return `a[href="${CSS.escape(address)}"]`;
  return element.classList.contains("scroll") ? ".scroll" : null;
}
