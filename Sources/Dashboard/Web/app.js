// The dashboard: who asks → frame → page. Pages are functions that draw into an element and return what to call when the
// mesh changes, and when the page is left.

import { onSignedOut, signOut, whoAmI } from "./api.js";
import { drawFrame } from "./frame.js";
import { drawLogin } from "./login.js";
import { replace, h } from "./dom.js";
import { currentRoute, onRoute } from "./router.js";
import { store } from "./store.js";
import { startStream, stopStream } from "./stream.js";
import { errorBox } from "./parts.js";

const place = document.getElementById("app");
let frame = null;
let page = { leave() {}, update() {} };

document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("main")?.focus();
});

async function begin() {
  try {
    const who = await whoAmI();
    frame = drawFrame(place, who, leave);
    startStream((sign) => frame?.setSign(sign));
    await showPage();
  } catch (error) {
    if (error.status === 401) showLogin();
    else replace(place, h("main", { id: "main", tabindex: "-1" }, errorBox(error), h("p", null, h("button", { onclick: begin },
      "Try again"))));
  }
}

function showLogin() {
  if (place.querySelector("form.login")) return;
  stopStream();
  page.leave();
  page = { leave() {}, update() {} };
  frame = null;
  drawLogin(place, begin);
}

async function leave() {
  await signOut().catch(() => {});
  showLogin();
}

let turn = 0;

async function showPage() {
  if (!frame) return;
  turn += 1;
  const mine = turn;
  page.leave();
  const route = currentRoute();
  frame.setRoute(route);
  const root = h("div", { class: "page fade" });
  const main = replace(frame.main, root);
  document.title = `${route.title} · Warren`;
  page = { leave() {}, update() {} };
  try {
    const module = await route.load();
    if (mine !== turn) return;
    const drawn = module.draw(root, route, frame.who) ?? {};
    page = { leave: drawn.leave ?? (() => {}), update: drawn.update ?? (() => {}) };
    if (store.isLoaded) page.update();
  } catch (error) {
    replace(root, errorBox(error));
  }
  if (mine > 1) main.querySelector("h1")?.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

store.subscribe(() => {
  frame?.update();
  page.update();
});
onRoute(showPage);
onSignedOut(showLogin);
begin();
