// A set of changes: how far it reaches, then links by what their packets notice, then gateway by gateway.

import { h, table } from "./dom.js";
import { count, plural } from "./format.js";
import { figures, linkLink, siteLink } from "./parts.js";
import { linkName } from "./store.js";

const meanings = {
  none: "goes on", reroutes: "goes on, to other networks", renegotiates: "new keys, no packet waits",
    restarts: "restarts, packets may be lost", starts: "starts", ends: "ends",
};
const signs = { add: "+", change: "~", remove: "−" };

export function drawChanges(changes) {
  const { summary } = changes;
  if (summary.gateways === 0) return [h("p", { class: "hint" }, "Nothing changes on any gateway.")];
  return [
    h("section", { class: "card" }, h("header", null, h("h2", null, "How far it reaches")), figures([
      ["Gateways", count(summary.gateways), `of ${count(summary.gatewaysInAll)}`],
      ...Object.entries(summary.links).map(([effect, number]) => [`Links: ${meanings[effect] ?? effect}`, count(number)]),
      ["Added", count(summary.counts.add)], ["Changed", count(summary.counts.change)],
        ["Removed", count(summary.counts.remove)]]),
    [["Join", summary.joins], ["Leave", summary.leaves], ["Left without any link", summary.isolated]].filter(([, sites]) =>
      sites.length)
      .map(([word, sites]) => h("p", null, `${word}: ${sites.slice(0, 60).join(", ")}${sites.length > 60 ? " …" : ""}`)),
    changes.isShortened ? h("p", { class: "note" }, "This is too much to be told whole: what follows leaves some out.") : null),
    changes.links.length ? h("section", { class: "card flush" }, h("header", null, h("h2", null, "Links")), table("Links", [
      { title: "Link", cell: (change) => linkLink(linkName(change.link)) }, { title: "Its packets", cell: (change) =>
        meanings[change.effect] ?? change.effect },
      { title: "What differs", className: "wrap", cell: (change) => change.reasons.join(", ") }], changes.links.slice(0, 300)))
        : null,
    h("section", { class: "card" }, h("header", null, h("h2", null, "Gateways")), changes.gateways.slice(0, 200).map(gateway)),
  ];
}

function gateway(change) {
  const { add, change: changed, remove } = change.counts;
  return h("details", null, h("summary", null, change.site, " ", h("span", { class: "note" },
    `${change.effect}: ${signs.add}${add} ${signs.change}${changed} ${signs.remove}${remove}`)),
    h("p", null, siteLink(change.site)),
    change.changes ? change.changes.map((one) => h("div", { class: "change" }, h("strong", { title: one.kind }, signs[one.kind]
      ?? one.kind),
      h("div", null, one.subject, one.old ? h("div", { class: "note" }, `− ${one.old}`) : null, one.new ? h("div",
        { class: "note" }, `+ ${one.new}`) : null)))
      : h("p", { class: "note" }, plural(add + changed + remove, "change") + ", left out here."));
}
