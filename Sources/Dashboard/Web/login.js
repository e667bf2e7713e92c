// A token in, a session out.

import { signIn } from "./api.js";
import { h, replace } from "./dom.js";

export function drawLogin(place, onDone) {
  const token = h("input", { type: "password", id: "token", autocomplete: "current-password", required: true,
    spellcheck: "false", "aria-describedby": "token-help" });
  const fault = h("p", { class: "problem", role: "alert", hidden: true });
  const button = h("button", { class: "primary", type: "submit" }, "Sign in");
  const form = h("form", { class: "login card", onsubmit: submit },
    h("img", { src: "/assets/icon.svg", alt: "", width: 44, height: 44 }),
    h("h1", { tabindex: "-1" }, "Sign in to Warren"),
    fault,
    h("label", { class: "field", for: "token" }, "Access token", token),
    h("p", { class: "note", id: "token-help" }, "An administrator makes one with ", h("code", null, "warren access create"),
      ". The controller's own is in the file ", h("code", null, "api-token"), " of its state."),
    h("div", { class: "row" }, button));
  replace(place, h("main", { class: "login", id: "main", tabindex: "-1" }, form));
  document.title = "Sign in · Warren";
  token.focus();

  async function submit(event) {
    event.preventDefault();
    button.disabled = true;
    fault.hidden = true;
    try {
      await signIn(token.value.trim());
      token.value = "";
      onDone();
    } catch (error) {
      fault.textContent = error.status === 401 ? "This token is not known, or it is good no more." : error.message;
      fault.hidden = false;
      token.focus();
      token.select();
    } finally {
      button.disabled = false;
    }
  }
}
