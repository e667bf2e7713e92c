// A chart of one or two lines over time, drawn by D3; beneath it, what it says in a sentence.

import { h, s, replace } from "./dom.js";
import { moment } from "./format.js";

const margin = { left: 62, right: 8, top: 8, bottom: 22 };

/**
 * - samples: [{time: Date, state, one, two}], oldest first.
 * - series: [{key, name}], one or two; `text` makes a value readable.
 */
export function chart(d3, title, samples, series, text, range) {
  const values = samples.flatMap((sample) => series.map(({ key }) => sample[key])).filter((value) => typeof value === "number");
  const key = h("p", { class: "note" }, series.length > 1 ? series.map(({ name }, at) =>
    h("span", { class: at ? "key two" : "key" }, h("i"), name)) : null);
  const latest = series.map(({ key, name }) => {
    const known = samples.filter((sample) => typeof sample[key] === "number");
    if (!known.length) return null;
    const numbers = known.map((sample) => sample[key]);
    return `${series.length > 1 ? name + ": " : ""}now ${text(numbers.at(-1))}, mean ${text(d3.mean(numbers))}, highest ${text(d3.max(numbers))}`;
  }).filter(Boolean).join(" · ");
  const readout = h("p", { class: "note", "aria-live": "off" }, latest || "Nothing was measured in this time.");
  const place = h("div", { class: "chart" }, h("header", null, h("h3", null, title)), key);
  if (!values.length) { place.append(readout); return place; }

  const width = 420, height = 170;
  const x = d3.scaleTime().domain(range).range([margin.left, width - margin.right]);
  const y = d3.scaleLinear().domain([0, Math.max(d3.max(values) * 1.12, 1e-9)]).nice(4).range([height - margin.bottom,
    margin.top]);
  const drawing = s("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${title}: ${latest}` });
  for (const fault of spans(samples, range)) {
    drawing.append(s("rect", { class: `fault ${fault.state}`, x: x(fault.from), width: Math.max(1.5,
      x(fault.to) - x(fault.from)), y: margin.top, height: height - margin.top - margin.bottom },
      s("title", null, fault.state)));
  }
  const grid = s("g", { class: "grid axis", "aria-hidden": "true" });
  for (const tick of y.ticks(4)) {
    grid.append(s("line", { x1: margin.left, x2: width - margin.right, y1: y(tick), y2: y(tick) }),
      s("text", { x: margin.left - 8, y: y(tick) + 4, "text-anchor": "end" }, text(tick)));
  }
  for (const tick of x.ticks(5)) {
    grid.append(s("text", { x: x(tick), y: height - 4, "text-anchor": "middle" },
      d3.timeFormat(range[1] - range[0] > 36 * 3600e3 ? "%d %b" : "%H:%M")(tick)));
  }
  drawing.append(grid);
  series.forEach(({ key }, at) => {
    const line = d3.line().defined((sample) => typeof sample[key] === "number").x((sample) => x(sample.time)).y((sample) =>
      y(sample[key])).curve(d3.curveMonotoneX);
    drawing.append(s("path", { class: at ? "two" : "one", d: line(withGaps(samples)) ?? "" }));
  });
  const cursor = s("line", { class: "cursor", y1: margin.top, y2: height - margin.bottom, visibility: "hidden" });
  drawing.append(cursor);
  drawing.addEventListener("pointermove", (event) => {
    const box = drawing.getBoundingClientRect();
    const time = x.invert((event.clientX - box.left) / box.width * width);
    const at = Math.min(samples.length - 1, d3.bisector((sample) => sample.time).center?.(samples, time)
      ?? d3.bisector((sample) => sample.time).left(samples, time));
    const sample = samples[Math.max(0, at)];
    cursor.setAttribute("x1", x(sample.time));
    cursor.setAttribute("x2", x(sample.time));
    cursor.setAttribute("visibility", "visible");
    readout.textContent = `${moment(sample.time)} · ${sample.state} · ` + series.map(({ key, name }) =>
      `${series.length > 1 ? name + " " : ""}${text(sample[key] ?? null)}`).join(", ");
  });
  drawing.addEventListener("pointerleave", () => { cursor.setAttribute("visibility",
    "hidden"); readout.textContent = latest; });
  place.append(drawing, readout);
  return place;
}

/** A time in which nothing was kept is no line across it. */
function withGaps(samples) {
  const steps = samples.slice(1).map((sample, at) => sample.time - samples[at].time).sort((a, b) => a - b);
  const usual = steps[Math.floor(steps.length / 2)] ?? 0;
  return samples.flatMap((sample, at) =>
    at > 0 && sample.time - samples[at - 1].time > usual * 2.5 ? [{ time: sample.time }, sample] : [sample]);
}

/** The times in which the link was not up. */
function spans(samples, range) {
  const found = [];
  samples.forEach((sample, at) => {
    if (sample.state === "up" || sample.state === "drained") return;
    const from = sample.time, to = samples[at + 1]?.time ?? range[1];
    const last = found.at(-1);
    if (last && last.state === sample.state && last.to - from === 0) last.to = to;
    else found.push({ state: sample.state, from, to });
  });
  return found;
}

/** The same samples for whoever has no D3, or does not see charts. */
export function sampleTable(samples, columns) {
  const rows = samples.slice(-60).reverse();
  return h("details", null, h("summary", null, "Samples as a table"),
    replace(h("table"), h("thead", null, h("tr", null, h("th", { scope: "col" }, "Time"), h("th", { scope: "col" }, "State"),
      columns.map(({ name }) => h("th", { scope: "col", class: "number" }, name)))),
      h("tbody", null, rows.map((sample) => h("tr", null, h("th", { scope: "row" }, moment(sample.time)),
        h("td", null, sample.state),
        columns.map(({ key, text }) => h("td", { class: "number" }, text(sample[key] ?? null))))))));
}
