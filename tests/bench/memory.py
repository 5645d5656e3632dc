#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the memory managers cost: the fixed traces of tests/bench/traces.c, on the host
under callgrind and inside the kernel under icount. Imported by run.py; alone it prints
its rows."""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/qemu"))
from machine import BUILD, Machine  # noqa: E402

CPU = "qemu64,+smep,+smap,+umip,+fsgsbase"
# The figures to beat; those in AT_LEAST are good when large.
TARGETS = {
    "pmm_seq": 50, "pmm_churn50": 68, "pmm_churn90": 68, "pmm_churn99": 88, "pmm_huge": 80,
    "huge_recovered50": 95, "huge_recovered75": 95, "huge_recovered90": 80, "pmm_metadata": 0.14,
    "kmalloc_tight": 85, "kmalloc_mixed": 115, "heap_held_mixed": 1.30, "heap_held_large": 1.05, "heap_left": 0,
}
AT_LEAST = {"huge_recovered50", "huge_recovered75", "huge_recovered90"}


def number(text):
    """A whole number where it is one, as in the rows of other figures."""
    value = float(text)
    return int(value) if value == int(value) else value


def rows_said(text):
    """The rows among what a program or a kernel says: bench NAME VALUE UNIT."""
    return {name: {"instructions": number(value), "unit": unit}
            for name, value, unit in re.findall(r"\bbench (\w+) ([\d.]+) (.*?)\r?$", text, re.MULTILINE)}


def dumps(folder):
    """Callgrind's counts in the order in which they were asked for: (name, instructions)."""
    parts = sorted(folder.glob("callgrind.*"), key=lambda path: int(path.suffix[1:] or 0))
    for part in parts:
        text = part.read_text()
        name = re.search(r"^desc: Trigger: Client Request: (\w+)$", text, re.MULTILINE)
        if name:
            yield name[1], int(re.search(r"^totals: (\d+)$", text, re.MULTILINE)[1])


def count_traces(program, environment=None):
    """({trace: row}, what it printed): the traces of @program under callgrind; each trace after the
    same loop without the calls."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        done = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/callgrind",
                               str(program)], capture_output=True, text=True, env=environment)
        if done.returncode != 0:
            sys.exit(f"bench: the traces failed\n{done.stdout}{done.stderr}")
        counts = list(dumps(folder))
    pairs = {name: int(count) for name, count in re.findall(r"^pairs (\w+) (\d+)$", done.stdout, re.MULTILINE)}
    rows = {}
    for (empty, loop), (trace, all_of_it) in zip(counts[::2], counts[1::2]):
        assert empty == "empty", counts
        rows[trace] = {"instructions": round((all_of_it - loop) / pairs[trace]), "unit": "instructions, on the host"}
    return rows, done.stdout


def measure_host():
    """The traces in the kernel's own sources, and what they say without counting."""
    rows, said = count_traces(BUILD / "bench/traces")
    return rows_said(said) | rows


def run_kernel(options="", **machine_words):
    """What the kernel says that runs the traces in ring 0, before the first process."""
    machine = Machine(cpu=CPU, options=f"test aslr=off {options}".strip(), kernel=BUILD / "bench/kernel.elf",
                      **{"icount": True, **machine_words})
    try:
        status = machine.exit_code(timeout=300)
        if status != 1:
            sys.exit(f"bench: the kernel's traces ended with QEMU status {status}\n{machine.log[-2000:]}")
        return machine.log
    finally:
        machine.close()


def measure_kernel(icount=True):
    """The same traces in ring 0."""
    return rows_said(run_kernel(icount=icount))


def measure():
    rows = measure_host() | measure_kernel()
    for name, row in rows.items():
        target = TARGETS.get(name.removesuffix("_kernel"))
        if target is not None:
            row["target"] = target
        if name in AT_LEAST:
            row["at_least"] = True
    return rows


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1, sort_keys=True))
