#!/usr/bin/env python3
"""What a packet costs in the embedded data plane, counted rather than timed: instructions, and calls that must not be made.

Each scenario of warren-packet-cost runs under valgrind's callgrind with so many rounds and with twice as many; the difference,
divided by its packets, is what one packet costs. It is the same on a loaded machine. `budget.json` holds what it may cost.
The stages of a packet's way are told apart by the file that each instruction was compiled from: README.md beside the data plane
draws which file does what.
"""

import argparse
import collections
import json
import pathlib
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SCENARIOS = ("send-bulk", "carry-bulk", "send-small", "carry-small")
LIBRARIES = ("auto", "boringssl", "libcrypto")
ROUNDS = {"send-bulk": 40, "carry-bulk": 40, "send-small": 200, "carry-small": 200}
# A budget may be exceeded by as much: another compiler or C library.
TOLERANCE = 0.05
# Whose instructions are the cipher's: libraries, and the one that is part of the program.
CIPHERS, BUILT_IN_CIPHER = ("libIPSec_MB", "libcrypto"), "CCryptoBoringSSL"
# None of them for a packet: memory, references, locks. What one packet in so many brings is no packet's.
SELDOM = 1 / 1000
FORBIDDEN = re.compile(
    r"^(malloc|calloc|realloc|free|posix_memalign|aligned_alloc|swift_(slow)?(alloc|dealloc)\w*|swift_(retain|release)\w*"
    r"|swift_bridgeObject\w*|swift_(begin|end)Access|pthread_(mutex|rwlock|spin|cond)\w*|CRYPTO_(malloc|zalloc|free|realloc)\w*)"
)
SEGMENTS = {"send-bulk": 46, "carry-bulk": 46, "send-small": 8, "carry-small": 8}
# What may be dearer with a thousand tunnels, in ratio.
TUNNELS, TUNNELS_RATIO, TUNNEL_BYTES = 1000, 1.2, 64 << 10


class Profile:
    """Instructions by object file and by address within it, and calls by function, from a callgrind file."""

    def __init__(self, path):
        self.instructions = collections.Counter()
        self.addresses = collections.Counter()
        self.calls = collections.Counter()
        names, current, callee, is_call, address = {"ob": {}, "fn": {}}, "", "", False, 0
        for line in open(path):
            key, _, value = line.strip().partition("=")
            if key in ("ob", "cob", "fn", "cfn"):
                name = self._name(names[key[-2:]], value)
                if key == "ob":
                    current = name
                elif key == "cfn":
                    callee = name
            elif key == "calls":
                self.calls[callee.split("'")[0].split("@")[0]] += int(value.split()[0])
                is_call = True
            elif line[0] in "0123456789+-*":
                place, _, number = line.split()
                if place[0] in "+-":
                    address += int(place)
                elif place != "*":
                    address = int(place, 16)
                # The line after a call has what was spent in the callee.
                if not is_call:
                    self.instructions[current] += int(number)
                    self.addresses[current, address] += int(number)
                is_call = False

    @staticmethod
    def _name(known, value):
        """Names stand once, with a number that stands for them afterwards."""
        found = re.match(r"\((\d+)\)(?: (.*))?", value)
        if found is None:
            return value
        if found[2]:
            known[found[1]] = found[2]
        return known[found[1]]


def count(program, scenario, library, rounds, tunnels=1):
    arguments = [program, scenario, str(rounds), str(tunnels), library]
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/callgrind.out"
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={path}", "--dump-instr=yes",
             "--toggle-collect=*PacketEngine*turn*", *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        if done.returncode != 0:
            sys.exit(f"{' '.join(arguments)}: {done.stdout[-2000:]}")
        return Profile(path)


def cost(program, scenario, library, tunnels=1):
    """Instructions for one packet: ours, the cipher's; and the calls of each forbidden function."""
    rounds = max(ROUNDS[scenario], tunnels)
    once, twice = (count(program, scenario, library, times * rounds, tunnels) for times in (1, 2))
    packets = rounds * SEGMENTS[scenario]
    difference = {name: number - once.instructions[name] for name, number in twice.instructions.items()}
    if sum(difference.values()) <= 0:
        sys.exit(f"{scenario}: callgrind saw nothing of the packet path")
    addresses = {place: (number - once.addresses[place]) / packets for place, number in twice.addresses.items()}
    cipher = sum(number for name, number in difference.items() if any(part in name for part in CIPHERS))
    by_stage = stages(program, addresses)
    cipher += by_stage[BUILT_IN_CIPHER] * packets
    calls = {
        name: (number - once.calls[name]) / packets for name, number in twice.calls.items()
        if FORBIDDEN.match(name) and number - once.calls[name] > packets * SELDOM
    }
    return {
        "instructions": round((sum(difference.values()) - cipher) / packets, 1),
        "cipher": round(cipher / packets, 1), "calls": calls, "stages": by_stage,
    }


def stages(program, found):
    """The instructions of a packet by the file that they were compiled from, or the library that has them."""
    own = sorted(address for name, address in found if name == program)
    tool = shutil.which("llvm-symbolizer", path=str(pathlib.Path(shutil.which("swift")).resolve().parent)) or "llvm-symbolizer"
    text = subprocess.run(
        [tool, f"--obj={unstripped(program)}", "--inlines", "--no-demangle"], check=True, stdout=subprocess.PIPE, text=True,
        input="".join(f"{address:#x}\n" for address in own),
    ).stdout
    names = {address: stage(frames.strip().splitlines()) for address, frames in zip(own, text.split("\n\n"))}
    result = collections.Counter()
    for (name, address), number in found.items():
        result[names[address] if name == program else pathlib.Path(name).name] += number
    return result


def stage(frames):
    """Of the lines of each frame, innermost first, a function's and a place's: what is inlined of the standard library is its
    caller's. Specialised functions have no place: they are told by the type that has them."""
    if frames and (frames[0].startswith(BUILT_IN_CIPHER) or f"/{BUILT_IN_CIPHER}/" in frames[1]):
        return BUILT_IN_CIPHER
    for place in frames[1::2]:
        if "/Agents/" in place:
            return place.rsplit(":", 2)[0].split("/Agents/")[1].removesuffix(".swift")
    for function in reversed(frames[::2]):
        if found := re.match(r"\$s\d+(ESP|Tunnel)(\d+)(\w+)", function):
            return f"{found[1]}/{found[3][:int(found[2])]}"
    return "other"


def clock(program, scenario, library, rounds, tunnels=1, runs=5):
    """Nanoseconds for one packet, kernel and all, and bytes for one tunnel: medians."""
    found = []
    for _ in range(runs):
        arguments = [program, scenario, str(rounds), str(tunnels), library]
        text = subprocess.run(arguments, check=True, stdout=subprocess.PIPE, text=True).stdout
        found.append([int(word.split("=")[1]) for word in text.split()])
    return [statistics.median(column) for column in zip(*found)][1:]


def unstripped(program):
    return f"{program}.debug"


def print_stages(scenarios):
    """Where the instructions of one packet of each scenario go."""
    for scenario, found in scenarios.items():
        print(f"\n{scenario}, by stage")
        for name, number in sorted(found.items(), key=lambda item: -item[1]):
            if number >= 1:
                print(f"  {name:44} {number:8.1f}")
    print()


def check_packets(options, budget):
    """Prints each scenario and returns what is wrong, and the instructions of each by stage."""
    wrong, measured, by_stage = [], {}, {}
    print(f"{'a packet of':24} {'instructions':>12} {'cipher':>8} {'budget':>8} {'ns, kernel included':>20}")
    for scenario in SCENARIOS:
        for library in LIBRARIES:
            name = f"{scenario}, {library}"
            found = cost(options.program, scenario, library)
            allowed = budget.get(name)
            nanoseconds = clock(options.program, scenario, library, 20 * ROUNDS[scenario])[0]
            print(f"{name:24} {found['instructions']:12.1f} {found['cipher']:8.1f} {allowed or 0:8.0f} {nanoseconds:20.0f}")
            measured[name] = round(found["instructions"])
            by_stage.setdefault(scenario, found["stages"])
            for function, number in sorted(found["calls"].items()):
                wrong.append(f"{name}: {function} is called {number:.3g} times for a packet")
            if not options.update and (allowed is None or found["instructions"] > allowed * (1 + TOLERANCE)):
                wrong.append(f"{name}: {found['instructions']} instructions, and the budget is {allowed}")
    if options.update:
        (HERE / "budget.json").write_text(json.dumps(measured, indent=2) + "\n")
    return wrong, by_stage


def check_tunnels(options):
    wrong = []
    for scenario in ("carry-bulk", "carry-small"):
        one, many = cost(options.program, scenario, "auto"), cost(options.program, scenario, "auto", TUNNELS)
        ratio = (many["instructions"] + many["cipher"]) / (one["instructions"] + one["cipher"])
        # In turns, for the machine's speed changes.
        times = [
            (clock(options.program, scenario, "auto", 4 * TUNNELS, 1, 1), clock(options.program, scenario, "auto", 4 * TUNNELS, TUNNELS, 1))
            for _ in range(7)
        ]
        timed = statistics.median(second[0] / first[0] for first, second in times)
        # Both ends of each tunnel are in that process.
        size = statistics.median(second[1] for _, second in times) / 2
        print(f"{scenario}, {TUNNELS} tunnels in turns ÷ 1: instructions {ratio:.3f}, time {timed:.2f}; {size / 1024:.1f} KiB a tunnel")
        if ratio > TUNNELS_RATIO:
            wrong.append(f"{scenario}: {ratio:.2f} times the instructions with {TUNNELS} tunnels")
        if size > TUNNEL_BYTES:
            wrong.append(f"{scenario}: a tunnel takes {size} bytes")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(HERE.parents[1] / ".build/release/warren-packet-cost"))
    parser.add_argument("--strip", default="strip", help="the program that takes debugging information out: valgrind may not read it")
    parser.add_argument("--update", action="store_true", help="write what was counted to budget.json: review the difference")
    options = parser.parse_args()
    # For the queues of a thousand tunnels; valgrind takes the limit that it finds.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    path = HERE / "budget.json"
    budget = json.loads(path.read_text()) if path.exists() else {}
    with tempfile.TemporaryDirectory() as folder:
        stripped = f"{folder}/warren-packet-cost"
        subprocess.run([options.strip, "--strip-debug", "-o", stripped, options.program], check=True)
        shutil.copyfile(options.program, unstripped(stripped))
        options.program = stripped
        wrong, by_stage = check_packets(options, budget)
        print_stages(by_stage)
        wrong += check_tunnels(options)
    for line in wrong:
        print(line)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
