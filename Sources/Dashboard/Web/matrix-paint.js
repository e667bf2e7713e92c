// Draws the part of the matrix that can be seen. A cell's colour comes with its shape; well links are a calm ground from
// which the others stand out.

import { states } from "./states.js";

const paths = states.map((state) => new Path2D(state.path));

/** The look's colours and fonts, read from the style sheet. */
export function readLook(element) {
  const style = getComputedStyle(element);
  const value = (name) => style.getPropertyValue(name).trim();
  return {
    strong: states.map((state) => value(`--${state.name}`)), soft: states.map((state) => value(`--${state.name}-soft`)),
    none: value("--none"), surface: value("--surface"), text: value("--text"), muted: value("--muted"), line: value("--line"),
    focus: value("--focus"), down: value("--down"), sans: value("--sans"),
  };
}

/** Ground and shape of each state at one size. */
export class Tiles {
  constructor(look, width, height, ratio) {
    const inner = Math.min(width, height);
    const withText = isRoomy({ width, height });
    this.tiles = states.map((state, position) => {
      const tile = new OffscreenCanvas(Math.ceil(width * ratio), Math.ceil(height * ratio));
      const context = tile.getContext("2d");
      context.scale(ratio, ratio);
      const isFilled = inner < 16 && !isCalm(state);
      const gap = 1;
      context.fillStyle = isFilled ? look.strong[position] : look.soft[position];
      context.fillRect(gap / 2, gap / 2, width - gap, height - gap);
      const size = isCalm(state) ? Math.min(inner * 0.55, 12) : Math.min(inner * 0.8, 16);
      context.translate((width - size) / 2, withText ? 7 + (16 - size) / 2 : (height - size) / 2);
      context.scale(size / 16, size / 16);
      context.fillStyle = isFilled ? look.surface : look.strong[position];
      context.fill(paths[position], "evenodd");
      return tile;
    });
  }

  of(code) { return this.tiles[code - 1]; }
}

/** A cell in which the round-trip time has room beneath the shape. */
const isRoomy = (cell) => cell.width >= 52 && cell.height >= 36;

/**
 * - view: {rows, columns, names, codes, total, cell: {width, height}, label: {width, height}, scroll: {x, y}, size, active,
 *   matches(code), text(row, column), fault(row)}; rows and columns are positions in names.
 */
export function paint(context, view, look, tiles) {
  const { cell, label, scroll, size } = view;
  const first = { column: Math.floor(scroll.x / cell.width), row: Math.floor(scroll.y / cell.height) };
  const last = {
    column: Math.min(view.columns.length, Math.ceil((scroll.x + size.width - label.width) / cell.width)),
    row: Math.min(view.rows.length, Math.ceil((scroll.y + size.height - label.height) / cell.height)),
  };
  context.clearRect(0, 0, size.width, size.height);
  context.save();
  context.beginPath();
  context.rect(label.width, label.height, size.width - label.width, size.height - label.height);
  context.clip();
  paintCells(context, view, look, tiles, first, last);
  paintActive(context, view, look);
  context.restore();
  paintLabels(context, view, look, first, last);
}

/** The commonest state is one filled pattern, and only what differs from it is drawn cell by cell. */
function paintCells(context, view, look, tiles, first, last) {
  if (view.cell.width < 7) { paintDense(context, view, look, first, last); return; }
  const { cell, label, scroll, codes, total } = view;
  const withText = isRoomy(cell);
  const common = commonest(view, first, last);
  if (common) paintPattern(context, view, tiles.of(common), view.matches(common), first, last);
  context.font = `500 11px ${look.sans}`;
  context.textAlign = "center";
  context.textBaseline = "alphabetic";
  for (let at = first.row; at < last.row; at += 1) {
    const row = view.rows[at];
    const y = label.height + at * cell.height - scroll.y;
    for (let across = first.column; across < last.column; across += 1) {
      const column = view.columns[across];
      const code = codes[row * total + column];
      if (code === common && !withText && row !== column) continue;
      const x = label.width + across * cell.width - scroll.x;
      if (code !== common) {
        context.fillStyle = look.surface;
        context.fillRect(x, y, cell.width, cell.height);
      }
      if (row === column) { paintSelf(context, view, look, row, x, y); continue; }
      if (code === 0) {
        context.fillStyle = look.none;
        context.fillRect(x + 0.5, y + 0.5, cell.width - 1, cell.height - 1);
        continue;
      }
      context.globalAlpha = view.matches(code) ? 1 : 0.3;
      if (code !== common) context.drawImage(tiles.of(code), x, y, cell.width, cell.height);
      if (withText) {
        context.fillStyle = look.strong[code - 1];
        context.fillText(view.text(row, column), x + cell.width / 2, y + cell.height - 7, cell.width - 4);
      }
      context.globalAlpha = 1;
    }
  }
}

/** The state of most cells in sight; 0 where there is none. */
function commonest(view, first, last) {
  const tally = new Uint32Array(states.length + 1);
  for (let at = first.row; at < last.row; at += 1) {
    const begin = view.rows[at] * view.total;
    for (let across = first.column; across < last.column; across += 1) tally[view.codes[begin + view.columns[across]]] += 1;
  }
  tally[0] = 0;
  const most = Math.max(...tally);
  return most === 0 ? 0 : tally.indexOf(most);
}

function paintPattern(context, view, tile, isMatch, first, last) {
  const { cell, label, scroll } = view;
  const x = label.width + first.column * cell.width - scroll.x, y = label.height + first.row * cell.height - scroll.y;
  const pattern = context.createPattern(tile, "repeat");
  const scale = cell.width / tile.width;
  pattern.setTransform(new DOMMatrix([scale, 0, 0, cell.height / tile.height, x, y]));
  context.globalAlpha = isMatch ? 1 : 0.3;
  context.fillStyle = pattern;
  context.fillRect(x, y, (last.column - first.column) * cell.width, (last.row - first.row) * cell.height);
  context.globalAlpha = 1;
}

/** Cells too small for a shape: an image of one dot each, enlarged. What is not well reaches over its edges. */
function paintDense(context, view, look, first, last) {
  const { cell, label, scroll, codes, total } = view;
  const width = last.column - first.column, height = last.row - first.row;
  if (width <= 0 || height <= 0) return;
  const grounds = [look.none, ...states.map((state, at) => (isCalm(state) ? look.soft[at] : look.strong[at]))].map(pixel);
  const surface = pixel(look.surface), faults = [];
  const image = new ImageData(width, height), dots = new Uint32Array(image.data.buffer);
  for (let at = 0; at < height; at += 1) {
    const row = view.rows[first.row + at];
    for (let across = 0; across < width; across += 1) {
      const column = view.columns[first.column + across];
      const code = codes[row * total + column];
      const isFault = row === column ? view.fault(row) !== null : code > 0 && !isCalm(states[code - 1]);
      dots[at * width + across] = row === column ? surface : view.matches(code) || code === 0 ? grounds[code]
        : faded(grounds[code]);
      if (isFault) faults.push([row === column ? look.down : look.strong[code - 1], at, across]);
    }
  }
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d").putImageData(image, 0, 0);
  const x = label.width + first.column * cell.width - scroll.x, y = label.height + first.row * cell.height - scroll.y;
  context.imageSmoothingEnabled = false;
  context.drawImage(canvas, x, y, width * cell.width, height * cell.height);
  context.imageSmoothingEnabled = true;
  if (faults.length > 4000) return;
  for (const [color, at, across] of faults) {
    context.fillStyle = color;
    context.fillRect(x + across * cell.width - 1, y + at * cell.height - 1, cell.width + 2, cell.height + 2);
  }
}

const isCalm = (state) => state.name === "up" || state.name === "drained";

/** A colour as the number that an image holds for it: the bytes red, green, blue, opacity. */
const pixels = new Map();
function pixel(color) {
  if (!pixels.has(color)) {
    const context = new OffscreenCanvas(1, 1).getContext("2d");
    context.fillStyle = color;
    context.fillRect(0, 0, 1, 1);
    pixels.set(color, new Uint32Array(context.getImageData(0, 0, 1, 1).data.buffer)[0]);
  }
  return pixels.get(color);
}

/** Less opaque: the highest byte on every machine that Chromium and Firefox run on, for they are little-endian. */
const faded = (dot) => ((dot & 0x00ffffff) | 0x4d000000) >>> 0;

/** The diagonal: the gateway itself, with a shape where something is wrong with it. */
function paintSelf(context, view, look, row, x, y) {
  const { cell } = view;
  context.strokeStyle = look.line;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(x + 1, y + 1);
  context.lineTo(x + cell.width - 1, y + cell.height - 1);
  context.stroke();
  const fault = view.fault(row);
  if (!fault) return;
  const position = states.findIndex((state) => state.name === fault.state);
  const size = Math.min(cell.width, cell.height, 16);
  context.save();
  context.translate(x + (cell.width - size) / 2, y + (cell.height - size) / 2);
  context.scale(size / 16, size / 16);
  context.fillStyle = look.surface;
  context.fillRect(-2, -2, 20, 20);
  context.fillStyle = look.strong[position];
  context.fill(paths[position], "evenodd");
  context.restore();
}

function paintActive(context, view, look) {
  if (!view.active) return;
  const { cell, label, scroll } = view;
  const x = label.width + view.active.column * cell.width - scroll.x,
    y = label.height + view.active.row * cell.height - scroll.y;
  context.strokeStyle = look.focus;
  context.lineWidth = 2;
  context.strokeRect(x, y, cell.width, cell.height);
}

function paintLabels(context, view, look, first, last) {
  const { cell, label, scroll, size } = view;
  context.textBaseline = "middle";
  const every = Math.max(1, Math.ceil(12 / cell.height)), everyColumn = Math.max(1, Math.ceil(12 / cell.width));
  const font = (isActive) => `${isActive ? 650 : 450} ${Math.min(12.5, Math.max(10, cell.height * 0.9))}px ${look.sans}`;
  const style = (isActive) => { context.font = font(isActive); context.fillStyle = isActive ? look.text : look.muted; };
  context.save();
  context.beginPath();
  context.rect(0, label.height - 5, label.width, size.height - label.height + 5);
  context.clip();
  context.textAlign = "right";
  for (let at = first.row; at < last.row; at += 1) {
    const isActive = view.active?.row === at;
    if (at % every !== 0 && !isActive) continue;
    style(isActive);
    context.fillText(view.names[view.rows[at]], label.width - 8, label.height + (at + 0.5) * cell.height - scroll.y,
      label.width - 10);
  }
  context.restore();
  context.save();
  context.beginPath();
  context.rect(label.width, 0, size.width - label.width, label.height);
  context.clip();
  for (let at = first.column; at < last.column; at += 1) {
    const isActive = view.active?.column === at;
    if (at % everyColumn !== 0 && !isActive) continue;
    style(isActive);
    const x = label.width + (at + 0.5) * cell.width - scroll.x;
    if (view.isLevel) {
      context.textAlign = "center";
      context.fillText(view.names[view.columns[at]], x, label.height - 12, cell.width - 4);
      continue;
    }
    context.save();
    context.translate(x, label.height - 8);
    context.rotate(-Math.PI / 2);
    context.textAlign = "left";
    context.fillText(view.names[view.columns[at]], 0, 0, label.height - 10);
    context.restore();
  }
  context.restore();
}
