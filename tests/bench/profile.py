#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Where the instructions of one row of `make bench` go, function by function.

    profile.py ROW [--listing FUNCTION]

QEMU logs every instruction of a run of tests/guests/bench.c that measures that row
alone; what counts are those between its two marks (system calls that do not exist).
An instruction with a repeat prefix counts once for each repetition, as the time
stamp counter counts it."""
import argparse
import bisect
import collections
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/qemu"))
from machine import BUILD, Machine  # noqa: E402
from run import CPU, OPTIONS  # noqa: E402

TRACE = re.compile(rb"^Trace \d+: \S+ \[[0-9a-f]+/([0-9a-f]+)/")
USER_END = 1 << 47
# Rows that are another row under other options, as in run.py.
AS = {"fault_kernel": ("fault_pager_cold", "pager=kernel", ""),
      "fault_around4_per_page": ("fault_pager_cold", "", "run=4"),
      "fault_around16_per_page": ("fault_pager_cold", "", "run=16"),
      "fault_around64_per_page": ("fault_pager_cold", "", "run=64")}


class Symbols:
    """The functions of the kernel image."""

    def __init__(self, elf):
        listing = subprocess.run(["nm", "-n", elf], capture_output=True, text=True, check=True).stdout
        rows = [line.split() for line in listing.splitlines()]
        self.rows = [(int(r[0], 16), r[2]) for r in rows if len(r) == 3 and r[1] in "tT"]
        self.starts = [start for start, _ in self.rows]
        self.by_name = {name: start for start, name in self.rows}

    def name(self, address):
        """The function that @address is in; a part the compiler moved away counts for the whole."""
        if address < USER_END:
            return "(ring 3)"
        name = self.rows[bisect.bisect_right(self.starts, address) - 1][1]
        return re.sub(r"\.(cold|part|constprop|isra).*", "", name)


def trace(path, mark, counts):
    """Count the addresses in the log at @path between the last two executions of @mark;
    earlier pairs are the empty loop that a row is compared with."""
    marks = 0
    with open(path, "rb") as log:
        for line in log:
            match = TRACE.match(line)
            if not match:
                continue
            address = int(match[1], 16)
            if address == mark:
                marks += 1
                if marks % 2:
                    counts.clear()
            elif marks % 2:
                counts[address] += 1


def run(row):
    """({address: count}, operations) of @row's last batch."""
    name, options, pager = AS.get(row, (row, "", ""))
    symbols = Symbols(BUILD / "kernel.elf")
    counts = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder) / "log"
        os.mkfifo(log)
        reader = threading.Thread(target=trace, args=(log, symbols.by_name["upcall_foreign_syscall"], counts))
        reader.start()
        modules = [(BUILD / "servers/pager.elf", pager), (BUILD / "guests/bench.elf", name), BUILD / "guests/null.elf"]
        machine = Machine(cpu=CPU, icount=True, modules=modules,
                          options=f"{OPTIONS} init=bench exit-with-init {options}",
                          extra=["-singlestep", "-d", "exec,nochain", "-D", str(log)])
        try:
            machine.exit_code(timeout=900)
            reader.join()
            found = re.search(r"^operations (\d+)", machine.log, re.MULTILINE)
        finally:
            machine.close()
    if not found or not counts:
        sys.exit(f"profile: {row} is no row that can be profiled\n{machine.log[-1000:]}")
    return counts, int(found[1]), symbols


def listing(function, counts, operations, symbols):
    """The instructions of @function that ran, each with how often per operation."""
    start = symbols.by_name.get(function)
    if start is None:
        sys.exit(f"profile: no function {function}")
    text = subprocess.run(["objdump", "-d", "--no-show-raw-insn", f"--disassemble={function}", BUILD / "kernel.elf"],
                          capture_output=True, text=True, check=True).stdout
    for line in text.splitlines():
        found = re.match(r"\s*([0-9a-f]{8,}):\s*(.*)", line)
        if found and counts[int(found[1], 16)]:
            print(f"{counts[int(found[1], 16)] / operations:8.2f}  {found[1][-6:]}  {found[2]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("row")
    parser.add_argument("--listing", metavar="FUNCTION", help="show this function's instructions instead")
    arguments = parser.parse_args()
    counts, operations, symbols = run(arguments.row)
    if arguments.listing:
        listing(arguments.listing, counts, operations, symbols)
        return
    functions = collections.Counter()
    for address, count in counts.items():
        functions[symbols.name(address)] += count
    total = sum(functions.values())
    print(f"{arguments.row}: {total / operations:,.1f} instructions an operation, loop and marks included")
    for name, count in functions.most_common():
        if count * 2000 > total:
            print(f"{count / operations:10.1f} {100 * count / total:5.1f} %  {name}")


if __name__ == "__main__":
    main()
