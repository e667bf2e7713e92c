// What differs between two texts, line by line: the shortest way from one to the other (Myers, 1986).

import { h } from "./dom.js";

const context = 3;
/** Beyond so many differing lines the search is given up, and the whole is told as replaced. */
const mostSteps = 2000;

/** [{sign: " " | "+" | "-", text}]. */
export function difference(before, after) {
  const a = before.split("\n"), b = after.split("\n");
  let head = 0, tail = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail += 1;
  const same = (text) => ({ sign: " ", text });
  return [...a.slice(0, head).map(same), ...shortest(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...a.slice(a.length - tail).map(same)];
}

function shortest(a, b) {
  const replaced = () => [...a.map((text) => ({ sign: "-", text })), ...b.map((text) => ({ sign: "+", text }))];
  const trace = [];
  let reach = new Map([[1, 0]]);
  for (let steps = 0; steps <= a.length + b.length; steps += 1) {
    if (steps > mostSteps) return replaced();
    trace.push(new Map(reach));
    for (let k = -steps; k <= steps; k += 2) {
      const isDown = k === -steps || (k !== steps && (reach.get(k - 1) ?? -1) < (reach.get(k + 1) ?? -1));
      let x = isDown ? reach.get(k + 1) ?? 0 : reach.get(k - 1) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1;
      reach.set(k, x);
      if (x >= a.length && x - k >= b.length) return walkBack(a, b, trace);
    }
  }
  return replaced();
}

function walkBack(a, b, trace) {
  const lines = [];
  let x = a.length, y = b.length;
  for (let steps = trace.length - 1; steps >= 0; steps -= 1) {
    const reach = trace[steps], k = x - y;
    const isDown = k === -steps || (k !== steps && (reach.get(k - 1) ?? -1) < (reach.get(k + 1) ?? -1));
    const fromK = isDown ? k + 1 : k - 1;
    const fromX = reach.get(fromK) ?? 0, fromY = fromX - fromK;
    while (x > fromX && y > fromY) { x -= 1; y -= 1; lines.push({ sign: " ", text: a[x] }); }
    if (steps === 0) break;
    if (isDown) { y -= 1; lines.push({ sign: "+", text: b[y] }); } else { x -= 1; lines.push({ sign: "-", text: a[x] }); }
  }
  return lines.reverse();
}

/** Two lists of files as one listing per file that differs. */
export function drawDifference(before, after) {
  const names = [...new Set([...before, ...after].map((file) => file.name))];
  const text = (files, name) => files.find((file) => file.name === name)?.text ?? "";
  const drawn = names.filter((name) => text(before, name) !== text(after, name)).map((name) => {
    const lines = difference(text(before, name), text(after, name));
    const near = new Set();
    lines.forEach((line, at) => { if (line.sign !== " ") for (let by = -context; by <= context; by += 1) near.add(at + by); });
    let isGap = false;
    const shown = lines.flatMap((line, at) => {
      if (near.has(at)) { isGap = false; return [row(line)]; }
      if (isGap) return [];
      isGap = true;
      return [h("span", { "data-sign": " ", class: "note" }, "⋯")];
    });
    return h("section", { class: "card flush" }, h("header", null, h("h2", { class: "mono" }, name)),
      h("pre", { class: "listing diff", tabindex: "0", "aria-label": `Differences of ${name}` }, shown));
  });
  return drawn.length ? drawn : [h("p", { class: "hint" }, "The files are the same.")];
}

const row = ({ sign, text }) => h("span", { "data-sign": { "+": "+", "-": "−" }[sign] ?? " ", class: { "+": "add",
  "-": "remove" }[sign] }, text);
