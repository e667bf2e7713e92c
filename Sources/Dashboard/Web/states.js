// The states of a link: one word, one shape and one colour each, so that none is told by its colour alone.

import { h, icon } from "./dom.js";

/** In order of what wants a look first. */
export const states = [
  { name: "down", path: "M3.2 4.6 4.6 3.2 8 6.6l3.4-3.4 1.4 1.4L9.4 8l3.4 3.4-1.4 1.4L8 9.4l-3.4 3.4-1.4-1.4L6.6 8z" },
  { name: "degraded", path: "M8 1.8 15 14H1ZM7.2 6v4h1.6V6ZM7.2 11v1.7h1.6V11Z" },
  { name: "connecting", path: "M8 2a6 6 0 1 0 0 12A6 6 0 1 0 8 2ZM8 3.6v8.8a4.4 4.4 0 0 1 0-8.8Z" },
  { name: "waiting", path: "M4 2h8v1.8L9.2 8 12 12.200V14H4v-1.800L6.800 8 4 3.800Z" },
  { name: "unknown", path: "M8 1.500 14.500 8 8 14.500 1.500 8ZM8 4.300 4.300 8 8 11.700 11.700 8Z" },
  { name: "drained", path: "M3 4h3.500v8H3ZM9.500 4H13v8H9.500Z" },
  { name: "up", path: "M8 3a5 5 0 1 0 0 10A5 5 0 1 0 8 3Z" },
];

const byName = new Map(states.map((state, position) => [state.name, { ...state, code: position + 1 }]));

/** A small number for the state, from 1 on; a state that this page does not know is told as unknown. */
export const codeOf = (name) => (byName.get(name) ?? byName.get("unknown")).code;
export const stateOf = (code) => states[code - 1];
export const shapeOf = (name) => (byName.get(name) ?? byName.get("unknown")).path;
export const isWell = (name) => name === "up" || name === "drained";

/** Sorts what wants a look first to the top. */
export const severity = (link) => codeOf(link.state) * 2 - (link.isFlapping ? 1 : 0);

export function glyph(name) {
  return icon(shapeOf(name));
}

/** Shape and word. */
export function stateText(name, attributes) {
  const known = byName.has(name) ? name : "unknown";
  return h("span", { class: "state", "data-state-of": known, ...attributes }, glyph(known), name);
}

export const stateBadge = (name) => stateText(name, { class: "state badge" });

/** How a gateway is, told with the same shapes: what is wrong in words, or nothing. */
export function gatewayFault(site) {
  if (!site.connected) return { state: "down", text: "its agent is not connected" };
  if (site.failure) return { state: "degraded", text: site.failure };
  if (site.drift?.length) return { state: "degraded", text: `changed by hand: ${site.drift[0]}` };
  return null;
}
