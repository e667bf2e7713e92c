// Which page the address asks for: `#/links/berlin--tokyo`. Pages are loaded when they are first shown.

const routes = [
  { pattern: "/", name: "mesh", title: "Mesh", load: () => import("./mesh-page.js") },
  { pattern: "/map", name: "map", title: "Map", load: () => import("./map-page.js") },
  { pattern: "/links/:id", name: "mesh", title: "Link", load: () => import("./link-page.js") },
  { pattern: "/gateways", name: "gateways", title: "Gateways", load: () => import("./gateways-page.js") },
  { pattern: "/gateways/:site", name: "gateways", title: "Gateway", load: () => import("./gateway-page.js") },
  { pattern: "/rollouts", name: "rollouts", title: "Roll-outs", load: () => import("./rollouts-page.js") },
  { pattern: "/rollouts/:generation", name: "rollouts", title: "Roll-out", load: () => import("./rollouts-page.js") },
  { pattern: "/addresses", name: "addresses", title: "Addresses", load: () => import("./addresses-page.js") },
  { pattern: "/inventory", name: "inventory", title: "Inventory", load: () => import("./inventory-page.js") },
  { pattern: "/events", name: "events", title: "Events", load: () => import("./events-page.js") },
];

const nowhere = { name: "", title: "Not found", load: () => import("./missing-page.js") };

/** {name, title, load, parameters, query}. */
export function currentRoute() {
  const [path, query = ""] = location.hash.replace(/^#/, "").split("?");
  const parts = (path || "/").split("/").filter(Boolean);
  for (const route of routes) {
    const parameters = match(route.pattern.split("/").filter(Boolean), parts);
    if (parameters) return { ...route, parameters, query: new URLSearchParams(query) };
  }
  return { ...nowhere, parameters: {}, query: new URLSearchParams() };
}

function match(pattern, parts) {
  if (pattern.length !== parts.length) return null;
  const parameters = {};
  for (let at = 0; at < pattern.length; at += 1) {
    if (pattern[at].startsWith(":")) {
      try { parameters[pattern[at].slice(1)] = decodeURIComponent(parts[at]); } catch { return null; }
    } else if (pattern[at] !== parts[at]) return null;
  }
  return parameters;
}

export const onRoute = (listener) => window.addEventListener("hashchange", listener);

export const linkAddress = (id) => `#/links/${encodeURIComponent(id)}`;
export const gatewayAddress = (site) => `#/gateways/${encodeURIComponent(site)}`;

/** Changes what is behind the `?` without another page. */
export function keepQuery(values) {
  const query = new URLSearchParams(Object.entries(values).filter(([, value]) => value));
  const path = location.hash.replace(/^#/, "").split("?")[0] || "/";
  history.replaceState(null, "", `#${path}${query.size ? "?" + query : ""}`);
}
