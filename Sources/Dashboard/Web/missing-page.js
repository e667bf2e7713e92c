import { h, replace } from "./dom.js";

export function draw(root) {
  replace(root, h("h1", { tabindex: "-1" }, "There is no such page"), h("p", null, h("a", { href: "#/" }, "To the mesh")));
}
