// What stands around every page: navigation, the mesh's name, the sign of life, the look.

import { h, icon, replace, announce } from "./dom.js";
import { duration, plural } from "./format.js";
import { gatewayFault, isWell } from "./states.js";
import { store } from "./store.js";
import { silence } from "./stream.js";

const items = [
  ["mesh", "#/", "Mesh",
    "M2 2h3v3H2Zm4.500 0h3v3h-3ZM11 2h3v3h-3ZM2 6.500h3v3H2Zm4.500 0h3v3h-3Zm4.500 0h3v3h-3ZM2 11h3v3H2Zm4.500 0h3v3h-3Zm4.500 0h3v3h-3Z"],
  ["map", "#/map", "Map",
    "M3.500 1.500a2 2 0 0 1 1.900 2.600l2 1.500 3-1.300a2 2 0 1 1 .6 1.400l-3 1.300v3.100a2 2 0 1 1-1.500 0V6.800L4.500 5.300A2 2 0 1 1 3.500 1.500Z"],
  ["gateways", "#/gateways", "Gateways", "M2 3h12v4H2Zm2 1.300v1.400h1.500V4.300ZM2 9h12v4H2Zm2 1.300v1.400h1.500v-1.400Z"],
  ["rollouts", "#/rollouts", "Roll-outs", "M2 3h5v2H2Zm0 4h9v2H2Zm0 4h12v2H2Z"],
  ["addresses", "#/addresses", "Addresses", "M2 2h12v3H2Zm0 4.500h5v3H2Zm6.500 0H14v3H8.500ZM2 11h2.500v3H2Zm4 0h8v3H6Z"],
  ["inventory", "#/inventory", "Inventory", "M3 1h7l3 3v11H3Zm1.500 1.500v11h7V5H9V2.500ZM6 7h4v1.300H6Zm0 3h4v1.300H6Z"],
  ["events", "#/events", "Events",
    "M8 1.500a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13ZM8 3a5 5 0 1 1 0 10A5 5 0 0 1 8 3Zm-.7 1.500v4l3 1.800.7-1.200-2.300-1.400V4.500Z"],
];

const words = { live: "Live", polling: "Polling", stale: "Stale" };

export function drawFrame(place, who, onLeave) {
  const links = new Map(), marks = new Map();
  const list = items.map(([name, address, title, path]) => {
    const mark = h("span", { class: "mark", hidden: true });
    const link = h("a", { href: address }, icon(path), title, mark);
    links.set(name, link);
    marks.set(name, mark);
    return h("li", null, link);
  });
  const mesh = h("span", null, "");
  const sign = h("span", { class: "live", "data-state": "stale", role: "status" }, "Connecting");
  const theme = h("button", { class: "plain", onclick: nextTheme }, "");
  const main = h("main", { id: "main", tabindex: "-1" });
  replace(place, h("div", { class: "frame" },
    h("div", { class: "side" },
      h("a", { class: "brand", href: "#/" }, h("img", { src: "/assets/icon.svg", alt: "", width: 30, height: 30 }),
        h("div", null, h("strong", null, "Warren"), mesh)),
      h("nav", { "aria-label": "Pages" }, h("ul", null, list)),
      h("div", { class: "foot" }, sign,
        h("span", { class: "who" }, who.name ? `${who.name}, ${who.role}` : who.role ?? ""),
        h("div", { class: "row" }, theme, who.means !== "session" ? null : h("button", { class: "plain", onclick: onLeave },
          "Sign out")))),
    main));
  showTheme();

  function nextTheme() {
    const next = { "": "light", light: "dark", dark: "" }[document.documentElement.dataset.theme ?? ""];
    if (next) document.documentElement.dataset.theme = next;
    else delete document.documentElement.dataset.theme;
    localStorage.setItem("warren-theme", next);
    showTheme();
    window.dispatchEvent(new Event("warren-theme"));
  }
  function showTheme() {
    const chosen = document.documentElement.dataset.theme ?? "system";
    theme.textContent = `Look: ${chosen}`;
    theme.setAttribute("aria-label", `Look: ${chosen}. Change it`);
  }

  let state = "";
  function setSign(next) {
    if (next !== state && next === "stale") announce("The dashboard does not hear from the controller");
    state = next;
    sign.dataset.state = next;
    sign.textContent = words[next];
    document.documentElement.dataset.sign = next;
  }
  const clock = setInterval(() => {
    if (!sign.isConnected) { clearInterval(clock); return; }
    if (state === "stale" && store.isLoaded) sign.textContent = `Stale, ${duration(silence() / 1000)}`;
  }, 1000);

  function setMark(name, text, isBad) {
    const mark = marks.get(name);
    mark.hidden = !text;
    mark.textContent = text;
    mark.classList.toggle("bad", isBad);
  }

  return {
    who, main, setSign,
    setRoute(route) {
      for (const [name, link] of links) {
        if (name === route.name) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
      }
      links.get(route.name)?.scrollIntoView({ block: "nearest", inline: "nearest" });
    },
    update() {
      mesh.textContent = store.mesh;
      let unwell = 0, faults = 0;
      for (const link of store.links.values()) if (!isWell(link.state)) unwell += 1;
      for (const site of store.sites.values()) if (gatewayFault(site)) faults += 1;
      setMark("mesh", unwell ? String(unwell) : "", true);
      setMark("gateways", faults ? String(faults) : "", true);
      const status = store.rollout?.view.status;
      setMark("rollouts", store.isRollingOut ? status ?? "running" : "", status === "halted");
      announce(unwell ? `${plural(unwell, "link")} not up` : "");
    },
  };
}
