"""The pages against a made-up mesh, in a real browser."""

import unittest

from browser import AUDIT, PAGES, Browser, await_value
from made_up_details import Details
from selenium.webdriver.common.keys import Keys
from stand_in import StandIn


class StandInTest(unittest.TestCase):
    sites = 5
    options = {}

    def setUp(self):
        self.stand_in = StandIn(Details(self.sites), **self.options)
        self.server = self.stand_in.server()
        self.base = f"http://127.0.0.1:{self.server.server_port}/"
        self.addCleanup(self.server.shutdown)

    def browser(self, **options):
        browser = Browser(self.base, **options)
        self.addCleanup(browser.close)
        return browser


class EveryPage(StandInTest):
    def test_every_page_in_every_look(self):
        for dark in (False, True):
            for phone in (False, True):
                browser = self.browser(dark=dark, phone=phone)
                for page in PAGES + ["/links/berlin--oslo", "/links/oslo--tokyo", "/gateways/oslo", "/nowhere"]:
                    with self.subTest(page=page, look=browser.name):
                        browser.open(page)
                        browser.shot("page" + page.replace("/", "-").replace("?", "-"))
                        self.assertEqual(browser.faults(), [])
                        self.assertEqual(browser.run(AUDIT), [])
                        self.assertEqual(browser.unnamed(), [])
                browser.close()

    def test_without_d3_the_tables_tell_the_same(self):
        self.stand_in.has_d3 = False
        browser = self.browser()
        for page, needle in [("/map", "berlin – cairo"), ("/links/berlin--oslo", "Samples as a table")]:
            browser.open(page)
            self.assertIn("node-d3", browser.text())
            self.assertIn(needle, browser.text())
        self.assertEqual(browser.faults(), [])


class Live(StandInTest):
    def test_a_link_that_goes_down_is_seen_at_once(self):
        browser = self.browser()
        browser.open("/")
        browser.until("return document.documentElement.dataset.sign === 'live'")
        self.stand_in.change(("berlin", "cairo"), "down", "the cable was cut")
        browser.until("return document.querySelector('main').innerText.includes('the cable was cut')")
        self.assertIn("7 of 10 links are up", browser.text())
        browser.open("/events")
        self.assertIn("berlin - cairo is down", browser.text())
        self.assertEqual(browser.faults(), [])

    def test_without_a_stream_it_asks_again_and_again(self):
        self.stand_in.has_stream = False
        browser = self.browser()
        browser.open("/")
        browser.until("return document.documentElement.dataset.sign === 'polling'")
        self.stand_in.change(("berlin", "cairo"), "down", "the cable was cut")
        browser.until("return document.querySelector('main').innerText.includes('the cable was cut')", seconds=15)

    def test_silence_is_told(self):
        browser = self.browser()
        browser.open("/")
        browser.until("return document.documentElement.dataset.sign === 'live'")
        self.stand_in.has_stream = False
        self.server.shutdown()
        self.server.server_close()
        browser.until("return document.querySelector('.live').textContent.startsWith('Stale')")


class Operating(StandInTest):
    def test_a_roll_out_is_paused_after_a_question(self):
        browser = self.browser()
        browser.open("/rollouts")
        browser.run("document.querySelector('[data-command=pause]').click()")
        browser.until("return document.querySelector('dialog[open]') !== null")
        self.assertEqual(self.stand_in.commands, [])
        browser.shot("dialog")
        browser.keys(Keys.ESCAPE)
        browser.until("return document.querySelector('dialog') === null")
        self.assertEqual(self.stand_in.commands, [])
        for command in ("pause", "resume", "abort"):
            browser.until(
                "const b = document.querySelector(`[data-command=${arguments[0]}]`); b?.click(); return b !== null", command
            )
            browser.until(
                "const b = document.querySelector('dialog[open] .row button:last-child'); b?.click(); return b !== null"
            )
            await_value(lambda: self.stand_in.commands[-1:], [command])
            browser.until("return document.querySelector('dialog') === null")
        browser.until("return document.querySelector('main').innerText.includes('aborted')")
        self.assertEqual(browser.faults(), [])

    def test_a_viewer_has_no_buttons(self):
        self.stand_in.role = "viewer"
        browser = self.browser()
        browser.open("/rollouts")
        self.assertEqual(browser.run("return document.querySelectorAll('[data-command]').length"), 0)

    def test_a_draft_is_tried(self):
        browser = self.browser()
        browser.open("/inventory?tab=draft")
        browser.run("document.querySelector('button.primary').click()")
        browser.until("return document.querySelector('main').innerText.includes('How far it reaches')")


class SigningIn(StandInTest):
    options = {"token": "the-right-one"}

    def test_a_token_opens_and_signing_out_closes(self):
        browser = self.browser()
        browser.driver.get(self.base)
        browser.until("return document.activeElement?.id === 'token'")
        browser.shot("login")
        self.assertEqual(browser.run(AUDIT), [])
        browser.keys("the-wrong-one", Keys.ENTER)
        browser.until("return document.querySelector('.problem')?.innerText.includes('not known')")
        browser.keys("the-right-one", Keys.ENTER)
        browser.until("return document.querySelector('main h1')?.textContent === 'acme'")
        self.assertEqual(
            browser.run("return document.cookie + JSON.stringify({...localStorage}) + JSON.stringify({...sessionStorage})"),
            "{}{}",
        )
        browser.until(
            "const b = [...document.querySelectorAll('button')].find((b) => b.textContent === 'Sign out'); b?.click(); return b !== undefined"
        )
        browser.until("return document.querySelector('form.login') !== null")


class Keyboard(StandInTest):
    def test_everything_is_reached_by_keys(self):
        browser = self.browser()
        browser.open("/")
        browser.driver.refresh()
        browser.until("return document.querySelector('main h1')?.textContent === 'acme'")
        browser.keys(Keys.TAB)
        self.assertEqual(browser.run("return document.activeElement.className"), "skip")
        self.assertGreater(browser.run("return parseFloat(getComputedStyle(document.activeElement).outlineWidth)"), 0)
        browser.keys(Keys.ENTER)
        self.assertEqual(browser.run("return document.activeElement.id"), "main")
        for _ in range(30):
            browser.keys(Keys.TAB)
            if browser.run("return document.activeElement.getAttribute('role')") == "grid":
                break
            outline = browser.run(
                "const s = getComputedStyle(document.activeElement); return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0"
            )
            self.assertTrue(outline, browser.run("return document.activeElement.outerHTML.slice(0, 200)"))
        cell = lambda: browser.text("#matrix-cell") or browser.run("return document.getElementById('matrix-cell').textContent")
        self.assertTrue(cell().startswith("berlin to cairo, up"), cell())
        browser.keys(Keys.ARROW_RIGHT)
        self.assertTrue(cell().startswith("berlin to lima, degraded"), cell())
        browser.keys(Keys.ARROW_DOWN, Keys.END)
        self.assertTrue(cell().startswith("cairo to tokyo"), cell())
        browser.keys(Keys.ARROW_RIGHT)
        self.assertTrue(cell().startswith("cairo to tokyo"), "the edge holds")
        browser.shot("keyboard")
        browser.keys(Keys.ENTER)
        browser.until("return document.querySelector('main h1')?.textContent === 'cairo – tokyo'")
        self.assertEqual(browser.run("return document.activeElement.tagName"), "H1")

    def test_the_look_can_be_chosen(self):
        browser = self.browser()
        browser.open("/")
        ground = lambda: browser.run("return getComputedStyle(document.body).backgroundColor")
        bright = ground()
        for _ in range(2):
            browser.run("[...document.querySelectorAll('button')].find((b) => b.textContent.startsWith('Look')).click()")
        self.assertNotEqual(ground(), bright)
        browser.driver.refresh()
        browser.until("return document.querySelector('main h1') !== null")
        self.assertNotEqual(ground(), bright)


if __name__ == "__main__":
    unittest.main()
