// The site × site matrix: a canvas over a scrolling area, so that 40,000 cells cost no more than those in sight. To a screen
// reader it is a grid of which the cell under the cursor is read out; arrow keys move it.

import { h } from "./dom.js";
import { milliseconds } from "./format.js";
import { paint, readLook, Tiles } from "./matrix-paint.js";
import { gatewayFault, stateOf, stateText } from "./states.js";
import { store } from "./store.js";
import { gatewayAddress, linkAddress } from "./router.js";

/** As wide as a bar of any browser. */
const scrollbar = 16;

export class Matrix {
  /** -1: all in sight; else the power by which the usual size grows; null: not chosen yet. */
  zoom = null;
  #rows = [];
  #columns = [];
  #states = new Set();
  #active = null;
  #isAsked = false;

  constructor() {
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.sizer = h("div", { class: "matrix-sizer" });
    this.scroller = h("div", { class: "matrix-scroll", tabindex: "-1" }, h("div", { class: "matrix-pin" }, this.canvas),
      this.sizer);
    this.cellText = h("div", { role: "gridcell", id: "matrix-cell" }, "");
    this.tip = h("div", { class: "matrix-tip", hidden: true, "aria-hidden": "true" });
    this.element = h("div", {
      class: "matrix", role: "grid", tabindex: "0", "aria-label": "State of the link between each two sites",
      "aria-describedby": "matrix-help", "aria-activedescendant": "matrix-cell",
    }, this.scroller, h("div", { role: "row", class: "unseen" }, this.cellText),
    h("p", { class: "unseen", id: "matrix-help" },
      "Arrow keys move from cell to cell, Home and End to a row's ends, Enter opens the link."), this.tip);
    this.scroller.addEventListener("scroll", () => this.#ask());
    this.element.addEventListener("keydown", (event) => this.#key(event));
    this.element.addEventListener("focus", () => { if (!this.#active) this.#move(0, this.#columns.length > 1 ? 1 : 0); });
    this.element.addEventListener("blur", () => this.#rest());
    this.scroller.addEventListener("pointermove", (event) => this.#point(event));
    this.scroller.addEventListener("pointerleave", () => { if (document.activeElement !== this.element) this.#rest(); });
    this.scroller.addEventListener("click", (event) => { this.#point(event); if (this.#active) this.#open(); });
    this.observer = new ResizeObserver(() => this.layout());
    this.observer.observe(this.element);
    this.onLook = () => this.layout();
    this.darkness = matchMedia("(prefers-color-scheme: dark)");
    this.darkness.addEventListener("change", this.onLook);
    window.addEventListener("warren-theme", this.onLook);
  }

  leave() {
    this.observer.disconnect();
    this.darkness.removeEventListener("change", this.onLook);
    window.removeEventListener("warren-theme", this.onLook);
  }

  /** Positions of the sites to show, and the states that stand out; none: all do. */
  show(rows, columns, chosen) {
    const isSame = rows.length === this.#rows.length && columns.length === this.#columns.length
      && rows.every((row, at) => row === this.#rows[at]) && columns.every((column, at) => column === this.#columns[at]);
    this.#rows = rows;
    this.#columns = columns;
    this.#states = chosen;
    this.element.setAttribute("aria-rowcount", rows.length);
    this.element.setAttribute("aria-colcount", columns.length);
    if (!isSame) { this.#active = null; this.tip.hidden = true; this.layout(); } else this.#ask();
    if (this.#active) this.#tell();
  }

  setZoom(zoom) {
    this.zoom = zoom;
    this.layout();
  }

  /** Sizes of all, by how many sites there are and how much room there is. */
  layout() {
    const available = this.element.clientWidth;
    if (!available || !this.#rows.length || this.zoom === null) { this.scroller.style.height = "0"; return; }
    this.look = readLook(this.element);
    const longest = [...this.#rows, ...this.#columns].reduce((most, at) => Math.max(most, store.names[at]?.length ?? 0), 0);
    const count = Math.max(this.#rows.length, this.#columns.length);
    const usual = count <= 12 ? 58 : count <= 24 ? 34 : count <= 60 ? 22 : 13;
    const labelWidth = Math.min(available * 0.34, Math.min(longest, 22) * 7.2 + 18);
    const room = available - labelWidth - 2 - (this.zoom < 0 ? scrollbar : 0);
    let width = this.zoom < 0 ? Math.max(3, room / this.#columns.length) : usual * 1.5 ** this.zoom;
    if (count <= 12) width = Math.max(30, Math.min(width, room / this.#columns.length));
    width = Math.max(3, Math.floor(width));
    const height = width >= 52 ? Math.max(40, Math.round(width * 0.72)) : width;
    this.isLevel = longest * 7.2 < width;
    const labelHeight = this.isLevel ? 30 : Math.min(150, Math.min(longest, 22) * 6.6 + 16);
    this.cell = { width, height };
    this.label = { width: labelWidth, height: labelHeight };
    const whole = { width: labelWidth + width * this.#columns.length + 1,
      height: labelHeight + height * this.#rows.length + 1 };
    const tallest = Math.max(320, window.innerHeight * 0.78);
    // What scrolls one way must not have to scroll the other for its bar's sake.
    const bars = { width: whole.height > tallest ? scrollbar : 0, height: whole.width > available ? scrollbar : 0 };
    this.size = { width: Math.min(available - bars.width, whole.width),
      height: Math.min(tallest - bars.height, whole.height) };
    this.sizer.style.width = `${whole.width}px`;
    this.sizer.style.height = `${whole.height}px`;
    this.scroller.style.width = `${this.size.width + bars.width}px`;
    this.scroller.style.height = `${this.size.height + bars.height}px`;
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.ceil(this.size.width * ratio);
    this.canvas.height = Math.ceil(this.size.height * ratio);
    this.canvas.style.width = `${this.size.width}px`;
    this.canvas.style.height = `${this.size.height}px`;
    this.tiles = new Tiles(this.look, width, height, ratio);
    this.#ask();
  }

  #ask() {
    if (this.#isAsked) return;
    this.#isAsked = true;
    requestAnimationFrame(() => { this.#isAsked = false; this.draw(); });
  }

  draw() {
    if (!this.tiles || !this.element.isConnected) return;
    performance.mark("matrix-begin");
    const context = this.canvas.getContext("2d");
    const ratio = window.devicePixelRatio || 1;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    paint(context, {
      rows: this.#rows, columns: this.#columns, names: store.names, codes: store.codes, total: store.names.length,
      cell: this.cell, label: this.label, size: this.size, isLevel: this.isLevel, active: this.#active,
      scroll: { x: this.scroller.scrollLeft, y: this.scroller.scrollTop },
      matches: (code) => this.#states.size === 0 || this.#states.has(stateOf(code).name),
      text: (row, column) => {
        const link = store.link(store.names[row], store.names[column]);
        return link?.state === "up" || link?.state === "degraded" ? milliseconds(link.roundTripMilliseconds) : "";
      },
      fault: (row) => gatewayFault(store.sites.get(store.names[row])),
    }, this.look, this.tiles);
    performance.measure("matrix-draw", "matrix-begin");
    performance.clearMarks("matrix-begin");
  }

  #key(event) {
    const at = this.#active ?? { row: 0, column: 0 };
    const page = Math.max(1, Math.floor((this.size.height - this.label.height) / this.cell.height) - 1);
    const steps = {
      ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], PageUp: [-page, 0], PageDown: [page, 0],
      Home: [event.ctrlKey ? -Infinity : 0, -Infinity], End: [event.ctrlKey ? Infinity : 0, Infinity],
    };
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); this.#open(); return; }
    if (event.key === "Escape") { this.tip.hidden = true; return; }
    const step = steps[event.key];
    if (!step || event.altKey || event.metaKey) return;
    event.preventDefault();
    this.#move(at.row + step[0], at.column + step[1]);
  }

  #move(row, column) {
    const within = (value, most) => Math.max(0, Math.min(most - 1, value));
    this.#active = { row: within(row, this.#rows.length), column: within(column, this.#columns.length) };
    const { cell, label } = this;
    const x = this.#active.column * cell.width, y = this.#active.row * cell.height;
    const seen = { width: this.size.width - label.width, height: this.size.height - label.height };
    const scroller = this.scroller;
    if (x < scroller.scrollLeft) scroller.scrollLeft = x;
    if (x + cell.width > scroller.scrollLeft + seen.width) scroller.scrollLeft = x + cell.width - seen.width + 2;
    if (y < scroller.scrollTop) scroller.scrollTop = y;
    if (y + cell.height > scroller.scrollTop + seen.height) scroller.scrollTop = y + cell.height - seen.height + 2;
    this.#tell();
    this.#ask();
  }

  #point(event) {
    const box = this.canvas.getBoundingClientRect();
    const x = event.clientX - box.left - this.label.width, y = event.clientY - box.top - this.label.height;
    const row = Math.floor((y + this.scroller.scrollTop) / this.cell.height),
      column = Math.floor((x + this.scroller.scrollLeft) / this.cell.width);
    if (x < 0 || y < 0 || row >= this.#rows.length || column >= this.#columns.length) { this.#rest(); return; }
    if (this.#active?.row === row && this.#active?.column === column && !this.tip.hidden) return;
    this.#active = { row, column };
    this.#tell();
    this.#ask();
  }

  #rest() {
    this.#active = null;
    this.tip.hidden = true;
    this.#ask();
  }

  /** The names of the active cell's sites. */
  get #pair() {
    return [store.names[this.#rows[this.#active.row]], store.names[this.#columns[this.#active.column]]];
  }

  #open() {
    if (!this.#active) return;
    const [a, b] = this.#pair;
    if (a === b) location.hash = gatewayAddress(a);
    else if (store.link(a, b)) location.hash = linkAddress(store.link(a, b).id);
  }

  /** Says the active cell, to the eye and to the ear. */
  #tell() {
    const [a, b] = this.#pair;
    const link = store.link(a, b), fault = a === b ? gatewayFault(store.sites.get(a)) : null;
    const state = a === b ? (fault ? fault.state : "up") : link?.state;
    const words = a === b ? [`gateway of ${a}`, fault?.text ?? "well"]
      : link ? [`${a} to ${b}`, link.state, link.state === "up" ? milliseconds(link.roundTripMilliseconds) : null, link.reason]
        : [`${a} to ${b}`, "no link"];
    this.cellText.textContent = words.filter(Boolean).join(", ");
    this.cellText.setAttribute("aria-rowindex", this.#active.row + 1);
    this.cellText.setAttribute("aria-colindex", this.#active.column + 1);
    this.tip.replaceChildren(h("strong", null, a === b ? a : `${a} – ${b}`),
      h("div", null, state && a !== b ? stateText(state) : null, a === b ? fault?.text ?? "Its gateway is well." : link ? null
        : "No link between them."),
      link && link.state === "up" ? h("div", null, milliseconds(link.roundTripMilliseconds)) : "", link?.reason ? h("p", null,
        link.reason) : "");
    this.tip.hidden = false;
    const left = this.label.width + (this.#active.column + 1) * this.cell.width - this.scroller.scrollLeft + 8;
    const top = this.label.height + (this.#active.row + 1) * this.cell.height - this.scroller.scrollTop + 6;
    this.tip.style.left = `${Math.max(4, Math.min(left, this.element.clientWidth - this.tip.offsetWidth - 4))}px`;
    this.tip.style.top = `${top}px`;
  }
}
