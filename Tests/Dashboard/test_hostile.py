"""Agents that are hostile: two hundred texts that would run as scripts if they were ever taken for markup, in every place that
an agent may fill; and a large mesh, whose frames are measured."""

import html
import itertools
import unittest
import urllib.parse

from browser import PAGES, Browser
from made_up_details import Details
from stand_in import StandIn

ACTIONS = [
    "fired++",
    "window.fired=1",
    "top.fired=1",
    "parent['fired']=1",
    "eval('fired=1')",
    "(()=>{fired=1})()",
    "Function('fired=1')()",
    "self.fired|=1",
]
SHAPES = [
    "<script>{}</script>",
    "<SCRIPT>{}</SCRIPT>",
    '<img src=x onerror="{}">',
    "<img/src=x/onerror={}>",
    '<svg onload="{}">',
    "<svg><script>{}</script></svg>",
    "<body onload={}>",
    "<iframe srcdoc='<script>parent.{}</script>'>",
    '<iframe src="javascript:{}">',
    '<a href="javascript:{}">x</a>',
    '"><script>{}</script>',
    "'><script>{}</script>",
    "</script><script>{}</script>",
    "</textarea><script>{}</script>",
    "</title><script>{}</script>",
    "--><script>{}</script>",
    "]]><script>{}</script>",
    '<details open ontoggle="{}">',
    '<video><source onerror="{}">',
    '<input autofocus onfocus="{}">',
    '<math><mi xlink:href="javascript:{}">',
    "<style>@import 'javascript:{}';</style>",
    '" onmouseover="{}" x="',
    "javascript:{}",
    "${{{}}}",
]
PAYLOADS = [shape.format(action) for shape, action in itertools.product(SHAPES, ACTIONS)]
ENCODED = [
    html.escape(PAYLOADS[2]),
    urllib.parse.quote(PAYLOADS[0]),
    "\u202e" + PAYLOADS[0],
    PAYLOADS[0].replace("<", "\uff1c"),
]


def words():
    """First each payload alone, round and round; every place begins elsewhere, so that in the course of the pages each meets many."""
    yield from itertools.cycle(PAYLOADS + ENCODED)


class Hostile(unittest.TestCase):
    def test_the_payloads_are_payloads(self):
        """Taken for markup, without a policy, they do run: what follows can fail."""
        self.assertGreaterEqual(len(PAYLOADS), 200)
        browser = Browser("data:")
        self.addCleanup(browser.close)
        browser.driver.get("data:text/html,<body></body>")
        browser.run(
            "for (const text of arguments[0]) { const e = document.createElement('div'); document.body.append(e); e.innerHTML = text; }",
            PAYLOADS,
        )
        browser.until("return window.fired > 0")

    def test_no_text_of_an_agent_is_run(self):
        mesh = Details(5, payload=words())
        for number, payload in enumerate(PAYLOADS, len(mesh.events) + 10):
            mesh.events.append({"number": number, "at": mesh.events[0]["at"], "kind": payload, "text": payload})
        server = StandIn(mesh).server()
        self.addCleanup(server.shutdown)
        browser = Browser(f"http://127.0.0.1:{server.server_port}/")
        self.addCleanup(browser.close)
        shown = ""
        for turn in range(6):
            for page in PAGES + ["/links/berlin--oslo", "/links/oslo--tokyo", "/gateways/oslo"]:
                browser.open(page)
                browser.run("""
                    for (const e of document.querySelectorAll("main *")) { e.dispatchEvent(new PointerEvent("pointerenter")); e.dispatchEvent(new MouseEvent("mouseover", { bubbles: true })); }
                    for (const e of document.querySelectorAll("details")) e.open = true;
                """)
                browser.settled()
                shown += browser.run("return document.body.textContent")
                self.assertEqual(browser.run("return fired"), 0, page)
                self.assertEqual(browser.faults(), [], page)
                strange = browser.run(
                    'return [...document.querySelectorAll(\'body script, iframe, video, math, style, [onerror], [onload], [onclick], a[href^="javascript" i], img:not([src^="/assets/"])\')].length'
                )
                self.assertEqual(strange, 0, page)
        missing = [payload for payload in PAYLOADS if payload not in shown]
        self.assertEqual(missing, [], "each was shown as the text that it is")
        browser.shot("hostile")
        print(f"\n{len(PAYLOADS) + len(ENCODED)} payloads, {sum(shown.count(p) for p in PAYLOADS)} times shown, none run")


class Large(unittest.TestCase):
    def test_two_hundred_sites(self):
        server = StandIn(Details(200)).server()
        self.addCleanup(server.shutdown)
        browser = Browser(f"http://127.0.0.1:{server.server_port}/")
        self.addCleanup(browser.close)
        browser.open("/")
        browser.until("return performance.getEntriesByName('matrix-draw').length > 0")
        browser.shot("two-hundred-sites")
        for zoom in ("-1", "0", "2"):
            browser.run("document.querySelector(`[data-zoom='${arguments[0]}']`).click()", zoom)
            browser.settled()
            draws, gaps, longest = browser.driver.execute_async_script(MEASURE)
            self.assertGreaterEqual(len(gaps), 100)
            draws.sort(), gaps.sort()
            print(
                f"\n200 sites, zoom {zoom}: drawing {draws[len(draws) // 2]:.1f} ms in the median, {draws[-1]:.1f} ms at most; "
                f"frame to frame {gaps[len(gaps) // 2]:.1f} ms, {gaps[int(len(gaps) * 0.99)]:.1f} ms at the 99th percentile; "
                f"{sum(gap > 50 for gap in gaps)} of {len(gaps)} frames above 50 ms; {longest} long tasks"
            )
        self.assertEqual(browser.faults(), [])
        browser.open("/map")
        browser.shot("two-hundred-sites-map")
        self.assertEqual(browser.faults(), [])


# Scrolls back and forth, moves the cursor and has links change meanwhile, for 120 frames.
MEASURE = r"""
const done = arguments[0], scroller = document.querySelector(".matrix-scroll"), gaps = [];
const before = longFrames.length;
performance.clearMeasures("matrix-draw");
import("/assets/store.js").then(({ store }) => {
  const ids = [...store.links.values()];
  let last = performance.now(), frame = 0;
  requestAnimationFrame(function step(now) {
    if (frame > 0) gaps.push(now - last);
    last = now;
    frame += 1;
    scroller.scrollLeft = Math.abs(Math.sin(frame / 20)) * (scroller.scrollWidth - scroller.clientWidth);
    scroller.scrollTop = Math.abs(Math.cos(frame / 25)) * (scroller.scrollHeight - scroller.clientHeight);
    const box = scroller.getBoundingClientRect();
    scroller.dispatchEvent(new PointerEvent("pointermove", { clientX: box.left + 150 + frame * 5 % (box.width - 160), clientY: box.top + 150 + frame * 3 % (box.height - 160) }));
    if (frame % 30 === 0) { const { id, a, b, ...status } = ids[frame * 7 % ids.length]; store.takeLinks([{ ...status, state: frame % 60 ? "down" : "up" }]); }
    if (frame <= 120) requestAnimationFrame(step);
    else done([performance.getEntriesByName("matrix-draw").map((entry) => entry.duration), gaps, longFrames.length - before]);
  });
});
"""

if __name__ == "__main__":
    unittest.main()
