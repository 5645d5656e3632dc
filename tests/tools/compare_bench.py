#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compare build/bench.json with a baseline.

    compare_bench.py NEW BASELINE [--tolerance PERCENT] [--update]

Both files are {"name": {"instructions": n, "unit": "...", "target": n}}, NEW also has
"wall_ratio", which is not compared. More
instructions than the baseline, beyond the tolerance, is an error; a target that
is missed is told. Of a row with "at_least": true, less is worse. Counts under
-icount are exact, so the tolerance only spares changes nobody would notice."""
import argparse
import json
import pathlib
import re
import subprocess
import sys


def compiler(build):
    """Which compiler filled the folder @build, as an object says: another one makes other counts."""
    text = subprocess.run(["readelf", "--string-dump=.comment", build / "obj/kernel/kernel/main.c.o"],
                          capture_output=True, text=True, check=True).stdout
    return re.search(r"\]\s+(\S.*)", text)[1]


def counts(rows):
    """What is kept: figures that are the same in every run."""
    return json.dumps({name: {key: value for key, value in row.items() if key != "wall_ratio"} for name, row in rows.items()},
                      indent=1, sort_keys=True) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("new", type=pathlib.Path)
    parser.add_argument("baseline", type=pathlib.Path)
    parser.add_argument("--tolerance", type=float, default=1.0, metavar="PERCENT")
    parser.add_argument("--update", action="store_true", help="make NEW the baseline")
    arguments = parser.parse_args()
    if arguments.update:
        arguments.baseline.write_text(counts(json.loads(arguments.new.read_text())))
        arguments.baseline.with_suffix(".compiler").write_text(compiler(arguments.new.parent) + "\n")
    new = json.loads(arguments.new.read_text())
    old = json.loads(arguments.baseline.read_text()) if arguments.baseline.exists() else {}
    worse = []
    print(f"{'':28}{'now':>12}{'baseline':>12}{'change':>9}{'target':>12}")
    for name in sorted(new | old):
        if name not in new:
            worse.append(f"{name} is no longer measured")
            continue
        now, target = new[name]["instructions"], new[name].get("target")
        before = old.get(name, {}).get("instructions")
        change = f"{100 * (now - before) / before:+.1f}%" if before else "new"
        sign = -1 if new[name].get("at_least") else 1
        verdict = "" if target is None else "  met" if sign * now <= sign * target else "  MISSED"
        print(f"{name:28}{now:>12,}{'-' if before is None else before:>12}{change:>9}"
              f"{'-' if target is None else target:>12}{verdict}")
        # Of a count, one more is noise; of a ratio, it would be all there is.
        spare = arguments.tolerance / 100 * (before or 0) + (isinstance(before, int))
        if before is not None and sign * now > sign * before + spare:
            worse.append(f"{name}: {before} -> {now} {new[name]['unit']}")
    for line in worse:
        print(f"compare_bench: {line}", file=sys.stderr)
    sys.exit(1 if worse else 0)


if __name__ == "__main__":
    main()
