// How far a roll-out is: a row per step, a bar per wave.

import { h } from "./dom.js";
import { plural } from "./format.js";
import { bar } from "./parts.js";
import { stateText } from "./states.js";

const looks = { running: "connecting", waiting: "waiting", paused: "drained", halted: "down", completed: "up",
  aborted: "degraded", rolledBack: "degraded" };
const words = { rolledBack: "rolled back" };

export function rolloutState(status) {
  const text = stateText(looks[status] ?? "unknown", { class: "state badge" });
  text.lastChild.textContent = words[status] ?? status;
  return text;
}

export function outcome(view) {
  const text = rolloutState(view.status);
  text.classList.remove("badge");
  return text;
}

const stepWords = { expand: "Expand", switchOver: "Switch", contract: "Contract" };
const meanings = {
  expand: "Old and new stand side by side; the old is in use.", switchOver: "The new is in use; the old is still taken.",
    contract: "The new alone stands.",
};

export function drawSteps(steps) {
  if (!steps.length) return h("p", { class: "note" }, "No gateway is touched.");
  return h("ol", { class: "waves" }, steps.map((step) => h("li", { class: "step" },
    h("div", null, h("strong", { title: meanings[step.step] }, stepWords[step.step] ?? step.step), h("div", { class: "note" },
      plural(step.total, "gateway"))),
    step.waves.length ? h("div", { class: "lanes" }, step.waves.map((wave) => {
      const text = `${wave.name}: ${wave.done} of ${plural(wave.total, "gateway")}, ${wave.phase}`;
      return h("div", { class: `wave ${wave.phase}`, style: { "flex-grow": String(Math.max(1, Math.sqrt(wave.total))) } },
        bar(wave.total ? wave.done / wave.total : 1, text), h("span", null, `${wave.name} ${wave.done}/${wave.total}`));
    })) : h("span", { class: "note" }, step.phase))));
}
