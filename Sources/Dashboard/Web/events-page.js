// What has happened, newest first, as it happens.

import { get } from "./api.js";
import { h, replace } from "./dom.js";
import { errorBox, eventList, pageHead } from "./parts.js";
import { store } from "./store.js";

export function draw(root) {
  const list = h("section", { class: "card", "aria-label": "Events" });
  const kind = h("select", { "aria-label": "Kind of event", onchange: () => update() });
  const text = h("input", { type: "search", placeholder: "Filter", "aria-label": "Filter events", oninput: () => update() });
  let older = [], kinds = null;
  replace(root, pageHead("Events", "As the controller has kept them, newest first.", kind, text), list);
  get("/v1/events?limit=1000").then((events) => { older = events; update(); }, (error) => replace(list, errorBox(error)));

  function update() {
    const last = older.at(-1)?.number ?? 0;
    const all = [...older, ...store.events.filter((event) => event.number > last)];
    const known = [...new Set(all.map((event) => event.kind))].sort();
    if (kinds !== known.join()) {
      kinds = known.join();
      const chosen = kind.value;
      replace(kind, h("option", { value: "" }, "Every kind"), known.map((name) => h("option", { value: name }, name)));
      kind.value = chosen;
    }
    const words = text.value.trim().toLowerCase();
    const shown = all.filter((event) => (!kind.value || event.kind === kind.value)
      && (!words || `${event.text} ${event.site ?? ""} ${event.kind}`.toLowerCase().includes(words)));
    replace(list, eventList(shown.slice(-300), false));
  }
  return { update };
}
