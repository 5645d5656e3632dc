#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How costs grow with what there is, in instructions under icount on the shipped image
-> build/growth.json: start-up with RAM, and what tests/guests/growth.c measures."""
import argparse
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/qemu"))
sys.path.insert(0, str(ROOT / "tests/bench"))
from machine import BUILD, Machine, MachineError  # noqa: E402
from run import CPU, OPTIONS  # noqa: E402

SIZES = [16, 64, 128, 256, 1024, 4096, 8192, 16384]


def measure_one(memory):
    machine = Machine(cpu=CPU, icount=True, options=OPTIONS, memory=memory)
    try:
        machine.prompt()
        said = machine.command("info")
        ticks = re.search(r"(\d+) TSC ticks from the kernel's first instruction to the prompt", said)
        frames = machine.frames()
    finally:
        machine.close()
    return {"memory_mib": memory, "instructions": int(ticks[1]), "frames": frames["total"],
            "page_table_frames": frames["page table"], "kernel_image_frames": frames["kernel image"],
            "kinds": {kind: count for kind, count in frames.items() if kind not in ("sum", "total", "pooled", "conserved")}}


def smallest():
    """MiB of RAM with which the shipped system reaches its prompt."""
    for memory in range(1, 17):
        machine = Machine(cpu=CPU, icount=True, options=OPTIONS, memory=memory)
        try:
            machine.prompt()
            return memory
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
    return [measure_one(memory) for memory in sizes]


def measure_guest():
    """{what grows: {how many: instructions}}."""
    modules = [BUILD / f"{name}.elf" for name in ("servers/pager", "guests/growth", "guests/null")]
    machine = Machine(cpu=CPU, icount=True, memory=1024, modules=modules,
                      options=f"{OPTIONS} init=growth exit-with-init")
    try:
        status = machine.exit_code(timeout=600)
        found = re.findall(r"^growth (\w+) (\d+) (\d+)", machine.log, re.MULTILINE)
        if status != 1 or not found:
            sys.exit(f"growth: the guest ended with QEMU status {status}\n{machine.log[-2000:]}")
    finally:
        machine.close()
    rows = {}
    for name, count, ticks in found:
        rows.setdefault(name, {})[count] = int(ticks)
    return rows


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
    given = parser.parse_args()
    rows = measure(SIZES)
    given.out.write_text(json.dumps({"ram": rows, "smallest_mib": smallest(), "images": image_sizes(), **measure_guest()}, indent=1) + "\n")
    print("\n".join(table(rows)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
