# SPDX-License-Identifier: MIT
"""Lab 4. What a system call by `syscall` must do, seen from ring 3: boots the kernel of
TREE with one program in the shell's place, which makes random calls.

    check.py TREE SEED
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", "build"))
BUILD = BUILD if BUILD.is_absolute() else ROOT / BUILD
TREE, SEED = pathlib.Path(sys.argv[1]), int(sys.argv[2])
COUNT = 200
NAME = "lab 4, the gate"


def make(*words, cwd=ROOT):
    done = subprocess.run(["make", "-s", *map(str, words)], cwd=cwd, capture_output=True, text=True)
    if done.returncode != 0:
        print(f"{NAME}: NOT SOLVED\n  seed {SEED}: none is needed\n    1  make\n  expected  a kernel\n"
              f"  got       {(done.stderr.strip() or done.stdout).splitlines()[0]}")
        sys.exit(1)


def build_kernel():
    """The kernel of TREE. A copy takes over what this tree has compiled already."""
    if TREE == ROOT:
        make("-j2", BUILD / "kernel.elf")
        return BUILD / "kernel.elf"
    target = TREE / "build"
    if not target.exists() and BUILD.exists():
        shutil.copytree(BUILD / "obj/kernel", target / "obj/kernel")
        for file in ("flags", "asm_offsets.inc", "asm_offsets.inc.d"):
            shutil.copy2(BUILD / file, target / file)
    make("-j2", "BUILD=build", f"CURDIR={ROOT}", "build/kernel.elf", cwd=TREE)
    return target / "kernel.elf"


def run(kernel, program, first, count):
    """Boot; returns (what was said, lines of the program)."""
    sys.path[:0] = [str(ROOT / "tests/qemu")]
    os.environ["SECOS_KERNEL"] = str(kernel)
    from machine import Machine, MachineError  # noqa: PLC0415
    machine = Machine(kernel=kernel, options="test init=gate exit-with-init",
                      modules=[(BUILD / "servers/pager.elf", ""), (program, f"{SEED} {first} {count}")])
    try:
        machine.expect(r"init ended|ended:|PANIC|all as expected", 120)
        if machine.seen("PANIC"):
            machine.expect(r"\n", 10)
    except MachineError:
        pass
    finally:
        log = machine.log.replace("\r", "")
        machine.close()
    return log


def verdict(log):
    """(events, expected, got), or None when all was as it should be."""
    if "all as expected" in log:
        return None
    events = re.findall(r"^event (\d+) (.*)$", log, re.MULTILINE)
    expected = re.findall(r"^expected (.*)$", log, re.MULTILINE)
    got = re.findall(r"^got (.*)$", log, re.MULTILINE)
    words = re.findall(r"^(?:PANIC: .*|secos: .* ended: .*)$", log, re.MULTILINE)
    return (events, expected[0] if expected else "the call returns to the program",
            got[0] if got else words[0] if words else "the machine ends without a word (a triple fault)")


def main():
    kernel = build_kernel()
    make("-j2", BUILD / "servers/pager.elf", BUILD / "libsecos.a")
    folder = pathlib.Path(os.environ.get("TMPDIR", "/tmp")) / f"secos-gate-{os.getpid()}"
    folder.mkdir()
    try:
        subprocess.run([ROOT / "tools/secos-cc", "--bare", ROOT / "labs/4-gate/gate.c", ROOT / "labs/4-gate/gate.asm",
                        "-o", folder / "gate.elf"], check=True)
        found = verdict(run(kernel, folder / "gate.elf", 0, COUNT))
        if found is None:
            print(f"{NAME}: solved (seed {SEED}: {COUNT} calls)")
            return 0
        events, expected, got = found
        tried = len(events)
        if events:  # each call stands for itself: try the one that failed alone
            alone = verdict(run(kernel, folder / "gate.elf", int(events[-1][0]), 1))
            if alone is not None:
                events, expected, got = alone
        print(f"{NAME}: NOT SOLVED\n  seed {SEED}: {tried} calls, of which these suffice")
        for number, (_, text) in enumerate(events or [("", "boot; the pager's first call, ipc_receive")], 1):
            print(f"  {number:3}  {text}")
        print(f"  expected  {expected}\n  got       {got}")
        return 1
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
