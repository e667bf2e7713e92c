"""The details of the made-up mesh: links, gateways, samples, generations and plans."""

import math
import time

from made_up_mesh import MadeUpMesh, moment

INVENTORY = """version: 1
mesh: acme
topology: full-mesh
sites:
  berlin:
    gateway: {public: 203.0.113.10, private: 192.168.1.1}
    networks: [192.168.1.0/24]
  tokyo:
    gateway: {public: 198.51.100.20, private: 192.168.2.1}
    networks: [192.168.2.0/24]
"""


class Details(MadeUpMesh):
    def find(self, text):
        return next((link for link in self.links if "--".join(link) == text), None)

    def tunnel(self, site, peer):
        at, other = self.names.index(site), self.names.index(peer)
        return {
            "isUp": True,
            "receivedPackets": 71234,
            "receivedBytes": 81234567,
            "sentPackets": 65432,
            "sentBytes": 71234567,
            "tunnel": {
                "peer": peer,
                "interface": f"gif{other + 1}",
                "mtu": 1372,
                "mode": "tunnel",
                "outer": {"local": f"203.0.113.{at + 1}", "remote": f"203.0.113.{other + 1}"},
                "inner": {"local": f"192.168.{at + 1}.1", "remote": f"192.168.{other + 1}.1"},
            },
        }

    def association(self, site, peer, direction, spi, rekey):
        return {
            "peer": peer,
            "direction": direction,
            "spi": spi,
            "encryption": "aes256gcm16",
            "extendedSequenceNumbers": True,
            "mode": "tunnel",
            "outer": {"local": "203.0.113.1", "remote": "203.0.113.2"},
            "ageSeconds": 3300 - rekey,
            "packets": 51234,
            "bytes": 61234567,
            "rekeyInSeconds": rekey,
        }

    def end(self, site, peer, is_first):
        spis = (0xC0010001, 0xC0020002) if is_first else (0xC0020002, 0xC0010001)
        fault = self.states[tuple(sorted((site, peer)))] in ("down", "connecting")
        return {
            "site": site,
            "connected": True,
            "reportSecondsAgo": 1.5,
            "tunnel": self.tunnel(site, peer),
            "securityAssociations": (
                []
                if fault
                else [self.association(site, peer, "in", spis[0], 2100), self.association(site, peer, "out", spis[1], 180)]
            ),
            "ike": {
                "peer": peer,
                "state": "connecting" if fault else "established",
                "ageSeconds": 5000,
                "proposal": "aes256gcm16-prfsha384-x25519",
                **(
                    {"lastError": self.word("AUTHENTICATION_FAILED: the keys of the two ends differ")}
                    if fault or self.payloads
                    else {}
                ),
            },
            "probe": {
                "peer": peer,
                "lastAnswerSecondsAgo": 0.6,
                "roundTripMilliseconds": 12.25,
                "sent": 900,
                "answered": 899,
                "lossPercent": 0.5,
                "pathMTU": 1372,
            },
            "drift": [self.word("")] if self.payloads else [],
        }

    def link_details(self, link):
        return {
            "status": self.link_status(link),
            "ends": [self.end(link[0], link[1], True), self.end(link[1], link[0], False)],
            "events": [event for event in self.events if event.get("link", {}).get("first") == link[0]],
        }

    def samples(self, link, seconds, step):
        count = min(720, int(seconds / step))
        found = []
        for n in range(count):
            ago = (count - n) * step
            phase = (time.time() - ago) / 900
            state = "down" if 0.40 < n / count < 0.43 else "degraded" if 0.43 <= n / count < 0.46 else "up"
            sample = {"at": moment(ago), "state": state}
            if state != "down":
                sample |= {
                    "rttMs": self.round_trip(link) * (1 + 0.08 * math.sin(phase * 5) + 0.05 * self.random.random()),
                    "lossPercent": 8.0 if state == "degraded" else max(0, 0.6 * math.sin(phase)),
                    "rxBps": 2.4e7 * (1.2 + math.sin(phase)),
                    "txBps": 1.1e7 * (1.3 + math.cos(phase * 1.3)),
                }
            found.append(sample)
        return {"link": {"first": link[0], "second": link[1]}, "stepSeconds": step, "samples": found}

    def gateway(self, name):
        at = self.names.index(name)
        peers = [peer for peer in self.names if peer != name]
        report = {
            "site": name,
            "agentVersion": self.word("0.9.0"),
            "version": self.version(),
            "isOnTrial": False,
            "outerAddresses": [],
            "tunnels": [self.tunnel(name, peer) for peer in peers[:20]],
            "drift": [],
            "probes": [],
            "ike": [],
            "securityAssociations": [],
            "routes": [
                {
                    "destination": f"192.168.{self.names.index(peer) + 1}.0/24",
                    "via": f"192.168.{self.names.index(peer) + 1}.1",
                    "interface": f"gif{self.names.index(peer) + 1}",
                }
                for peer in peers[:20]
            ],
        }
        return {
            "status": self.site_status(name),
            "index": at + 1,
            "platform": "embedded",
            "agentVersion": report["agentVersion"],
            "outerAddresses": [f"203.0.113.{at + 1}"],
            "networks": [network["real"] for network in self.networks(name)],
            "certificateExpiresAt": moment(-86400 * 20),
            "tags": self.tags(name),
            "report": report,
            "links": [self.link_status(link) for link in self.links if name in link],
            "events": self.events[-20:],
        }

    def plan(self, name):
        return {
            "generation": 7,
            "plan": {
                "mesh": "acme",
                "gateways": [
                    {
                        "site": name,
                        "index": 1,
                        "tunnels": self.gateway(name)["report"]["tunnels"],
                        "routes": self.gateway(name)["report"]["routes"],
                    }
                ],
            },
        }

    def generations(self):
        return [
            {"generation": n, "mesh": "acme", "sites": len(self.names), "acceptedAt": moment(86400 * (8 - n))}
            for n in range(7, 0, -1)
        ]

    def generation(self, number):
        text = (
            INVENTORY
            if number < 7
            else INVENTORY.replace("198.51.100.20", "198.51.100.29")
            + "  oslo:\n    gateway: {public: 203.0.113.30, private: 192.168.3.1}\n    networks: [192.168.3.0/24]\n"
        )
        return {
            **self.generations()[7 - number],
            "files": [{"name": "mesh.yaml", "text": text}],
            "assignments": {"indexes": {}, "keyEpochs": {}, "addresses": {}, "drained": []},
        }

    def changes(self):
        first, second = self.names[0], self.names[1]
        return {
            "isShortened": False,
            "summary": {
                "gatewaysInAll": 5,
                "gateways": 2,
                "links": {"restarts": 1, "renegotiates": 2},
                "joins": [],
                "leaves": [],
                "isolated": [],
                "counts": {"add": 1, "change": 3, "remove": 0},
                "fingerprint": "f1",
            },
            "links": [{"link": {"first": first, "second": second}, "effect": "restarts", "reasons": ["public addresses"]}],
            "gateways": [
                {
                    "site": first,
                    "effect": "changes",
                    "counts": {"add": 1, "change": 1, "remove": 0},
                    "changes": [
                        {
                            "site": first,
                            "kind": "change",
                            "subject": "tunnel gif2",
                            "old": "203.0.113.1 → 198.51.100.20",
                            "new": "203.0.113.1 → 198.51.100.29",
                        },
                        {"site": first, "kind": "add", "subject": "route 192.168.3.0/24", "new": "via 192.168.3.1 dev gif3"},
                    ],
                },
                {"site": second, "effect": "changes", "counts": {"add": 0, "change": 2, "remove": 0}},
            ],
        }
