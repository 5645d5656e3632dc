#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How costs grow with what there is, in instructions under icount on the shipped image
-> build/growth.json: all of it with RAM, and what tests/guests/growth.c and the heap
trace measure. `--keep` makes it tests/bench/growth.json and draws docs/pictures anew."""
import argparse
import json
import math
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/qemu"))
sys.path.insert(0, str(ROOT / "tests/bench"))
import memory  # noqa: E402
import run  # noqa: E402
from machine import BUILD, Machine, MachineError  # noqa: E402
from run import CPU, OPTIONS  # noqa: E402

KEPT = ROOT / "tests/bench/growth.json"
SIZES = [16, 64, 128, 256, 1024, 4096, 8192, 16384]
# What should cost the same however much RAM there is.
HOT_IN_RAM = ["syscall_null", "ipc_roundtrip", "fault_pager_cold", "region_create_destroy", "spawn_exit_wait", "pmm_seq"]
# What should not grow faster than the logarithm, and how many there must have been.
HOT = {"regions": 100000, "region": 100000, "processes": 1000, "calls": 1000, "faults": 1000, "held": 1000, "heap": 100000}


def measure_costs(mib):
    """{row: instructions} of the hot paths with @mib of RAM."""
    rows = run.measure_guest(memory=mib) | memory.rows_said(memory.run_kernel("traces=order", memory=mib))
    rows["pmm_seq"] = rows["pmm_seq_kernel"]
    return {name: rows[name]["instructions"] for name in HOT_IN_RAM}


def measure_one(mib):
    machine = Machine(cpu=CPU, icount=True, options=OPTIONS, memory=mib)
    try:
        machine.prompt()
        said = machine.command("info")
        ticks = re.search(r"(\d+) TSC ticks from the kernel's first instruction to the prompt", said)
        frames = machine.frames()
    finally:
        machine.close()
    return {"memory_mib": mib, "instructions": int(ticks[1]), "frames": frames["total"],
            "page_table_frames": frames["page table"], "kernel_image_frames": frames["kernel image"],
            "kinds": {kind: count for kind, count in frames.items() if kind not in ("sum", "total", "pooled", "conserved")}}


def smallest():
    """MiB of RAM with which the shipped system reaches its prompt."""
    for mib in range(1, 17):
        machine = Machine(cpu=CPU, icount=True, options=OPTIONS, memory=mib)
        try:
            machine.prompt()
            return mib
        except MachineError:
            pass
        finally:
            machine.close()
    sys.exit("growth: no prompt with 16 MiB")


def image_sizes():
    """{file: bytes}: the kernel as it is loaded, and the servers' files."""
    text = subprocess.run(["size", "-A", BUILD / "kernel.elf"], capture_output=True, text=True, check=True).stdout
    loaded = sum(int(size) for size in re.findall(r"^\.\S+\s+(\d+)\s+(?!0$)\d+$", text, re.MULTILINE))
    return {"kernel, loaded": loaded, **{f"{name}.elf": (BUILD / f"servers/{name}.elf").stat().st_size for name in ("pager", "shell")}}


def measure(sizes):
    return [measure_one(mib) for mib in sizes]


def rows_said(text):
    """{what grows: {how many: instructions}} of the lines growth NAME N TICKS."""
    rows = {}
    for name, count, ticks in re.findall(r"\bgrowth (\w+) (\d+) (\d+)", text):
        rows.setdefault(name, {})[int(count)] = int(ticks)
    return {name: {str(count): found[count] for count in sorted(found)} for name, found in rows.items()}


def measure_guest(most=None):
    """What tests/guests/growth.c says, up to N = @most."""
    growth = BUILD / "guests/growth.elf"
    modules = [BUILD / "servers/pager.elf", (growth, str(most)) if most else growth, BUILD / "guests/null.elf"]
    machine = Machine(cpu=CPU, icount=True, memory=1024, modules=modules,
                      options=f"{OPTIONS} init=growth exit-with-init")
    try:
        status = machine.exit_code(timeout=600)
        if status != 1 or "growth held" not in machine.log:
            sys.exit(f"growth: the guest ended with QEMU status {status}\n{machine.log[-2000:]}")
        return rows_said(machine.log)
    finally:
        machine.close()


def measure_heap():
    return rows_said(memory.run_kernel("traces=growth", memory=1024))


def grows_too_fast(curve):
    """Why @curve, {how many: cost}, grows faster than the logarithm of how many; None if it
    does not. Each time there are ten times as many a logarithm adds the same, a line ten times
    as much as before. Below ten, where the first of a kind pays for what the others use, is
    left out; so is what is less than a tenth of the cost in all."""
    points = sorted((float(count), cost) for count, cost in curve.items() if float(count) >= 10)
    steps = [(cost - before) / math.log10(count / fewer) for (fewer, before), (count, cost) in zip(points, points[1:])]
    for i, step in enumerate(steps[1:], 1):
        allowed = max(3 * max(0, *steps[:i]), points[0][1] / 10)
        if step > allowed:
            return f"{step:.0f} more for ten times as many, from {points[i][0]:.0f} on; {max(steps[:i]):.0f} before"
    return None


def hot_curves(found):
    """{name: curve} of all that is called a hot path in @found, as growth.json has it."""
    curves = {name: found[name] for name in HOT}
    for name in HOT_IN_RAM:
        curves[f"{name} in RAM"] = {row["memory_mib"]: row["costs"][name] for row in found["ram"]}
    return curves


def table(rows):
    first = rows[0]
    yield "| RAM | frames | instructions to the prompt | times the RAM | times the instructions |"
    yield "| --- | --- | --- | --- | --- |"
    for row in rows:
        size = row["memory_mib"]
        name = f"{size} MiB" if size < 1024 else f"{size // 1024} GiB"
        yield (f"| {name} | {row['frames']:,} | {row['instructions']:,} | {size // first['memory_mib']} | "
               f"{row['instructions'] / first['instructions']:.1f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default=BUILD / "growth.json", type=pathlib.Path)
    parser.add_argument("--keep", action="store_true", help="into tests/bench/growth.json, docs/performance.md and its plots")
    given = parser.parse_args()
    rows = measure(SIZES)
    for row in rows:
        row["costs"] = measure_costs(row["memory_mib"])
    found = {"ram": rows, "smallest_mib": smallest(), "images": image_sizes(), **measure_guest(), **measure_heap()}
    given.out.write_text(json.dumps(found, indent=1) + "\n")
    print("\n".join(table(rows)))
    worse = {name: why for name, curve in hot_curves(found).items() if (why := grows_too_fast(curve))}
    for name, why in worse.items():
        print(f"growth: {name}: {why}", file=sys.stderr)
    if given.keep and not worse:
        shutil.copyfile(given.out, KEPT)
        subprocess.run([sys.executable, ROOT / "tests/tools/check_docs.py", "--fix"], check=False)
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
