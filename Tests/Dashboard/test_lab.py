"""The dashboard of a real controller over a real mesh: `warren lab` with five sites, a browser in the controller's namespace.

Run as root, within that namespace, by `run.sh`. WARREN_LAB is the lab's name, WARREN_LAB_STATE its folder.
"""

import glob
import json
import os
import pathlib
import signal
import unittest
import urllib.error
import urllib.request

from browser import AUDIT, PAGES, Browser
from selenium.webdriver.common.keys import Keys

LAB = os.environ["WARREN_LAB"]
STATE = pathlib.Path(os.environ["WARREN_LAB_STATE"])
BASE = "http://127.0.0.1:8080/"


def processes(namespace, program):
    """The ids of the programs of that name in a namespace."""
    wanted = os.stat(f"/run/netns/{namespace}").st_ino
    found = []
    for path in glob.glob("/proc/[0-9]*"):
        try:
            if os.stat(f"{path}/ns/net").st_ino == wanted and os.path.basename(os.readlink(f"{path}/exe")) == program:
                found.append(int(os.path.basename(path)))
        except OSError:
            continue
    return found


class Lab(unittest.TestCase):
    def setUp(self):
        self.browser = Browser(BASE)
        self.addCleanup(self.browser.close)

    def sign_in(self, browser=None):
        browser = browser or self.browser
        browser.driver.get(BASE)
        browser.until("return document.activeElement?.id === 'token'")
        # The page has just asked who it is without a session.
        self.assertEqual([fault for fault in browser.faults() if "/v1/whoami" not in fault or "401" not in fault], [])
        browser.keys((STATE / "controller" / "api-token").read_text().strip(), Keys.ENTER)
        browser.until("return document.querySelector('main h1')?.textContent === arguments[0]", LAB)
        browser.until("return document.documentElement.dataset.sign === 'live'")

    def test_1_nothing_without_a_token(self):
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(BASE + "v1/status", timeout=10)
        self.assertEqual(refused.exception.code, 401)
        self.sign_in()
        self.assertEqual([cookie["name"] for cookie in self.browser.driver.get_cookies() if not cookie["httpOnly"]], [])

    def test_2_every_page_of_a_real_mesh(self):
        for dark, phone in [(False, False), (True, True)]:
            browser = Browser(BASE, dark=dark, phone=phone)
            self.addCleanup(browser.close)
            self.sign_in(browser)
            browser.until("return document.querySelector('main').innerText.includes('All 10 links')", seconds=120)
            for page in PAGES + ["/links/berlin--oslo", "/gateways/tokyo"]:
                with self.subTest(page=page, look=browser.name):
                    browser.open(page)
                    browser.shot("lab" + page.replace("/", "-").replace("?", "-"))
                    self.assertEqual(browser.faults(), [])
                    self.assertEqual(browser.run(AUDIT), [])
                    self.assertEqual(browser.unnamed(), [])
                    self.assertEqual(
                        browser.run("return [...document.querySelectorAll('.problem')].map((e) => e.innerText)"), []
                    )

    def test_3_a_daemon_that_dies_is_seen_without_a_click(self):
        self.sign_in()
        self.browser.until("return document.querySelector('main').innerText.includes('All 10 links')", seconds=120)
        self.browser.run("document.documentElement.dataset.witness = 'not loaded anew'")
        victims = processes(f"wr-{LAB}.oslo.gw", "warren-tunneld")
        self.assertTrue(victims)
        for victim in victims:
            os.kill(victim, signal.SIGSTOP)
        try:
            self.browser.until("return !document.querySelector('main').innerText.includes('All 10 links')", seconds=120)
            self.browser.shot("lab-oslo-stands-still")
            print("\n" + self.browser.text(".head"))
        finally:
            for victim in victims:
                os.kill(victim, signal.SIGCONT)
        self.browser.until("return document.querySelector('main').innerText.includes('All 10 links')", seconds=120)
        self.assertEqual(self.browser.run("return document.documentElement.dataset.witness"), "not loaded anew")

    def test_4_a_roll_out_is_paused_and_resumed_by_its_buttons(self):
        self.sign_in()
        self.browser.open("/rollouts")
        body = json.dumps({"strategy": {"settleSeconds": 5}}).encode()
        token = (STATE / "controller" / "api-token").read_text().strip()
        urllib.request.urlopen(
            urllib.request.Request(
                BASE + "v1/keys/rotate", body, {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            ),
            timeout=30,
        )
        for command, outcome in [("pause", "paused"), ("resume", "running")]:
            self.browser.until(
                "const b = document.querySelector(`[data-command=${arguments[0]}]`); b?.click(); return b !== null",
                command,
                seconds=60,
            )
            self.browser.until(
                "const b = document.querySelector('dialog[open] .row button:last-child'); b?.click(); return b !== null"
            )
            self.browser.until(
                "return document.querySelector('main .badge')?.innerText.includes(arguments[0])", outcome, seconds=60
            )
            self.browser.shot(f"lab-rollout-{outcome}")
        self.browser.until("return document.querySelector('main .badge')?.innerText.includes('completed')", seconds=240)
        self.assertEqual(self.browser.faults(), [])


if __name__ == "__main__":
    unittest.main(verbosity=1)
