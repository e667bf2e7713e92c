"""Medians, ranges, and ratios within one round of what was measured; each goal with what came of it."""

import json
import os
import pathlib
import platform
import re
import statistics

import picture

COLUMNS = (
    ("tcp1", "gbps", "TCP ×1, Gbit/s", 2),
    ("tcp4", "gbps", "TCP ×4, Gbit/s", 2),
    ("tcp2way", "gbps", "TCP both ways, Gbit/s", 2),
    ("tcp1", "gateway_seconds_per_gb", "CPU-s per GB, both gateways", 2),
    ("udp64", "per_second", "UDP 64 B, packets/s", 0),
    ("udp1400", "per_second", "UDP 1,400 B, packets/s", 0),
    ("rtt", "minimum_ms", "RTT least, ms", 3),
    ("rtt", "mean_ms", "RTT mean, ms", 3),
)
SHAPE_NAMES = {"nic": "WAN like a network card without offload", "packets": "Every link packet by packet"}

# Shape, test, key, against whom, "ratio at least" or "at most", and the bound: warren's value ÷ the other's.
GOALS = (
    ("nic", "tcp1", "gbps", "plain routing", "at least", 0.55),
    ("nic", "tcp1", "gbps", "strongswan libipsec", "at least", 9),
    ("nic", "tcp1", "gbps", "openvpn", "at least", 12),
    ("nic", "tcp1", "gbps", "wireguard-go", "at least", 11),
    ("nic", "tcp1", "gateway_seconds_per_gb", "strongswan libipsec", "at most", 1 / 12),
    ("nic", "udp64", "per_second", "strongswan libipsec", "at least", 3),
    ("nic", "rtt", "minimum_ms", "openvpn", "at most", 1),
    ("packets", "tcp1", "gbps", "plain routing", "at least", 0.5),
)
# Without the multi-buffer library, against with it.
LIBRARY_GOAL, LIBRARIES = ("nic", "tcp1", "gbps", 0.8), ("warren, boringssl", "warren, libcrypto")
MARKS = ("<!-- data plane, measured -->", "<!-- /data plane, measured -->")


class Records:
    def __init__(self, path):
        self.lines = [json.loads(line) for line in open(path)]

    def names(self, shape):
        return list(dict.fromkeys(line["contender"] for line in self.lines if line["shape"] == shape))

    def shapes(self):
        return list(dict.fromkeys(line["shape"] for line in self.lines))

    def cipher(self, name):
        return next(line["cipher"] for line in self.lines if line["contender"] == name)

    def values(self, shape, name, test, key):
        """In the order of the rounds."""
        return [
            line[key] for line in self.lines
            if (line["shape"], line["contender"], line["test"]) == (shape, name, test) and key in line
        ]

    def median(self, shape, name, test, key):
        values = self.values(shape, name, test, key)
        return statistics.median(values) if values else None

    def ratio(self, shape, test, key, name, other):
        first, second = self.median(shape, name, test, key), self.median(shape, other, test, key)
        return first / second if first is not None and second else None

    def days(self):
        days = sorted({line["at"][:10] for line in self.lines})
        return days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"


def machine():
    """The machine in a few words."""
    info = open("/proc/cpuinfo").read()
    model = re.search(r"model name\s*: (.*)", info)
    return f"{os.cpu_count()} cores {model[1] if model else platform.machine()}, Linux {platform.release().split('-')[0]}"


def cell(values, digits):
    if not values:
        return "–"
    number = f"{{:,.{digits}f}}".format
    least, median, most = min(values), statistics.median(values), max(values)
    return f"{number(median)} ({number(least)}–{number(most)})" if len(values) > 1 else number(median)


def table(records, shape):
    """Rows are contenders, columns what was measured; the median and, in brackets, the range."""
    columns = [
        column for column in COLUMNS
        if any(records.values(shape, name, *column[:2]) for name in records.names(shape))
    ]
    lines = ["| | " + " | ".join(column[2] for column in columns) + " |", "|" + " --- |" * (len(columns) + 1)]
    for name in records.names(shape):
        cells = [cell(records.values(shape, name, test, key), digits) for test, key, _, digits in columns]
        if name == "plain routing":
            cells = ["–" if "CPU" in column[2] else text for column, text in zip(columns, cells)]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def goals(records):
    lines = ["| shape | measured | Warren ÷ the other | goal | |", "| --- | --- | --- | --- | --- |"]
    wanted = [(*goal, "warren") for goal in GOALS]
    shape, test, key, bound = LIBRARY_GOAL
    wanted += [(shape, test, key, "warren", "at least", bound, name) for name in LIBRARIES]
    for shape, test, key, other, sense, bound, name in wanted:
        ratio = records.ratio(shape, test, key, name, other)
        if ratio is None:
            continue
        met = ratio >= bound if sense == "at least" else ratio <= bound
        title = next(column[2] for column in COLUMNS if column[:2] == (test, key)).split(",")[0]
        against = f"{title}, against {other}" if name == "warren" else f"{title}, {name} against {other}"
        goal = f"{sense} {bound:.3g}"
        lines.append(f"| {shape} | {against} | {ratio:.3g} | {goal} | {'met' if met else '**missed**'} |")
    return lines


def page(records, note):
    rounds = max(
        len(records.values(shape, name, test, key))
        for shape in records.shapes() for name in records.names(shape) for test, key, _, _ in COLUMNS
    )
    rounds = "one round" if rounds == 1 else f"medians of {rounds} rounds, ranges in brackets"
    lines = [f"{records.days()}, {machine()}; {rounds}." + (f" {note}" if note else "")]
    for shape in records.shapes():
        lines += ["", f"**{SHAPE_NAMES[shape]}**", "", *table(records, shape)]
    return lines


def replace(path, lines):
    """Puts the lines between the two marks of a page."""
    text = pathlib.Path(path).read_text()
    before, rest = text.split(MARKS[0], 1)
    after = rest.split(MARKS[1], 1)[1]
    pathlib.Path(path).write_text(before + MARKS[0] + "\n" + "\n".join(lines) + "\n" + MARKS[1] + after)


def tell(options):
    records = Records(options.records)
    lines = page(records, options.note)
    print("\n".join(lines + ["", *goals(records)]))
    if options.into:
        folder = pathlib.Path(options.into)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "table.md").write_text("\n".join(["# The data plane, measured", "", *lines, "", *goals(records)]) + "\n")
        (folder / "throughput.svg").write_text(picture.draw(records, f"{records.days()}, {machine()}"))
    if options.readme:
        replace(options.readme, lines)
