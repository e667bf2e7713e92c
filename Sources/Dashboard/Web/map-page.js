// The mesh as a graph: gateways that carry much to one another lie close together; what is not up is drawn broken.

import { howToInstall, loadD3 } from "./d3.js";
import { h, perFrame, replace, s } from "./dom.js";
import { bitsPerSecond, count, milliseconds, plural } from "./format.js";
import { LinkTable } from "./link-table.js";
import { pageHead } from "./parts.js";
import { gatewayAddress } from "./router.js";
import { gatewayFault, isWell, shapeOf, states, stateText } from "./states.js";
import { store } from "./store.js";

/** More edges than these are not drawn at once: then only what is not well, and the links of the site under the cursor. */
const mostEdges = 1200;
let size = { width: 1000, height: 640 };
const dashes = { down: "2 7", degraded: "10 5", connecting: "5 5", waiting: "1 6", unknown: "3 8", drained: "14 8" };

export function draw(root) {
  const edges = s("g"), texts = s("g"), nodes = s("g"), world = s("g", null, edges, texts, nodes);
  const drawing = s("svg", { role: "group", "aria-label": "Map of the mesh: its gateways, each with what is known of it" },
    world);
  const told = h("p", { class: "note", "aria-live": "polite" });
  const map = h("section", { class: "card map", "aria-label": "Map" }, drawing, told);
  const links = new LinkTable("Links", "rate");
  replace(root, pageHead("Map", "Wider lines carry more. Point at a gateway, or move to it with Tab, to see its links alone.",
    h("p", { class: "note matrix-legend" }, states.map((state) => stateText(state.name)))),
  map, h("section", { class: "card flush" }, h("header", null, h("h2", null, "Links")), links.element));
  let d3 = null, simulation = null, places = new Map(), drawn = "", near = null, isLeft = false;

  const room = new ResizeObserver(() => {
    if (!drawing.clientWidth) return;
    size = { width: drawing.clientWidth, height: drawing.clientHeight };
    drawing.setAttribute("viewBox", `0 0 ${size.width} ${size.height}`);
    paint();
  });
  room.observe(drawing);
  loadD3().then((loaded) => {
    if (isLeft) return;
    d3 = loaded;
    if (!d3) { replace(map, h("p", { class: "hint" }, howToInstall)); return; }
    const zoom = d3.zoom().scaleExtent([0.4, 6]).on("zoom", () => world.setAttribute("transform",
      d3.event.transform.toString()));
    d3.select(drawing).call(zoom);
    update();
  });

  /** New sites or links: the layout begins anew, from where the known ones are. */
  function arrange() {
    const list = store.names.map((name, at) => {
      const angle = at / store.names.length * 2 * Math.PI;
      return places.get(name) ?? { name, x: size.width / 2 + 200 * Math.cos(angle),
        y: size.height / 2 + 200 * Math.sin(angle) };
    });
    places = new Map(list.map((place) => [place.name, place]));
    const degree = Math.max(1, store.links.size * 2 / Math.max(1, list.length));
    const pairs = [...store.links.values()].map((link) => ({ source: places.get(link.a),
      target: places.get(link.b) })).filter(({ source, target }) => source && target);
    simulation?.stop();
    simulation = d3.forceSimulation(list)
      .force("links", d3.forceLink(pairs.length > 4000 ? [] : pairs).distance(150).strength(0.7 / degree))
      .force("charge", d3.forceManyBody().strength(list.length > 60 ? -160 : -900))
      .force("x", d3.forceX(size.width / 2).strength(0.05)).force("y", d3.forceY(size.height / 2).strength(0.09))
      .force("apart", d3.forceCollide(list.length > 60 ? 12 : 34)).stop();
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches || list.length > 60;
    if (!isCalm) { simulation.tick(120); simulation.alpha(0.3).on("tick", paint).restart(); return; }
    settle(simulation, 240);
  }

  /** In pieces, so that no frame is long. */
  function settle(running, left) {
    if (isLeft || running !== simulation) return;
    const begin = performance.now();
    while (left > 0 && performance.now() - begin < 12) { running.tick(); left -= 1; }
    paint();
    if (left > 0) requestAnimationFrame(() => settle(running, left));
  }

  const paint = perFrame(() => {
    if (isLeft || !d3) return;
    const all = [...store.links.values()];
    const shown = all.length <= mostEdges ? all
      : [...all.filter((link) => !isWell(link.state)).slice(0, mostEdges), ...(near ? store.linksOf(near).filter((link) =>
        isWell(link.state)) : [])];
    const fit = fitting([...places.values()]);
    const radius = places.size > 60 ? 6 : 11;
    join(edges, shown, (link) => link.id, () => s("line", { class: "edge" }), (line, link) => {
      const from = fit(places.get(link.a)), to = fit(places.get(link.b));
      set(line, { x1: from.x, y1: from.y, x2: to.x, y2: to.y, "stroke-width": width(link),
        "stroke-dasharray": dashes[link.state], "data-state-of": link.state, class: isNear(link) ? "edge near" : "edge" });
    });
    const texted = shown.filter((link) => (near ? isNear(link) : all.length <= 15)).slice(0, 40);
    join(texts, texted, (link) => link.id, edgeText, (text, link) => {
      const from = fit(places.get(link.a)), to = fit(places.get(link.b));
      const at = near === link.a ? 0.65 : near === link.b ? 0.35 : 0.5;
      set(text, { x: from.x + (to.x - from.x) * at, y: from.y + (to.y - from.y) * at });
      for (const line of text.children) line.setAttribute("x", text.getAttribute("x"));
      text.firstChild.textContent = link.state === "up" ? milliseconds(link.roundTripMilliseconds) : link.state;
      text.lastChild.textContent = (size.width < 600 && !near) || !rate(link) ? "" : bitsPerSecond(rate(link));
    });
    join(nodes, store.names, (name) => name, (name) => node(name, radius), (element, name) => {
      const at = fit(places.get(name));
      const fault = gatewayFault(store.sites.get(name));
      const peers = store.linksOf(name), up = peers.filter((link) => isWell(link.state)).length;
      if (fault) element.querySelector(".sign").setAttribute("d", shapeOf(fault.state));
      set(element, { transform: `translate(${at.x},${at.y})`, "data-state-of": fault?.state,
        class: `node${fault ? " fault" : ""}${near && (name === near || store.link(name, near)) ? " near" : ""}`,
        "aria-label": `${name}: ${up} of ${plural(peers.length, "link")} up${fault ? ", " + fault.text : ""}` });
      element.lastChild.textContent = places.size > 80 && name !== near && !fault ? "" : name;
    });
    world.classList.toggle("still", near !== null);
  });

  /** Round trip, or what state it is in; beneath it, what it carries. */
  const edgeText = () => s("text", { class: "edge-text", "aria-hidden": "true" }, s("tspan"), s("tspan", { dy: "1.2em" }));

  const isNear = (link) => near !== null && (link.a === near || link.b === near);

  function node(name, radius) {
    const element = s("a", { href: gatewayAddress(name), class: "node" }, s("circle", { r: radius }),
      s("path", { class: "sign", transform: `translate(${-radius * 0.6},${-radius * 0.6}) scale(${radius * 1.2 / 16})` }),
      s("text", { y: radius + 15 }, name));
    const enter = () => { near = name; say(); paint(); }, leave = () => { near = null; told.textContent = ""; paint(); };
    element.addEventListener("pointerenter", enter);
    element.addEventListener("focus", enter);
    element.addEventListener("pointerleave", leave);
    element.addEventListener("blur", leave);
    return element;
  }

  function say() {
    const peers = store.linksOf(near);
    const rate = peers.reduce((sum, link) => sum + (link.receivedBitsPerSecond ?? 0) + (link.sentBitsPerSecond ?? 0), 0);
    told.textContent = `${near}: ${count(peers.filter((link) => link.state === "up").length)} of ${plural(peers.length, "link")} up, ${bitsPerSecond(rate)} on them.`;
  }

  function update() {
    links.show([...store.links.values()]);
    if (!d3) return;
    const shape = store.names.join() + "|" + store.links.size;
    if (shape !== drawn) { drawn = shape; arrange(); }
    paint();
  }
  return { update, leave() { isLeft = true; simulation?.stop(); room.disconnect(); } };
}

const rate = (link) => (link.receivedBitsPerSecond ?? 0) + (link.sentBitsPerSecond ?? 0);
/** 1.5 for none, and 1 more for each power of ten above 10 kbit/s. */
const width = (link) => Math.min(8, 1.5 + Math.max(0, Math.log10(Math.max(1, rate(link))) - 4)).toFixed(1);

/** Moves and scales places so that all of them are within the drawing. */
function fitting(list) {
  const range = (key) => list.reduce(([low, high], place) => [Math.min(low, place[key]), Math.max(high, place[key])],
    [Infinity, -Infinity]);
  const [left, right] = range("x"), [top, bottom] = range("y");
  const room = { x: Math.min(70, size.width / 8), y: 46 };
  const scale = Math.min((size.width - 2 * room.x) / Math.max(1, right - left), (size.height - 2 * room.y) / Math.max(1,
    bottom - top), 3);
  return ({ x, y }) => ({ x: size.width / 2 + (x - (left + right) / 2) * scale,
    y: size.height / 2 + (y - (top + bottom) / 2) * scale });
}

function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined) element.removeAttribute(name);
    else element.setAttribute(name, value);
  }
}

/** One element per value, kept between frames. */
function join(group, values, key, make, dress) {
  const known = group.known ?? (group.known = new Map());
  const next = new Map();
  for (const value of values) {
    const name = key(value);
    const element = known.get(name) ?? group.appendChild(make(value));
    dress(element, value);
    next.set(name, element);
  }
  for (const [name, element] of known) if (!next.has(name)) element.remove();
  group.known = next;
}
