"""A mesh that was made up, told by the same contract as the controller's API: of any size, and, when asked for, with a text
that tries to run as a script in every place that an agent may fill."""

import datetime
import math
import random

CITIES = (
    "berlin tokyo oslo lima cairo quito paris milan porto delhi seoul hanoi accra lagos tunis dakar perth sydney osaka "
    "turin genoa lyon nice bern graz linz bonn kiel ulm trier"
).split()


def moment(seconds_ago=0.0):
    now = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=seconds_ago)
    return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class MadeUpMesh:
    def __init__(self, sites=5, payload=None, seed=1):
        self.random = random.Random(seed)
        self.payloads = iter(payload) if payload else None
        self.names = sorted(CITIES[:sites] if sites <= len(CITIES) else [f"site-{n:03}" for n in range(1, sites + 1)])
        self.place = {name: (self.random.random(), self.random.random()) for name in self.names}
        self.links = [(a, b) for i, a in enumerate(self.names) for b in self.names[i + 1 :]]
        self.states = {link: "up" for link in self.links}
        self.reasons = {}
        self.events = [
            self.event(n, 900 - 60 * n, kind, text)
            for n, (kind, text) in enumerate(
                [
                    ("generation-accepted", "generation 6 was accepted"),
                    ("rollout-begun", "the roll-out to generation 7 has begun"),
                    ("agent-connected", f"the agent of {self.names[0]} has connected"),
                ],
                1,
            )
        ]
        self.rollout_status = "running"
        if sites > 3:
            self.set_link(self.links[1], "degraded", "SPIs differ: one sends on 0x0000c001, the other receives on 0x0000c002")
            self.set_link(self.links[-1], "down", "AUTHENTICATION_FAILED: the keys of the two ends differ")

    def word(self, plain):
        """What an agent says: the plain text, or the next payload."""
        return next(self.payloads) if self.payloads else plain

    def event(self, number, ago, kind, text, link=None):
        found = {"number": number, "at": moment(ago), "kind": kind, "text": self.word(text)}
        if link:
            found["link"] = dict(zip(("first", "second"), link))
        return found

    def set_link(self, link, state, reason=None):
        self.states[link] = state
        self.reasons[link] = reason
        number = self.events[-1]["number"] + 1
        self.events.append(self.event(number, 0, f"link-{state}", f"{link[0]} - {link[1]} is {state}", link))

    def round_trip(self, link):
        (x, y), (u, v) = self.place[link[0]], self.place[link[1]]
        return 3 + 160 * math.hypot(x - u, y - v)

    def link_status(self, link):
        state = self.states[link]
        status = {"link": {"first": link[0], "second": link[1]}, "state": state, "sinceSeconds": 4000.5, "flaps": 0}
        reason = self.reasons.get(link)
        if reason or (self.payloads and state != "up"):
            status["reason"] = self.word(reason or "")
        if state in ("up", "degraded"):
            scale = 10 ** (4 + sum(map(ord, "".join(link))) % 400 / 100)
            status |= {
                "roundTripMilliseconds": round(self.round_trip(link), 2),
                "lossPercent": 0 if state == "up" else 12.5,
                "pathMTU": 1372,
                "receivedBitsPerSecond": int(scale),
                "sentBitsPerSecond": int(scale * 0.7),
            }
        return status

    def version(self, revision=0):
        return {"epoch": 1, "generation": 7, "revision": revision}

    def site_status(self, name):
        at = self.names.index(name)
        return {
            "site": name,
            "connected": at != len(self.names) - 1 or len(self.names) < 4,
            "lastReportSecondsAgo": 2.4,
            "applied": 7,
            "version": self.version(),
            "intended": self.version(),
            "drift": [self.word("route 192.168.3.0/24 is missing")] if at == 2 or self.payloads else [],
            **({"failure": self.word("")} if self.payloads else {}),
        }

    def status(self):
        tally = {}
        for state in self.states.values():
            tally[state] = tally.get(state, 0) + 1
        return {
            "mesh": "acme",
            "generation": 7,
            "isRollingOut": self.rollout_status == "running",
            "sites": [self.site_status(name) for name in self.names],
            "links": [self.link_status(link) for link in self.links],
            "counts": {"links": tally, "flappingLinks": 0, "sites": len(self.names), "connectedSites": len(self.names) - 1},
        }

    def rollout(self):
        wave = lambda name, phase, total, done: {"name": name, "phase": phase, "total": total, "done": done}
        return {
            "generation": 7,
            "from": 6,
            "startedAt": moment(300),
            "strategy": {},
            "view": {
                "kind": "forward",
                "generation": 7,
                "status": self.rollout_status,
                "reason": self.word("") if self.payloads else None,
                "steps": [
                    {
                        "step": "expand",
                        "phase": "done",
                        "total": 5,
                        "waves": [wave("canary", "done", 2, 2), wave("wave 1", "done", 3, 3)],
                    },
                    {
                        "step": "switchOver",
                        "phase": "running",
                        "total": 5,
                        "waves": [wave("canary", "done", 2, 2), wave("wave 1", "running", 3, 1)],
                    },
                    {"step": "contract", "phase": "pending", "total": 3, "waves": []},
                ],
                "failed": [{"site": self.names[0], "reason": self.word("the gateway went back: no confirmation in time")}],
                "late": [],
                "leftBehind": [],
                "underWay": self.names[1:3],
            },
        }

    def tags(self, name):
        return [["europe", "asia", "africa"][self.names.index(name) % 3]]

    def networks(self, name):
        at = self.names.index(name)
        real = f"192.168.{at % 250 + 1}.0/24"
        return (
            [{"real": real, "visible": real}]
            + ([{"real": "10.20.0.0/16", "visible": "10.21.0.0/16"}] if at == 1 else [])
            + ([{"real": "10.20.0.0/16", "visible": "10.22.0.0/16"}] if at == 3 else [])
            + ([{"real": f"fd00:{at + 1}::/64", "visible": f"fd00:{at + 1}::/64"}] if at % 4 == 0 else [])
        )

    def addresses(self):
        return {
            "generation": 7,
            "sites": [
                {
                    "site": name,
                    "networks": self.networks(name),
                    "tags": self.tags(name),
                    "innerAddress": f"192.168.{at % 250 + 1}.1",
                    "outerAddresses": [f"203.0.113.{at % 250 + 1}"],
                }
                for at, name in enumerate(self.names)
            ],
            "overlaps": (
                [{"site": self.names[1], "network": "10.20.0.0/16", "otherSite": self.names[3], "otherNetwork": "10.20.0.0/16"}]
                if len(self.names) > 3
                else []
            ),
        }
