// Who has which addresses: a strip per range, and a table that says the same.

import { get } from "./api.js";
import { h, replace, table } from "./dom.js";
import { count, plural } from "./format.js";
import { blocksOf, readPrefix } from "./prefixes.js";
import { errorBox, pageHead, siteLink } from "./parts.js";
import { gatewayAddress } from "./router.js";
import { store } from "./store.js";

const mostStrips = 64;

export function draw(root) {
  const strips = h("div", { class: "strips" }), overlaps = h("section", { class: "card flush", hidden: true }),
    list = h("div"), lead = h("span"), fault = h("div");
  const filter = h("input", { type: "search", placeholder: "Site or address", "aria-label": "Filter by site or address",
    oninput: () => show() });
  replace(root, pageHead("Addresses", lead, filter), fault,
    h("section", { class: "card" }, h("header", null, h("h2", null, "Ranges"),
      h("p", null, "As the other sites see them; hatched where two sites number alike.")), strips),
    overlaps, h("section", { class: "card flush" }, h("header", null, h("h2", null, "Networks")), list));
  let addresses = null, generation = null, isLeft = false;

  async function read() {
    try {
      addresses = await get("/v1/addresses");
      if (!isLeft) { replace(fault); show(); }
    } catch (error) {
      if (!isLeft) replace(fault, error.status === 404 ? h("p", { class: "hint" }, error.message) : errorBox(error));
    }
  }

  function show() {
    if (!addresses) return;
    const words = filter.value.trim().toLowerCase();
    const shared = new Set(addresses.overlaps.flatMap((overlap) => [`${overlap.site} ${overlap.network}`,
      `${overlap.otherSite} ${overlap.otherNetwork}`]));
    const networks = addresses.sites.flatMap((site) => site.networks.map((network) => ({
      site: site.site, ...network, inner: site.innerAddress, outer: site.outerAddresses,
      isShared: shared.has(`${site.site} ${network.real}`), range: readPrefix(network.visible),
    }))).filter((network) => network.range && (!words || network.site.includes(words) || network.real.includes(words)
      || network.visible.includes(words)))
      .sort((a, b) => a.range.family - b.range.family || (a.range.first < b.range.first ? -1 : a.range.first > b.range.first
        ? 1 : a.range.length - b.range.length));
    lead.textContent = `${plural(networks.length, "network")} of ${plural(addresses.sites.length, "site")}` + (addresses.overlaps.length ? `, ${plural(addresses.overlaps.length, "overlap")} that translation keeps apart.` : ", none overlap.");
    const blocks = blocksOf(networks);
    replace(strips, blocks.slice(0, mostStrips).map(strip), blocks.length > mostStrips ? h("p", { class: "note" },
      `${count(blocks.length - mostStrips)} more ranges; filter to see them.`) : null);
    overlaps.hidden = addresses.overlaps.length === 0;
    replace(overlaps, h("header", null, h("h2", null, "Overlaps"),
      h("p", null, "Sites whose hosts have the same numbers; each is seen under others.")), table("Overlaps", [
      { title: "Site", cell: (overlap) => siteLink(overlap.site) }, { title: "Network", cell: (overlap) => h("code", null,
        overlap.network) },
      { title: "Other site", cell: (overlap) => siteLink(overlap.otherSite) }, { title: "Its network", cell: (overlap) =>
        h("code", null, overlap.otherNetwork) },
    ], addresses.overlaps));
    replace(list, networks.length ? table("Networks", [
      { title: "Network", cell: (network) => h("code", null, network.visible) }, { title: "Site", cell: (network) =>
        siteLink(network.site) },
      { title: "Hosts' own numbers", cell: (network) => network.real === network.visible ? "the same"
        : [h("code", null, network.real), network.isShared ? h("strong", null, " ▨ another has these, too") : ""] },
      { title: "Addresses", className: "number", cell: (network) => size(network.range) },
      { title: "Gateway inside", cell: (network) => h("code", null, network.inner) }, { title: "Gateway outside",
        cell: (network) => h("code", null, network.outer.join(", ") || "not known") },
    ], networks.slice(0, 400)) : h("p", { class: "empty" }, "No network is like that."));
  }

  function update() {
    if (generation === store.generation) return;
    generation = store.generation;
    read();
  }
  return { update, leave() { isLeft = true; } };
}

function strip({ name, networks }) {
  return h("div", { class: "strip" }, h("code", null, name), h("div", { class: "lane" },
    networks.map(({ network, from, width }) => {
    const text = `${network.site}: ${network.visible}` + (network.isShared ? ", its hosts' own numbers are another's, too"
      : "");
    return h("a", { href: gatewayAddress(network.site), class: network.isShared ? "shared" : null, title: text,
      "aria-label": text, style: { left: `${from * 100}%`, width: `${width * 100}%` } }, width > 0.03 ? network.site : "");
  })));
}

const size = ({ family, length }) => {
  const bits = (family === 4 ? 32 : 128) - length;
  return bits <= 32 ? count(2 ** bits) : `2^${bits}`;
};
