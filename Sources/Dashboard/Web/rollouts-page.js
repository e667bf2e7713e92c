// Roll-outs: the one that is under way with its waves, and those before it.

import { get, may, post } from "./api.js";
import { h, replace, table } from "./dom.js";
import { duration, moment, plural } from "./format.js";
import { confirmation, errorBox, eventList, pageHead, siteLink } from "./parts.js";
import { drawSteps, outcome, rolloutState } from "./rollout-steps.js";
import { store } from "./store.js";

const commands = {
  pause: ["Pause", "No further gateway is touched until it goes on. Those that are under way finish."],
  resume: ["Resume", "It goes on with the next gateways; what failed is tried again."],
  abort: ["Abort",
    "Gateways stay as they are now, some with the new state and some with the old. The next roll-out brings them together."],
  rollback: ["Roll back", "Every gateway that was touched goes back to what it ran before."],
};

export function draw(root, route, who) {
  const wanted = route.parameters.generation ?? "current";
  const body = h("div", { class: "page" }), list = h("section", { class: "card flush", "aria-label": "Roll-outs so far" }),
    events = h("div");
  let isLeft = false, seen = "", past = [];
  replace(root, pageHead(wanted === "current" ? "Roll-outs" : `Roll-out to generation ${wanted}`,
    "Gateways are led to a new generation in steps, each made in waves: a canary pair first, then more at a time."), body,
      list);

  async function read() {
    try {
      const rollout = await get(`/v1/rollouts/${encodeURIComponent(wanted)}`);
      if (!isLeft) show(rollout);
    } catch (error) {
      if (!isLeft) replace(body, error.status === 404 ? h("p", { class: "hint" }, wanted === "current"
        ? "No inventory has been applied yet, so there was no roll-out." : error.message) : errorBox(error));
    }
    if (wanted === "current") get("/v1/rollouts/current/events").then((progress) => { if (!isLeft) replace(events,
      eventList(progress.events, false)); }, () => {});
    past = await get("/v1/rollouts").catch(() => past);
    if (!isLeft) drawPast();
  }

  function show(rollout) {
    const { view } = rollout;
    const isCurrent = wanted === "current" || Number(wanted) === store.rollout?.generation;
    const focused = body.contains(document.activeElement) ? document.activeElement.dataset.command : null;
    const others = [["Did not come along", view.failed], ["Late", view.late]].filter(([, list]) => list.length);
    replace(body,
      h("section", { class: "card" },
        h("header", null, h("div", null, h("h2", null, `Generation ${rollout.from || "none"} → ${rollout.generation}`,
        view.kind === "rollBack" ? ", back" : ""),
        h("p", null, times(rollout))), h("div", { class: "row" }, rolloutState(view.status))),
      view.reason ? h("p", { class: "note" }, view.reason) : null,
      drawSteps(view.steps),
      isCurrent ? buttons(rollout) : null),
      view.underWay.length || view.leftBehind.length || others.length ? h("section", { class: "card" },
        h("header", null, h("h2", null, "Gateways")),
        view.underWay.length ? h("p", null, "Under way: ", names(view.underWay)) : null,
        view.leftBehind.length ? h("p", null, "Left behind: ", names(view.leftBehind)) : null,
        others.map(([title, list]) => table(title, [{ title, cell: (entry) => siteLink(entry.site) },
          { title: "Why", className: "wrap", cell: (entry) => entry.reason }], list))) : null,
      wanted === "current" ? h("section", { class: "card" }, h("header", null, h("h2", null, "Events of it")), events) : null);
    if (focused) body.querySelector(`[data-command="${focused}"]`)?.focus();
  }

  function buttons(rollout) {
    const { status } = rollout.view;
    const open = { running: ["pause", "abort", "rollback"], waiting: ["pause", "resume", "abort", "rollback"],
      paused: ["resume", "abort", "rollback"], halted: ["resume", "abort", "rollback"] }[status] ?? [];
    if (!open.length) return null;
    if (!may(who, "operator")) return h("p", { class: "note" }, "Operators can pause, resume, abort and roll it back.");
    return h("div", { class: "row commands" }, open.map((name) => h("button", {
      "data-command": name, class: name === "rollback" || name === "abort" ? "danger" : null,
      onclick: () => confirmation(`${commands[name][0]} the roll-out to generation ${rollout.generation}?`, commands[name][1],
        commands[name][0], name === "rollback" || name === "abort",
        async () => { show(await post(`/v1/rollouts/current/${name}`, { generation: rollout.generation })); read(); }),
    }, commands[name][0])));
  }

  function drawPast() {
    replace(list, h("header", null, h("h2", null, "All that are kept")), past.length ? table("Roll-outs so far", [
      { title: "To", cell: (rollout) => h("a", { href: `#/rollouts/${rollout.generation}` },
        `generation ${rollout.generation}`) },
      { title: "Outcome", cell: (rollout) => outcome(rollout.view) },
      { title: "Began", cell: (rollout) => moment(rollout.startedAt) },
      { title: "Took", className: "number", cell: (rollout) => rollout.finishedAt
        ? duration((new Date(rollout.finishedAt) - new Date(rollout.startedAt)) / 1000) : "–" },
      { title: "Gateways", className: "number", cell: (rollout) => Math.max(0, ...rollout.view.steps.map((step) =>
        step.total)) },
      { title: "Why", className: "wrap", cell: (rollout) => rollout.view.reason ?? "" },
    ], past) : h("p", { class: "empty" }, "None yet."));
  }

  function update() {
    const now = JSON.stringify(store.rollout?.view ?? null);
    if (now === seen) return;
    seen = now;
    if (wanted === "current" && store.rollout) show(store.rollout);
    read();
  }

  read();
  return { update, leave() { isLeft = true; } };
}

const names = (sites) => sites.slice(0, 40).map((site, at) => [at ? ", " : "", siteLink(site)]).concat(sites.length > 40
  ? ` and ${plural(sites.length - 40, "other")}` : []);

const times = (rollout) => `Began ${moment(rollout.startedAt)}` + (rollout.finishedAt ? `, ended ${moment(rollout.finishedAt)}`
  : "");
