// All gateways as a table, those that want a look first.

import { readTags } from "./api.js";
import { h, replace, table } from "./dom.js";
import { duration, plural, version } from "./format.js";
import { pageHead, siteLink } from "./parts.js";
import { gatewayFault, isWell, stateText } from "./states.js";
import { store } from "./store.js";

export function draw(root) {
  const lead = h("span"), list = h("section", { class: "card flush", "aria-label": "Gateways" });
  const filter = h("input", { type: "search", placeholder: "Filter", "aria-label": "Filter gateways", oninput: () =>
    update() });
  replace(root, pageHead("Gateways", lead, filter), list);

  function update() {
    readTags(store);
    const text = filter.value.trim().toLowerCase();
    const rows = [...store.sites.values()]
      .filter((site) => !text || site.site.includes(text) || store.tagsFor(site.site).some((tag) => tag.includes(text)))
      .map((site) => ({ ...site, fault: gatewayFault(site), links: store.linksOf(site.site) }))
      .sort((a, b) => (a.fault ? 0 : 1) - (b.fault ? 0 : 1) || (a.site < b.site ? -1 : 1));
    const connected = [...store.sites.values()].filter((site) => site.connected).length;
    lead.textContent = `${connected} of ${plural(store.sites.size, "agent")} connected.`;
    const place = list.querySelector(".scroll")?.scrollLeft ?? 0;
    const focused = list.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    replace(list, rows.length ? table("Gateways", columns, rows, (site) => site.fault?.text) : h("p", { class: "empty" }, "No gateway is like that."));
    if (list.querySelector(".scroll")) list.querySelector(".scroll").scrollLeft = place;
    if (focused) list.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }
  return { update };
}

const columns = [
  { title: "Site", cell: (site) => [siteLink(site.site), store.tagsFor(site.site).map((tag) =>
    [" ", h("span", { class: "tag" }, tag)])] },
  { title: "Agent", cell: (site) => agentText(site) },
  { title: "Links up", className: "number", cell: (site) =>
    `${site.links.filter((link) => isWell(link.state)).length} / ${site.links.length}` },
  { title: "Runs", cell: (site) => [version(site.version ?? { generation: site.applied, revision: 0 }), site.isOnTrial
    ? h("div", { class: "note" }, "on trial") : "",
    site.intended && version(site.intended) !== version(site.version) ? h("div", { class: "note" },
      `shall run ${version(site.intended)}`) : ""] },
  { title: "Report", className: "number", cell: (site) => typeof site.lastReportSecondsAgo === "number"
    ? `${duration(site.lastReportSecondsAgo)} ago` : "–" },
];

function agentText(site) {
  const text = stateText(site.fault ? site.fault.state : "up");
  text.lastChild.textContent = site.connected ? "connected" : "not connected";
  return text;
}
