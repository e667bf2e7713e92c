// Parts that several pages show.

import { h } from "./dom.js";
import { duration, moment } from "./format.js";
import { gatewayAddress, linkAddress } from "./router.js";
import { linkName } from "./store.js";

export function pageHead(title, lead, ...aside) {
  return h("div", { class: "head" }, h("div", null, h("h1", { tabindex: "-1" }, title), lead ? h("div", { class: "lead" },
    lead) : null), h("div", { class: "row" }, aside));
}

/** A failure in the controller's words, an inventory's faults with their places. */
export function errorBox(error) {
  const faults = (error.diagnostics ?? []).map((fault) => {
    const place = typeof fault.location === "object" ? `${fault.location.file}:${fault.location.line}:${fault.location.column}`
      : fault.location;
    return `${place}: ${fault.rule}: ${fault.message}` + (fault.remedy ? `\n  remedy: ${fault.remedy}` : "");
  });
  return h("div", { class: "problem", role: "alert" }, error.message || String(error), faults.length ? h("pre", null,
    faults.join("\n")) : null);
}

export const siteLink = (site) => h("a", { href: gatewayAddress(site) }, site);
export function linkLink(id) {
  const [a, b] = id.split("--");
  return h("a", { href: linkAddress(id) }, `${a} – ${b}`);
}

export function facts(pairs) {
  return h("dl", { class: "facts" }, pairs.filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => [h("dt", null, name), h("dd", null, value)]));
}

export function figures(pairs) {
  return h("dl", { class: "figures" }, pairs.map(([name, value, more]) =>
    h("div", null, h("dt", null, name), h("dd", null, value, more ? [" ", h("small", null, more)] : null))));
}

/** A share as a bar, with its meaning in words. */
export function bar(share, text, isSoon) {
  const width = Math.round(Math.max(0, Math.min(1, share)) * 100);
  return h("div", { class: isSoon ? "bar soon" : "bar", role: "img", "aria-label": text, title: text },
    h("i", { style: { width: `${width}%` } }));
}

/** Newest first. */
export function eventList(events, isPlain) {
  if (!events.length) return h("p", { class: "empty" }, "Nothing has happened yet.");
  return h("ol", { class: "events" }, [...events].sort((a, b) => b.number - a.number).map((event) => {
    const id = event.link ? linkName(event.link) : null;
    return h("li", null, h("time", { datetime: event.at }, moment(event.at)),
      h("div", null, h("p", null, event.text),
        h("span", { class: "kind" }, event.kind, isPlain ? null : [id ? [" · ", linkLink(id)] : event.site ? [" · ",
          siteLink(event.site)] : null])));
  }));
}

/** "for 3 h" of a link in its state. */
export function since(link) {
  if (typeof link.sinceSeconds !== "number") return "";
  return `${duration(link.sinceSeconds + (performance.now() - link.receivedAt) / 1000)}`;
}

/** Asks before something is done. Calls `work` and stays open with its failure until that is read. */
export function confirmation(title, text, verb, isDangerous, work) {
  const fault = h("div");
  const go = h("button", { class: isDangerous ? "danger" : "primary", onclick: act }, verb);
  const back = h("button", { onclick: () => box.close() }, "Not now");
  const box = h("dialog", { "aria-labelledby": "dialog-title", onclose: () => box.remove() },
    h("h2", { id: "dialog-title" }, title), h("p", null, text), fault, h("div", { class: "row" }, back, go));
  document.body.append(box);
  box.showModal();
  back.focus();

  async function act() {
    go.disabled = true;
    try {
      await work();
      box.close();
    } catch (error) {
      fault.replaceChildren(errorBox(error));
      go.disabled = false;
    }
  }
}
