// One site's gateway: what it is, its links, what its agent reports, what it shall run.

import { get } from "./api.js";
import { h, replace, table } from "./dom.js";
import { bytes, duration, moment, plural, version } from "./format.js";
import { LinkTable } from "./link-table.js";
import { errorBox, eventList, facts } from "./parts.js";
import { gatewayFault, stateBadge } from "./states.js";
import { readLink, store } from "./store.js";

export function draw(root, route) {
  const site = route.parameters.site;
  document.title = `${site} · Warren`;
  const badge = h("div", { class: "row" }), lead = h("p", { class: "lead" }), fault = h("div");
  const about = h("section", { class: "card" }), events = h("div"), report = h("div", { class: "columns" });
  const links = new LinkTable(`Links of ${site}`);
  const plan = h("div", null, h("button", { onclick: readPlan }, "Show what it shall run"));
  let isLeft = false, seen = "";
  replace(root,
    h("div", { class: "head" }, h("div", null, h("p", { class: "crumb" }, h("a", { href: "#/gateways" }, "Gateways"),
      " / gateway"),
      h("h1", { tabindex: "-1" }, site), lead), badge),
    fault, about, h("section", { class: "card flush" }, h("header", null, h("h2", null, "Links")), links.element), report,
    h("section", { class: "card" }, h("header", null, h("h2", null, "Plan")), plan),
    h("section", { class: "card" }, h("header", null, h("h2", null, "Events")), events));

  async function read() {
    try {
      const details = await get(`/v1/gateways/${encodeURIComponent(site)}`);
      if (!isLeft) { replace(fault); show(details); }
    } catch (error) {
      if (!isLeft) replace(fault, errorBox(error));
    }
  }

  function show(details) {
    const { status } = details;
    replace(about, h("header", null, h("h2", null, "Gateway")), facts([
      ["Networks", h("span", { class: "mono" }, details.networks.join(", "))],
      ["Public", h("span", { class: "mono" }, details.outerAddresses.join(", ") || "not known yet")],
      ["Platform", details.platform], ["Index", `${details.index}, so its peers call their tunnels to it gif${details.index}`],
      ["Tags", details.tags.length ? details.tags.map((tag) => [h("span", { class: "tag" }, tag), " "]) : null],
      ["Agent", details.agentVersion ? `version ${details.agentVersion}` : "has not reported since the controller started"],
      ["Runs", [version(status.version), status.isOnTrial ? ", on trial" : "", status.intended
        && version(status.intended) !== version(status.version) ? `, shall run ${version(status.intended)}` : ""]],
      ["Last report", typeof status.lastReportSecondsAgo === "number" ? `${duration(status.lastReportSecondsAgo)} ago`
        : "none"],
      ["Certificate", details.certificateExpiresAt ? `until ${moment(details.certificateExpiresAt)}` : "no agent is enrolled"],
      ["Failure", status.failure ? h("strong", null, status.failure) : null],
      ["Changed by hand", status.drift.length ? h("ul", null, status.drift.map((line) => h("li", null, line))) : null],
    ]));
    if (!store.isLoaded) links.show(details.links.map(readLink));
    replace(events, eventList(details.events, false));
    replace(report, details.report ? [tunnels(details.report), routes(details.report)] : null);
  }

  async function readPlan() {
    try {
      const { plan: { gateways: [gateway] } } = await get(`/v1/plan?site=${encodeURIComponent(site)}`);
      const parts = Object.entries(gateway).filter(([, value]) => Array.isArray(value) && value.length);
      replace(plan, parts.map(([name, value]) => h("details", { open: name === "tunnels" }, h("summary", null,
        plural(value.length, singular(name), name)),
        h("pre", { class: "listing", tabindex: "0" }, value.map((item) => h("span", null, typeof item === "object"
          ? JSON.stringify(item) : String(item)))))));
    } catch (error) {
      replace(plan, errorBox(error));
    }
  }

  function update() {
    const status = store.sites.get(site);
    const problem = status ? gatewayFault(status) : { state: "unknown", text: "The mesh has no such site." };
    replace(badge, stateBadge(problem?.state ?? "up"));
    badge.querySelector(".state").lastChild.textContent = problem ? (status?.connected ? "wants a look" : "not connected")
      : "connected";
    lead.textContent = problem?.text ?? "";
    links.show(store.linksOf(site));
    const now = JSON.stringify([status?.connected, status?.version, status?.failure, status?.drift]);
    if (now !== seen) { seen = now; read(); }
  }

  const timer = setInterval(read, 10_000);
  return { update, leave() { isLeft = true; clearInterval(timer); } };
}

const singular = (name) => ({ policies: "policy", ike: "IKE peer", firewall: "firewall rule", outerAddresses: "public address",
  unreachable: "fallback" }[name] ?? name.replace(/s$/, ""));

function tunnels(report) {
  return h("section", { class: "card flush" }, h("header", null, h("h2", null, "Tunnels it has")), table("Tunnels", [
    { title: "Interface", cell: (tunnel) => h("code", null, tunnel.tunnel.interface) }, { title: "Peer", cell: (tunnel) =>
      tunnel.tunnel.peer },
    { title: "MTU", className: "number", cell: (tunnel) => tunnel.tunnel.mtu }, { title: "Is", cell: (tunnel) => tunnel.isUp
      ? "up" : h("strong", null, "not up") },
    { title: "In", className: "number", cell: (tunnel) => bytes(tunnel.receivedBytes) }, { title: "Out", className: "number",
      cell: (tunnel) => bytes(tunnel.sentBytes) },
  ], report.tunnels));
}

function routes(report) {
  return h("section", { class: "card flush" }, h("header", null, h("h2", null, "Routes it has")), table("Routes", [
    { title: "To", cell: (route) => h("code", null, route.destination) }, { title: "Via", cell: (route) => h("code", null,
      route.via ?? "–") },
    { title: "Interface", cell: (route) => h("code", null, route.interface) }], report.routes));
}
