#!/usr/bin/env python3
"""Measures the embedded data plane against others in turns, and tells of what was measured.

    bench.py measure RECORDS    appends a line of JSON for each measurement
    bench.py report RECORDS     prints medians, ranges and ratios; with --into FOLDER also writes a table and a picture there
"""

import argparse
import datetime
import json
import os
import pathlib
import shutil
import sys
import tempfile

import report
from contenders import CONTENDERS, connect
from topology import SHAPES, CommandFailure, Topology
from traffic import MEASUREMENTS


def measure(options):
    chosen = [
        make(options) for make in CONTENDERS if (make.name in options.only if options.only else not make.is_extra)
    ]
    for contender in chosen:
        if missing := contender.missing():
            sys.exit(f"{contender.name} needs {', '.join(missing)}: make bench-dataplane installs them")
    with open(options.records, "a") as records:
        for number in range(options.rounds):
            for shape in options.shapes:
                # Each round begins with another, so that none is always first.
                shift = number % len(chosen)
                for contender in chosen[shift:] + chosen[:shift]:
                    measure_one(options, contender, shape, records)


def measure_one(options, contender, shape, records):
    folder = tempfile.mkdtemp(prefix="warren-bench-")
    try:
        with Topology(shape) as topology:
            contender.start(topology, folder)
            connect(topology)
            for name in options.tests:
                values = MEASUREMENTS[name](topology, options.seconds, f"{options.programs}/udp-stream")
                record = {
                    "at": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
                    "contender": contender.name, "cipher": contender.cipher, "shape": shape, "test": name, **values,
                }
                records.write(json.dumps(record) + "\n")
                records.flush()
                print(" ".join(f"{key}={value:.4g}" if isinstance(value, float) else str(value)
                               for key, value in record.items() if key not in ("at", "cipher")), flush=True)
    except (CommandFailure, ValueError) as failure:
        sys.exit(f"{contender.name}, {shape}: {failure}\nIts files are in {folder}")
    shutil.rmtree(folder)


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    measuring = verbs.add_parser("measure", help="raise each contender in turn and measure it (as root)")
    measuring.add_argument("records")
    measuring.add_argument("--rounds", type=int, default=3)
    measuring.add_argument("--seconds", type=int, default=4, help="of each TCP measurement")
    measuring.add_argument("--shapes", nargs="+", choices=SHAPES, default=SHAPES)
    measuring.add_argument("--tests", nargs="+", choices=MEASUREMENTS, default=list(MEASUREMENTS))
    measuring.add_argument("--only", nargs="+", choices=[make.name for make in CONTENDERS], default=[])
    measuring.add_argument("--programs", default=str(root / ".build/release"), help="the folder of the built programs")
    reporting = verbs.add_parser("report", help="medians, ranges and ratios of what was measured")
    reporting.add_argument("records")
    reporting.add_argument("--into", help="a folder for table.md and throughput.svg")
    reporting.add_argument("--note", default="", help="what else a reader must know of the circumstances")
    reporting.add_argument("--readme", help="a page whose table between the two marks is replaced")
    options = parser.parse_args()
    if options.verb == "report":
        return report.tell(options)
    if os.geteuid() != 0:
        sys.exit("it makes network namespaces: run it as root")
    measure(options)


if __name__ == "__main__":
    main()
