// The inventory of each generation, what differs between two, and what a draft would change.

import { get, post } from "./api.js";
import { drawChanges } from "./change-view.js";
import { drawDifference } from "./difference.js";
import { h, replace } from "./dom.js";
import { moment, plural } from "./format.js";
import { errorBox, pageHead } from "./parts.js";
import { keepQuery } from "./router.js";
import { store } from "./store.js";

export function draw(root, route) {
  const chosen = { n: Number(route.query.get("n")) || 0, from: Number(route.query.get("from")) || 0,
    tab: route.query.get("tab") || "files" };
  const list = h("select", { id: "generation",
    onchange: () => { chosen.n = Number(list.value); chosen.from = 0; drawLists(); show(); } });
  const base = h("select", { id: "base", onchange: () => { chosen.from = Number(base.value); show(); } });
  const tabs = [["files", "Files"], ["changes", "Changes of the plan"], ["text", "Changes of the text"],
    ["draft", "Try a change"]];
  const bar = h("div", { class: "group", role: "group", "aria-label": "Show" }, tabs.map(([name, title]) =>
    h("button", { "data-tab": name, onclick: () => { chosen.tab = name; show(); } }, title)));
  const body = h("div", { class: "page" });
  const comparison = h("label", { class: "field", for: "base" }, "Compared with", base);
  replace(root, pageHead("Inventory",
    "Each accepted inventory is a generation. Applying one is the command line's: warren apply."),
    h("div", { class: "row" }, h("label", { class: "field", for: "generation" }, "Generation", list), comparison),
      h("div", { class: "scroll" }, bar), body);
  let generations = [], known = null, isLeft = false, turn = 0;
  const details = new Map();

  async function readList() {
    try {
      generations = await get("/v1/generations?limit=200");
      if (isLeft) return;
      if (!generations.length) { replace(body, h("p", { class: "hint" }, "No inventory has been applied yet.")); return; }
      drawLists();
      show();
    } catch (error) {
      if (!isLeft) replace(body, errorBox(error));
    }
  }

  function drawLists() {
    const numbers = generations.map((entry) => entry.generation);
    if (!numbers.includes(chosen.n)) chosen.n = numbers[0];
    replace(list, generations.map((entry) => h("option", { value: entry.generation },
      `${entry.generation}, ${moment(entry.acceptedAt)}, ${plural(entry.sites, "site")}`)));
    list.value = chosen.n;
    const others = numbers.filter((number) => number !== chosen.n);
    if (!others.includes(chosen.from)) chosen.from = others.find((number) => number < chosen.n) ?? 0;
    replace(base, others.map((number) => h("option", { value: number }, String(number))), h("option", { value: 0 },
      "the empty mesh"));
    base.value = chosen.from;
  }

  async function filesOf(number) {
    if (number === 0) return { files: [] };
    if (!details.has(number)) details.set(number, await get(`/v1/generations/${number}`));
    return details.get(number);
  }

  async function show() {
    keepQuery({ n: chosen.n, from: chosen.from, tab: chosen.tab });
    for (const button of bar.children) button.setAttribute("aria-pressed", String(button.dataset.tab === chosen.tab));
    comparison.hidden = chosen.tab === "files" || chosen.tab === "draft";
    turn += 1;
    const mine = turn;
    try {
      const drawn = await { files: showFiles, changes: showChanges, text: showText, draft: showDraft }[chosen.tab]();
      if (!isLeft && mine === turn) replace(body, drawn);
    } catch (error) {
      if (!isLeft && mine === turn) replace(body, errorBox(error));
    }
  }

  async function showFiles() {
    const { files } = await filesOf(chosen.n);
    return files.map((file) => h("section", { class: "card flush" }, h("header", null, h("h2", { class: "mono" }, file.name)),
      h("pre", { class: "listing", tabindex: "0", "aria-label": file.name }, file.text.replace(/\n$/,
        "").split("\n").map((line) => h("span", null, line)))));
  }

  async function showChanges() {
    const answer = await get(`/v1/changes?from=${chosen.from}&to=${chosen.n}`);
    return drawChanges(answer.changes);
  }

  async function showText() {
    const [old, now] = await Promise.all([filesOf(chosen.from), filesOf(chosen.n)]);
    return drawDifference(old.files, now.files);
  }

  async function showDraft() {
    const { files } = await filesOf(chosen.n);
    const drafts = files.map((file) => ({ ...file }));
    const result = h("div", { class: "page" });
    const editor = h("textarea", { class: "draft", id: "draft", spellcheck: "false", autocomplete: "off",
      value: drafts[0]?.text ?? "" });
    const file = h("select", { id: "draft-file", onchange: () => { editor.value = drafts[file.value].text; } },
      drafts.map((draft, at) => h("option", { value: at }, draft.name)));
    const preview = async () => {
      try {
        const answer = await post("/v1/plan", { files: drafts });
        replace(result, drawChanges(answer.changes));
      } catch (error) {
        replace(result, errorBox(error));
      }
      result.scrollIntoView({ block: "nearest" });
    };
    editor.addEventListener("input", () => { drafts[file.value || 0].text = editor.value; });
    return [h("section", { class: "card" }, h("header", null, h("label", { class: "field", for: "draft-file" }, "File", file)),
      h("label", { class: "unseen", for: "draft" }, "Text of the draft"), editor,
      h("div", { class: "row" }, h("button", { class: "primary", onclick: preview }, "Show what it would change"),
        h("span", { class: "note" }, "Nothing is applied."))), result];
  }

  function update() {
    if (known === store.generation) return;
    known = store.generation;
    readList();
  }
  return { update, leave() { isLeft = true; } };
}
