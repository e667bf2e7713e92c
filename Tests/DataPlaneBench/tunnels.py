#!/usr/bin/env python3
"""Many tunnels on one gateway: all negotiated by IKE with one daemon that is every peer, then what they take while idle.

    tunnels.py [TUNNELS]     prints memory of the daemon for each tunnel, and the time until the last stood (as root)
"""

import argparse
import json
import os
import pathlib
import sys
import tempfile
import time

from contenders import until, write
from topology import LAN, OUTER, GATEWAY, Topology, run

# What a tunnel may take.
ALLOWED = 64 << 10


def spoke(number):
    """Public address, private address and network of a spoke."""
    return f"20.1.{number >> 8}.{number & 255}", f"10.{128 + (number >> 8)}.{number & 255}.1"


def inventory(count):
    lines = ["version: 1", "mesh: bench", "topology: {kind: hub-and-spoke, hubs: [hub]}", "sites:", "  hub:"]
    lines += [f"    gateway: {{public: {OUTER['A']}, private: {GATEWAY['A']}}}", f"    networks: [{LAN['A']}]"]
    for number in range(1, count + 1):
        public, private = spoke(number)
        lines += [f"  spoke-{number}:", f"    gateway: {{public: {public}, private: {private}}}"]
        lines += [f"    networks: [{private.rsplit('.', 1)[0]}.0/24]"]
    return "\n".join(lines) + "\n"


def resident(pid):
    """Bytes in memory that are the process's own: shared pages of its programs are not."""
    text = open(f"/proc/{pid}/smaps_rollup").read()
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith(("Private_Clean", "Private_Dirty"))) << 10


def measure(programs, count):
    """Own memory of the daemon, in bytes, once all tunnels stand and nothing moves; and the seconds until then."""
    control = f"{programs}/tunnel-control"
    with tempfile.TemporaryDirectory(prefix="warren-tunnels-") as folder, Topology("nic") as topology:
        topology.ip("gwA", "route", "add", "20.1.0.0/16", "dev", "wan")
        addresses = "".join(f"address add {spoke(number)[0]}/32 dev wan\n" for number in range(1, count + 1))
        topology.ip("gwB", "-batch", "-", input=addresses)
        run(control, "plan", write(f"{folder}/bench.yaml", inventory(count)), folder)
        run(control, "mirror", f"{folder}/plan-hub.json", f"{folder}/plan-spokes.json")
        secret = write(f"{folder}/secret", os.urandom(32).hex() + "\n")
        start = time.monotonic()
        for node, name in (("gwB", "spokes"), ("gwA", "hub")):
            os.mkdir(f"{folder}/{name}", 0o700)
            plan = f"{folder}/plan-{name}.json"
            topology.run(node, control, "up", f"{folder}/{name}/control", plan, secret, f"{programs}/warren-tunneld")

        def standing():
            text = topology.run("gwA", control, "observe", f"{folder}/hub/control")
            return len(json.loads(text)["securityAssociations"]) == 2 * count

        until(standing, f"{2 * count} security associations", seconds=240)
        took = time.monotonic() - start
        pid = next(
            pid for pid in topology.pids("gwA") if "warren-tunneld" in os.readlink(f"/proc/{pid}/exe"))
        return resident(pid), took


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tunnels", type=int, nargs="?", default=1000)
    parser.add_argument("--programs", default=str(root / ".build/release"), help="the folder of the built programs")
    options = parser.parse_args()
    one, _ = measure(options.programs, 1)
    many, took = measure(options.programs, options.tunnels)
    each = (many - one) / (options.tunnels - 1)
    print(
        f"{options.tunnels} tunnels, IKE and all: {each / 1024:.1f} KiB each, {many >> 20} MiB in all "
        f"(with one: {one / 1048576:.1f} MiB); the last stood after {took:.0f} s")
    if each > ALLOWED:
        sys.exit(f"more than {ALLOWED >> 10} KiB")


if __name__ == "__main__":
    main()
