// The mesh at one look: a sentence, the matrix, and the links that want a look.

import { readTags } from "./api.js";
import { h, icon, replace } from "./dom.js";
import { count, plural } from "./format.js";
import { LinkTable } from "./link-table.js";
import { Matrix } from "./matrix.js";
import { pageHead } from "./parts.js";
import { keepQuery } from "./router.js";
import { gatewayFault, isWell, states } from "./states.js";
import { store } from "./store.js";

export function draw(root, route) {
  const chosen = new Set((route.query.get("state") ?? "").split(",").filter((name) => states.some((state) =>
    state.name === name)));
  const filter = { text: route.query.get("q") ?? "", tag: route.query.get("tag") ?? "" };
  const title = h("h1", { tabindex: "-1" }, "Mesh");
  const lead = h("p", { class: "lead" });
  const chips = h("div", { class: "row", role: "group", "aria-label": "Show only links that are" });
  const text = h("input", { type: "search", value: filter.text, placeholder: "Filter sites",
    "aria-label": "Filter sites by name", oninput: () => { filter.text = text.value.trim().toLowerCase(); keep(); } });
  const tag = h("select", { "aria-label": "Only sites with the tag", onchange: () => { filter.tag = tag.value; keep(); } });
  const matrix = new Matrix();
  const zoom = h("div", { class: "group", role: "group", "aria-label": "Size of the cells" },
    [[-1, "Fit"], [0, "1×"], [1, "1.5×"], [2, "2×"]].map(([value, name]) => h("button", {
      "aria-pressed": "false", "data-zoom": value, onclick: () => {
        matrix.setZoom(value);
        showZoom();
      },
    }, name)));
  const showZoom = () => { for (const button of zoom.children) button.setAttribute("aria-pressed",
    String(Number(button.dataset.zoom) === matrix.zoom)); };
  const links = new LinkTable("Links");
  const linksTitle = h("h2", null, "Links");
  const body = h("div", { class: "mesh" },
    h("section", { class: "card", "aria-label": "Matrix" }, matrix.element, h("p", { class: "note matrix-legend" },
      states.map((state) =>
      h("span", { class: "state", "data-state-of": state.name }, icon(state.path), state.name)))),
    h("section", { class: "card flush" }, h("header", null, linksTitle), links.element));
  const empty = h("div", { class: "hint", hidden: true }, "No inventory has been applied yet. ",
    h("code", null, "warren apply sites.yaml"), " declares the first sites.");
  replace(root, h("div", { class: "head" }, h("div", null, title, lead)), empty,
    h("div", { class: "row filters" }, chips, text, tag, zoom), body);
  const buttons = new Map(states.map((state) => {
    const number = h("b");
    const button = h("button", { "data-state-of": state.name,
      onclick: () => { if (!chosen.delete(state.name)) chosen.add(state.name); keep(); } },
      icon(state.path), state.name, number);
    return [state.name, { button, number }];
  }));
  const unwell = h("button", { onclick: () => {
    const names = states.map((state) => state.name).filter((name) => !isWell(name));
    const isOn = names.every((name) => chosen.has(name));
    for (const name of names) { if (isOn) chosen.delete(name); else chosen.add(name); }
    keep();
  } }, "not well");
  chips.append(...[...buttons.values()].map(({ button }) => button), unwell);
  let tags = null;

  function keep() {
    keepQuery({ state: [...chosen].join(","), q: filter.text, tag: filter.tag });
    update();
  }

  function drawTags() {
    const known = [...new Set([...store.tags.values()].flat())].sort();
    if (tags !== null && tags.join() === known.join()) return;
    tags = known;
    tag.hidden = known.length === 0;
    replace(tag, h("option", { value: "" }, "All tags"), known.map((name) => h("option", { value: name }, name)));
    tag.value = filter.tag;
  }

  const isShown = (name) => (!filter.text || name.includes(filter.text))
    && (!filter.tag || store.tagsFor(name).includes(filter.tag));

  function update() {
    readTags(store);
    const tally = store.tally();
    empty.hidden = store.names.length > 0;
    body.hidden = store.names.length === 0;
    title.textContent = store.mesh || "Mesh";
    lead.textContent = sentence(tally);
    drawTags();
    for (const [name, { button, number }] of buttons) {
      number.textContent = count(tally[name] ?? 0);
      button.hidden = !tally[name] && !chosen.has(name) && name !== "up" && name !== "down";
      button.setAttribute("aria-pressed", String(chosen.has(name)));
    }
    unwell.setAttribute("aria-pressed", String(states.every((state) => isWell(state.name) || chosen.has(state.name))));
    const matches = (link) => chosen.size === 0 || chosen.has(link.state);
    const chosenLinks = [...store.links.values()].filter((link) => matches(link) && (isShown(link.a) || isShown(link.b)));
    const concerned = chosen.size === 0 ? null : new Set(chosenLinks.flatMap((link) => [link.a, link.b]));
    const positions = store.names.map((_, position) => position);
    const columns = positions.filter((at) => !concerned || concerned.has(store.names[at]));
    matrix.show(columns.filter((at) => isShown(store.names[at])), columns, chosen);
    if (matrix.zoom === null) matrix.setZoom(store.names.length > 60 ? -1 : 0);
    showZoom();
    body.classList.toggle("large", columns.length > 12);
    linksTitle.textContent = plural(chosenLinks.length, "link");
    links.show(chosenLinks);
  }

  return { update, leave: () => matrix.leave() };
}

function sentence(tally) {
  const total = store.links.size, up = tally.up ?? 0, drained = tally.drained ?? 0;
  const faults = [...store.sites.values()].filter(gatewayFault).length;
  const links = up + drained === total ? `All ${plural(total, "link")} of ${plural(store.names.length, "site")} stand.`
    : `${count(up)} of ${plural(total, "link")} ${up === 1 ? "is" : "are"} up.`;
  const away = faults ? ` ${plural(faults, "gateway wants", "gateways want")} a look.` : "";
  const rollout = store.isRollingOut ? " A roll-out is under way." : "";
  return `${links}${away}${rollout} Generation ${store.generation}.`;
}
