#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The rows of `make bench` in wall time, as ratios -> wall.json.

The same programs run in the same QEMU on the same processor model without -icount, where
the time stamp counter is the host's clock. No time is told: each row is divided by the null
system call of its round, and each of ours by the peer's of the same round. A round is SecOS,
then Linux in both columns of `make bench-peers`, then the heaps on the host, so that whatever
else the machine does meets all of them; what is kept is the median of the rounds, with the
lowest and the highest.

Not here: what is a maximum (pager_recovery_worst, irq_off_worst), for the longest time on
a shared machine is the host's, and what is no cost (huge_recovered50, heap_held_mixed)."""
import argparse
import json
import pathlib
import re
import shutil
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/bench"))
sys.path.insert(0, str(ROOT / "tests/tools"))
import memory  # noqa: E402
import peers  # noqa: E402
import performance_tables  # noqa: E402
import run  # noqa: E402
from qemu_command import BUILD, QEMU  # noqa: E402

KEPT = ROOT / "tests/bench/wall.json"


def time_traces(program, environment=None):
    """{trace: ticks for a pair}, on the host, without callgrind: medians of 15 runs, of which
    the first also brings the pages."""
    said = subprocess.run([program, "15"], capture_output=True, text=True, env=environment, check=True).stdout
    pairs = dict(re.findall(r"^pairs (\w+) (\d+)$", said, re.MULTILINE))
    ticks = {}
    for name, empty, all_of_it in re.findall(r"^ticks (\w+) (\d+) (\d+)$", said, re.MULTILINE):
        ticks.setdefault(name, []).append((int(all_of_it) - int(empty)) / int(pairs[name]))
    return {name: statistics.median(runs) for name, runs in ticks.items()}


class Linux:
    """The kernel and the RAM disk of `make bench-peers`."""

    def __init__(self):
        peers.FOLDER.mkdir(parents=True, exist_ok=True)
        self.vmlinuz, self.package = peers.linux_kernel()
        self.disk = peers.initrd()
        self.heaps = dict(peers.heap_environments())

    def measure(self):
        """{column: {row: ticks}}."""
        return {column: peers.rows_said(peers.boot_linux(self.vmlinuz, self.disk, options, icount=False))
                for column, options in peers.COLUMNS.items()}


def measure_round(linux):
    """{who: {row: ticks}} of everybody, one after the other."""
    found = {"secos": run.measure_ticks()}
    if linux:
        found |= linux.measure()
        found["heap secos"] = time_traces(BUILD / "bench/traces")
        found |= {f"heap {name}": time_traces(BUILD / "bench/heap_peer", environment)
                  for name, environment in linux.heaps.items()}
    return found


def spread(values):
    """[median, lowest, highest]."""
    values = sorted(values)
    return [run.digits(values[len(values) // 2]), run.digits(values[0]), run.digits(values[-1])]


def ratios(rounds, above, below):
    """The spread of @above's row over @below's in each round; both are (who, row). None if
    there is no such row, or a clock that went backwards has made one of them nothing."""
    pairs = [(found.get(above[0], {}).get(above[1], 0), found.get(below[0], {}).get(below[1], 0)) for found in rounds]
    pairs = [(a, b) for a, b in pairs if a > 0 and b > 0]
    return spread([a / b for a, b in pairs]) if pairs else None


def reduce(rounds):
    """wall.json's rows and heaps."""
    unit = ("secos", run.UNIT)
    peer_rows = {name: peer for name, _, peer in performance_tables.OPERATIONS if peer}
    rows = {}
    for name in rounds[0]["secos"]:
        row = {"secos": ratios(rounds, ("secos", name), unit)}
        for column in peers.COLUMNS:
            theirs = (column, peer_rows.get(name))
            row[column] = ratios(rounds, theirs, unit)
            row[f"ours_to_{column}"] = ratios(rounds, ("secos", name), theirs)
        rows[name] = {key: value for key, value in row.items() if value}
    heaps = {}
    for trace, _ in performance_tables.HEAPS:
        heaps[trace] = {who.removeprefix("heap "): ratios(rounds, ("heap secos", trace), (who, trace))
                        for who in rounds[0] if who.startswith("heap ") and who != "heap secos"}
    return rows, heaps


def processor():
    found = re.search(r"^model name\s*: (.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else "unknown"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=BUILD / "wall.json")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--no-peers", action="store_true", help="SecOS alone; downloads nothing")
    parser.add_argument("--keep", action="store_true", help="into tests/bench/wall.json and docs/performance.md")
    given = parser.parse_args()
    if given.keep and given.no_peers:
        parser.error("what is kept has the peers")
    linux = None if given.no_peers else Linux()
    rounds = []
    for n in range(given.rounds):
        rounds.append(measure_round(linux))
        print(f"bench-wall: round {n + 1} of {given.rounds}", flush=True)
    rows, heaps = reduce(rounds)
    version = subprocess.run([QEMU, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
    found = {"rounds": given.rounds, "qemu": version, "host": processor(), "linux": linux and linux.package,
             "rows": rows, "heaps": heaps}
    given.out.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
    print("\n".join(performance_tables.wall_lines(found)))
    if given.keep:
        shutil.copyfile(given.out, KEPT)
        subprocess.run([sys.executable, ROOT / "tests/tools/check_docs.py", "--fix"], check=False)


if __name__ == "__main__":
    main()
