// What the page knows of the mesh, kept up to date by the stream, and told to whoever subscribed, once per frame.

import { perFrame } from "./dom.js";
import { codeOf } from "./states.js";

export const linkName = (link) => (typeof link === "string" ? link : `${link.first}--${link.second}`);

/** A link's status with its name and ends as plain texts. */
export function readLink(status) {
  const id = linkName(status.link);
  const [a, b] = id.split("--");
  return { ...status, id, a, b, receivedAt: performance.now() };
}

class MeshStore {
  mesh = "";
  generation = 0;
  isRollingOut = false;
  counts = null;
  rollout = null;
  /** Newest last, a few hundred at most. */
  events = [];
  names = [];
  sites = new Map();
  links = new Map();
  /** Position of a site's name. */
  positions = new Map();
  /** State of the link between two positions, as a code; 0 where there is none. Both halves are filled. */
  codes = new Uint8Array(0);
  /** Of sites, by name; read when a page first asks. */
  tags = new Map();
  tagsOf = 0;
  isLoaded = false;
  /** Grows with each change: what was worked out of an older number is stale. */
  revision = 0;
  #listeners = new Set();
  #tell = perFrame(() => { for (const listener of this.#listeners) listener(); });

  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes a whole status. */
  replace(status) {
    this.mesh = status.mesh;
    this.generation = status.generation;
    this.isRollingOut = status.isRollingOut === true;
    this.sites = new Map(status.sites.map((site) => [site.site, site]));
    this.names = status.sites.map((site) => site.site);
    this.positions = new Map(this.names.map((name, position) => [name, position]));
    this.codes = new Uint8Array(this.names.length ** 2);
    this.links = new Map();
    for (const link of status.links) this.#put(readLink(link));
    this.isLoaded = true;
    this.#changed();
  }

  takeLinks(list) {
    for (const link of list) this.#put(readLink(link));
    this.#changed();
  }

  takeSites(list) {
    for (const site of list) {
      const known = this.sites.get(site.site);
      if (known) this.sites.set(site.site, { ...known, ...site });
    }
    this.#changed();
    return list.every((site) => this.sites.has(site.site));
  }

  takeEvents(list) {
    const last = this.events.at(-1)?.number ?? 0;
    this.events = [...this.events, ...list.filter((event) => event.number > last)].slice(-400);
    this.#changed();
  }

  /** Tags of the generation's sites, from its addresses. */
  takeTags(sites) {
    this.tags = new Map(sites.map((site) => [site.site, site.tags ?? []]));
    this.#changed();
  }

  tagsFor(site) {
    return this.tags.get(site) ?? [];
  }

  takeRollout(rollout) {
    this.rollout = rollout;
    this.isRollingOut = ["running", "waiting", "paused", "halted"].includes(rollout?.view.status);
    this.#changed();
  }

  /** How many links are in which state. */
  tally() {
    const tally = {};
    for (const link of this.links.values()) tally[link.state] = (tally[link.state] ?? 0) + 1;
    return tally;
  }

  /** The links of one site, by name. */
  linksOf(site) {
    return this.names.map((peer) => this.link(site, peer)).filter(Boolean);
  }

  link(a, b) {
    return this.links.get(a < b ? `${a}--${b}` : `${b}--${a}`);
  }

  #put(link) {
    this.links.set(link.id, link);
    const a = this.positions.get(link.a), b = this.positions.get(link.b);
    if (a === undefined || b === undefined) return;
    this.codes[a * this.names.length + b] = this.codes[b * this.names.length + a] = codeOf(link.state);
  }

  #changed() {
    this.revision += 1;
    this.#tell();
  }
}

export const store = new MeshStore();
