// One link: how it is, how it was, and what each of its two gateways says of it.

import { get, linkPath } from "./api.js";
import { chart, sampleTable } from "./chart.js";
import { howToInstall, loadD3 } from "./d3.js";
import { h, replace } from "./dom.js";
import { bitsPerSecond, count, milliseconds, percent } from "./format.js";
import { drawEnd } from "./link-end.js";
import { errorBox, eventList, figures, since } from "./parts.js";
import { stateBadge } from "./states.js";
import { readLink, store } from "./store.js";

const ranges = [["1 h", 3600, 10], ["6 h", 6 * 3600, 60], ["24 h", 86400, 60], ["7 d", 7 * 86400, 900]];

export function draw(root, route) {
  const id = route.parameters.id;
  const [a, b] = id.split("--");
  document.title = `${a} – ${b} · Warren`;
  const badge = h("div", { class: "row" }), reason = h("p", { class: "lead" }), numbers = h("section",
    { class: "card", "aria-label": "Now" });
  const ends = h("div", { class: "columns" }), events = h("div"), fault = h("div"),
    charts = h("div", { class: "columns charts" });
  let range = 0, state = null, timer = null, isLeft = false;
  const buttons = h("div", { class: "group", role: "group", "aria-label": "Time shown" }, ranges.map(([name], at) =>
    h("button", { "aria-pressed": String(at === 0), onclick: (event) => {
      range = at;
      for (const button of buttons.children) button.setAttribute("aria-pressed", String(button === event.currentTarget));
      readSamples();
    } }, name)));
  replace(root,
    h("div", { class: "head" }, h("div", null, h("p", { class: "crumb" }, h("a", { href: "#/" }, "Mesh"), " / link"),
      h("h1", { tabindex: "-1" }, a, " – ", b), reason), badge),
    fault, numbers,
    h("section", { class: "card" }, h("header", null, h("h2", null, "History"), buttons), charts),
    ends,
    h("section", { class: "card" }, h("header", null, h("h2", null, "Events")), events));

  function show(link) {
    replace(badge, stateBadge(link.state), h("span", { class: "note" }, "for ", since(link) || "an unknown time"));
    reason.textContent = link.reason ?? "";
    replace(numbers, figures([
      ["Round trip", milliseconds(link.roundTripMilliseconds)], ["Loss, last minute", percent(link.lossPercent)],
      [`Into ${a}`, bitsPerSecond(link.receivedBitsPerSecond)], [`Out of ${a}`, bitsPerSecond(link.sentBitsPerSecond)],
      ["Path MTU", link.pathMTU ? count(link.pathMTU) : "–", link.pathMTU ? "bytes" : ""],
      ["Changes, last hour", count(link.flaps ?? null), link.isFlapping ? "flapping" : ""],
    ]));
  }

  async function readDetails() {
    try {
      const details = await get(linkPath(id));
      if (isLeft) return;
      replace(fault);
      show(readLink(details.status));
      replace(ends, details.ends.map((end) => drawEnd(end, details.ends.find((other) => other !== end))));
      replace(events, eventList(details.events, true));
    } catch (error) {
      if (!isLeft) replace(fault, errorBox(error));
    }
  }

  async function readSamples() {
    const [, seconds, step] = ranges[range];
    const now = new Date(), begin = new Date(now - seconds * 1000);
    const [d3, answer] = await Promise.all([
      loadD3(), get(`${linkPath(id)}/samples?since=${encodeURIComponent(begin.toISOString())}&step=${step}`).catch((error) =>
        error)]);
    if (isLeft) return;
    if (answer instanceof Error) { replace(charts, errorBox(answer)); return; }
    const samples = answer.samples.map((sample) => ({ ...sample, time: new Date(sample.at) }));
    const columns = [
      { key: "rttMs", name: "Round trip", text: milliseconds }, { key: "lossPercent", name: "Loss", text: percent },
      { key: "rxBps", name: `Into ${a}`, text: bitsPerSecond }, { key: "txBps", name: `Out of ${a}`, text: bitsPerSecond }];
    const drawn = d3 ? [
      chart(d3, "Round trip", samples, [columns[0]], milliseconds, [begin, now]),
      chart(d3, "Loss", samples, [columns[1]], percent, [begin, now]),
      chart(d3, "Throughput", samples, columns.slice(2), bitsPerSecond, [begin, now])] : [h("p", { class: "hint" },
        howToInstall)];
    replace(charts, drawn, h("div", { class: "scroll samples", tabindex: "0", role: "region", "aria-label": "Samples" },
      sampleTable(samples, columns)));
  }

  function update() {
    const link = store.links.get(id);
    if (!link) return;
    show(link);
    if (link.state !== state) { state = link.state; readDetails(); }
  }

  readDetails();
  readSamples();
  timer = setInterval(() => { readDetails(); if (!charts.contains(document.activeElement)
    && !charts.querySelector("details[open]")) readSamples(); }, 10_000);
  return { update, leave() { isLeft = true; clearInterval(timer); } };
}
