#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measure SecOS: exact instruction counts on the shipped images -> bench.json.

QEMU runs with -icount shift=0,sleep=off, where the time stamp counter counts
instructions: the same numbers in every run, on any machine. The CPU model is
pinned because it decides how memory is zeroed and which protections are on.

"wall_ratio" of a row is its wall time without -icount, once, over that of the null
system call: a hint of what counts hide. tests/bench/wall.py measures it with care."""
import argparse
import json
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/qemu"))
sys.path.insert(0, str(ROOT / "tests/bench"))
import memory  # noqa: E402
from machine import BUILD, Machine  # noqa: E402

sys.path.insert(0, str(ROOT / "tests/tools"))
from irq_off import plugin_words, read_stretches  # noqa: E402

CPU = memory.CPU
OPTIONS = "test aslr=off"
UNIT = "syscall_null"  # of wall_ratio
# The figures to beat; see docs/testing.md for what each row holds.
TARGETS = {
    "syscall_null": 60, "syscall_null_int80": 80, "syscall_reflected": 150, "ipc_roundtrip": 300,
    "fault_pager_cold": 1200, "fault_pager_prezeroed": 600, "fault_around16_per_page": 620,
    "fault_kernel": 700, "fault_self": 900, "ipc_general": 700, "context_switch": 150,
    "irq_off_worst": 20000, "region_create_destroy": 1500, "spawn_exit_wait": 35000, "boot_to_prompt": 2000000,
    **dict.fromkeys(["pager_recovery", "pager_recovery_worst", "pager_recovery_owing",
                     "pager_recovery_owing_worst"], 100000),
}


def measure_boot(icount=True):
    """Instructions from the kernel's first one to the prompt, at 128 MiB."""
    machine = Machine(cpu=CPU, icount=icount, options=OPTIONS)
    try:
        machine.prompt()
        text = machine.command("info")
        found = re.search(r"(\d+) TSC ticks from the kernel's first instruction to the prompt", text)
        if not found:
            sys.exit(f"bench: no boot figure in {text!r}")
        return {"boot_to_prompt": {"instructions": int(found[1]), "unit": "instructions"}}
    finally:
        machine.close()


def measure_guest(options="", rename=None, program=BUILD / "guests/bench.elf", pager="", **machine_words):
    """The rows that @program (tests/guests/bench.c) prints; @rename: {its name: our name};
    @pager: arguments of the boot pager. Without icount they are ticks of the host's clock."""
    path = program[0] if isinstance(program, tuple) else program
    modules = [(BUILD / "servers/pager.elf", pager), program, BUILD / "guests/null.elf"]
    machine = Machine(cpu=CPU, modules=modules, **{"icount": True, **machine_words},
                      options=f"{OPTIONS} init={path.stem} exit-with-init {options}".strip())
    try:
        status = machine.exit_code(timeout=300)
        rows = re.findall(r"^bench (\w+) (\d+) (.*?)\r?$", machine.log, re.MULTILINE)
        if status != 1 or not rows:
            sys.exit(f"bench: the guest ended with QEMU status {status}\n{machine.log[-2000:]}")
    finally:
        machine.close()
    return {(rename or {}).get(name, name): {"instructions": int(value), "unit": unit}
            for name, value, unit in rows if rename is None or name in rename}


def measure_recovery(icount=True):
    """The rows of tests/guests/recover.c: deaths of the boot pager, five hundred of each kind."""
    rows = {}
    for words, pager in (("kill", ""), ("owing", "die-at=7")):
        rows |= measure_guest("pager-restarts=unlimited", pager=pager, icount=icount,
                              program=(BUILD / "guests/recover.elf", words))
    return rows


def measure_reflected(icount=True):
    """The rows of tests/bench/reflected.c: a program with a foreign C library."""
    program = BUILD / "bench/reflected.elf"
    program.parent.mkdir(exist_ok=True)
    words = [ROOT / "tools/secos-cc", "-O2", ROOT / "tests/bench/reflected.c", "-o", program]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"bench: {done.stderr.strip()}")
    return measure_guest(program=program, icount=icount)


def measure_rows(icount=True):
    """Every operation of the shipped system: its instructions, or, without icount, its ticks."""
    faults = {"program": (BUILD / "guests/bench.elf", "faults"), "icount": icount}
    rows = measure_guest(icount=icount)
    for place in ("kernel", "self"):
        rows |= measure_guest(f"pager={place}", {"fault_pager_cold": f"fault_{place}",
                                                 "fault_pager_prezeroed": f"fault_{place}_prezeroed"}, **faults)
    rows |= measure_guest("journal=off", {"fault_pager_cold": "fault_pager_cold_no_journal"}, **faults)
    for run in (4, 16, 64):
        rows |= measure_guest(rename={"fault_pager_cold": f"fault_around{run}_per_page"}, pager=f"run={run}", **faults)
    rows |= measure_recovery(icount)
    rows |= measure_guest(program=BUILD / "guests/benchview.elf", icount=icount)
    rows |= measure_reflected(icount)
    return rows | measure_boot(icount)


def measure_ticks():
    """{row: ticks of the host's clock} without icount; maxima and what is no cost left out."""
    rows = measure_rows(icount=False) | memory.measure_kernel(icount=False)
    ticks = {name: row["instructions"] for name, row in rows.items()
             if row["unit"] != "frames" and not name.endswith("_worst")}
    # All others are divided by it: one bad moment of the host must not move them all.
    more = [measure_guest(program=(BUILD / "guests/bench.elf", UNIT), icount=False)[UNIT]["instructions"] for _ in range(4)]
    ticks[UNIT] = statistics.median([ticks[UNIT], *more])
    return ticks


def digits(value):
    """Three digits say all that there is in a time."""
    return float(f"{value:.3g}")


def add_wall_ratios(rows, ticks):
    """Put into each of @rows how many null system calls long it is."""
    for name, row in rows.items():
        if ticks.get(name, 0) > 0 and ticks[UNIT] > 0:
            row["wall_ratio"] = digits(ticks[name] / ticks[UNIT])


def measure_one(name):
    """Say what one row of tests/guests/bench.c costs now, beside the kept figure."""
    rows = measure_guest(program=(BUILD / "guests/bench.elf", name))
    kept = json.loads((ROOT / "tests/bench/baseline.json").read_text())
    for row, value in rows.items():
        before = kept.get(row, {}).get("instructions", "-")
        print(f"{row}: {value['instructions']} {value['unit']} (kept figure: {before})")


def measure_irq_off():
    """The longest time with interrupts off, while a guest asks for everything that is long."""
    modules = [BUILD / "servers/pager.elf", BUILD / "guests/stretch.elf"]
    with tempfile.TemporaryDirectory() as folder:
        machine = Machine(cpu=CPU, icount=True, modules=modules, extra=plugin_words(folder),
                          options=f"{OPTIONS} init=stretch exit-with-init")
        try:
            if machine.exit_code(timeout=300) != 1:
                sys.exit(f"bench: stretch failed\n{machine.log[-2000:]}")
        finally:
            machine.close()
        return {"irq_off_worst": {"instructions": read_stretches(folder, machine.kernel)[0][0],
                                  "unit": "instructions, the longest"}}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=BUILD / "bench.json")
    parser.add_argument("--only", metavar="ROW", help="measure one row of the guest, and say it")
    arguments = parser.parse_args()
    if arguments.only:
        measure_one(arguments.only)
        return
    rows = measure_rows()
    rows |= measure_irq_off()
    for name, row in rows.items():
        if name in TARGETS:
            row["target"] = TARGETS[name]
    rows |= memory.measure()
    add_wall_ratios(rows, measure_ticks())
    arguments.out.write_text(json.dumps(rows, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
