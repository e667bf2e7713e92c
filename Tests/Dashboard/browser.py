"""A headless Chromium, driven by Selenium, and what every page is held against."""

import os
import pathlib
import time

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.support.ui import WebDriverWait

SHOTS = pathlib.Path(os.environ.get("WARREN_SHOTS", ".build/dashboard"))
PAGES = [
    "/",
    "/map",
    "/gateways",
    "/rollouts",
    "/addresses",
    "/inventory",
    "/inventory?tab=changes",
    "/inventory?tab=text",
    "/inventory?tab=draft",
    "/events",
]

# What a page must be for those who cannot see it, cannot use a mouse, or see badly; each finding is a sentence.
AUDIT = r"""
const found = [];
const isSeen = (e) => { const b = e.getBoundingClientRect(), s = getComputedStyle(e); return b.width > 0 && b.height > 0 && s.visibility !== "hidden" && !e.closest(".unseen, .skip, [hidden]"); };
const told = (e) => `<${e.tagName.toLowerCase()} class="${e.getAttribute("class") ?? ""}"> "${(e.textContent ?? "").trim().slice(0, 40)}"`;
if (!document.documentElement.lang) found.push("the page has no language");
if (document.querySelectorAll("h1").length !== 1) found.push(`there are ${document.querySelectorAll("h1").length} h1`);
if (document.querySelectorAll("main").length !== 1) found.push("there is not exactly one main");
let level = 1;
for (const e of document.querySelectorAll("h1, h2, h3, h4")) { const next = Number(e.tagName[1]); if (next > level + 1) found.push("a heading skips a level: " + told(e)); level = next; }
const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push("two elements have the id " + id);
for (const e of document.querySelectorAll("img:not([alt]), svg:not([aria-hidden]):not([aria-label])")) found.push("an image without a text: " + told(e));
for (const e of document.querySelectorAll("[tabindex]")) if (e.tabIndex > 0) found.push("tabindex above 0: " + told(e));
for (const e of document.querySelectorAll("[aria-labelledby], [aria-describedby], [aria-activedescendant]"))
  for (const name of ["aria-labelledby", "aria-describedby", "aria-activedescendant"]) for (const id of (e.getAttribute(name) ?? "").split(" ").filter(Boolean)) if (!document.getElementById(id)) found.push(`${name} names nothing: ${id}`);
for (const e of document.querySelectorAll("table")) {
  if (!e.caption && !e.closest("[aria-label]")) found.push("a table without a caption");
  if (e.querySelector("th:not([scope])")) found.push("a th without a scope");
}
for (const e of document.querySelectorAll("input, select, textarea")) if (isSeen(e) && !e.labels.length && !e.getAttribute("aria-label")) found.push("a field without a label: " + told(e));
for (const e of document.querySelectorAll("button, a, input, select")) {
  const b = e.getBoundingClientRect();
  if (isSeen(e) && (e.matches("button, input, select")) && !e.closest("th") && (b.height < 24 || b.width < 24)) found.push(`smaller than 24 px: ${told(e)} ${Math.round(b.width)}x${Math.round(b.height)}`);
}
const parse = (text) => { const c = document.createElement("canvas").getContext("2d", { willReadFrequently: true }); c.fillStyle = text; c.fillRect(0, 0, 1, 1); return [...c.getImageData(0, 0, 1, 1).data]; };
const cache = new Map(); const color = (text) => { if (!cache.has(text)) cache.set(text, parse(text)); return cache.get(text); };
const light = ([r, g, b]) => { const f = (v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }; return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b); };
const ground = (e) => { for (let at = e; at; at = at.parentElement) { const c = color(getComputedStyle(at).backgroundColor); if (c[3] > 200) return c; } return [255, 255, 255, 255]; };
const seen = new Set();
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node = walk.nextNode(); node; node = walk.nextNode()) {
  const e = node.parentElement;
  if (!node.data.trim() || seen.has(e) || !isSeen(e) || e.closest("option, :disabled, noscript, title")) continue;
  seen.add(e);
  const style = getComputedStyle(e), isDrawn = e instanceof SVGElement;
  const one = color(isDrawn ? style.fill : style.color), two = ground(e);
  const [high, low] = [light(one), light(two)].sort((a, b) => b - a), ratio = (high + 0.05) / (low + 0.05);
  const size = parseFloat(style.fontSize), isLarge = size >= 24 || (size >= 18.6 && Number(style.fontWeight) >= 700);
  if (ratio < (isLarge ? 3 : 4.5)) found.push(`contrast ${ratio.toFixed(2)}: ${told(e)}`);
}
if (document.documentElement.scrollWidth > document.documentElement.clientWidth + 1) found.push(`wider than the window: ${document.documentElement.scrollWidth}`);
return found;
"""


class Browser:
    def __init__(self, base, dark=False, phone=False):
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for argument in [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--window-size=1440,1000",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
        ]:
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        self.base, self.name = base, f"{'dark' if dark else 'light'}-{'phone' if phone else 'desktop'}"
        self.phone = phone
        self.command(
            "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        )
        if phone:
            self.command("Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=2, mobile=True)
        # Reports of the policy are told in the console, and counted here in case they are not.
        self.command(
            "Page.addScriptToEvaluateOnNewDocument",
            source="""
            window.reports = []; window.fired = 0; window.longFrames = [];
            addEventListener("securitypolicyviolation", (e) => reports.push(`${e.violatedDirective} ${e.blockedURI}`));
            addEventListener("error", (e) => reports.push(e.message));
            addEventListener("unhandledrejection", (e) => reports.push(String(e.reason)));
            new PerformanceObserver((list) => longFrames.push(...list.getEntries().map((e) => e.duration))).observe({ type: "longtask", buffered: true });
        """,
        )

    def command(self, name, **parameters):
        return self.driver.execute_cdp_cmd(name, parameters)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def until(self, script, *arguments, seconds=20):
        return WebDriverWait(self.driver, seconds, 0.05).until(
            lambda _: self.run(script, *arguments), f"within {seconds} s: {script}"
        )

    def open(self, page):
        """Goes there, and returns once it is drawn."""
        if not self.driver.current_url.startswith(self.base):
            self.driver.get(self.base)
        self.until("return document.querySelector('main') !== null")
        self.run("if (location.hash !== arguments[0]) location.hash = arguments[0]", "#" + page)
        self.until(
            "return document.querySelector('main h1')?.textContent && !document.querySelector('main .fade')?.getAnimations().length"
        )
        self.settled()

    def settled(self):
        """Returns once nothing has changed in the page for a while, by its own account."""
        self.driver.execute_async_script("""
            const done = arguments[0]; let timer = setTimeout(finish, 250); const limit = setTimeout(finish, 4000);
            const watch = new MutationObserver(() => { clearTimeout(timer); timer = setTimeout(finish, 250); });
            watch.observe(document.body, { subtree: true, childList: true, attributes: true });
            function finish() { watch.disconnect(); clearTimeout(limit); clearTimeout(timer); done(); }
        """)

    def text(self, selector="main"):
        return self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector)

    def shot(self, name):
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.driver.save_screenshot(str(SHOTS / f"{name}-{self.name}.png"))

    def faults(self):
        """What the console and the page's own listeners told since the last call."""
        console = [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
        return console + self.run("return reports.splice(0)")

    def unnamed(self):
        """What can be focused and has no name, by the browser's own accessibility tree."""
        nodes = self.command("Accessibility.getFullAXTree")["nodes"]
        property_of = lambda node, name: next(
            (p["value"].get("value") for p in node.get("properties", []) if p["name"] == name), None
        )
        return [
            node["role"]["value"]
            for node in nodes
            if not node.get("ignored")
            and property_of(node, "focusable")
            and node["role"]["value"] not in ("RootWebArea", "main", "generic", "none")
            and not node.get("name", {}).get("value")
        ]

    def keys(self, *keys):
        ActionChains(self.driver).send_keys(*keys).perform()

    def close(self):
        self.driver.quit()


def await_value(read, wanted, seconds=30):
    """Reads until it is what is wanted."""
    end = time.monotonic() + seconds
    while (value := read()) != wanted:
        if time.monotonic() > end:
            raise AssertionError(f"{value!r} instead of {wanted!r} after {seconds} s")
        time.sleep(0.05)
