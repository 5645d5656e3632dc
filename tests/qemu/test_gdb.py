# SPDX-License-Identifier: MIT
"""Claim: GDB, as `make gdb` opens it, knows SecOS: it follows a fault from ring 3 to the
kernel and back, has the symbols of the program whose space is loaded, and shows
processes, regions, page tables, frames and open faults as the system itself has them.
Method: drive gdb in batch mode against a running QEMU; what it says at the prompt is
compared with what the shell says."""
import os
import re
import shutil
import subprocess

import pytest

from machine import BUILD, ROOT

pytestmark = pytest.mark.skipif(not shutil.which("gdb"), reason="gdb is missing: tools/setup gdb installs it")
MARK = "=== "


def sections(text):
    """{name: what was said after `echo === name`}."""
    found = {}
    for part in text.split(MARK)[1:]:
        name, _, said = part.partition("\n")
        found[name.strip()] = said
    return found


def script(folder, *steps):
    """A file of GDB commands, with a mark before each; a pair is (mark, command)."""
    lines = []
    for step in steps:
        name, line = step if isinstance(step, tuple) else (step, step)
        lines += [f"echo {MARK}{name}\\n", *line.split("\n")]
    (folder / "script.gdb").write_text("\n".join(lines) + "\n")
    return folder / "script.gdb"


def gdb(words, **environment):
    done = subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=300, env={**os.environ, **environment}, cwd=ROOT)
    text = done.stdout + done.stderr
    assert "Python Exception" not in text and "Traceback" not in text, text
    return text


def test_make_gdb_opens_this():
    said = subprocess.run(["make", "-n", "gdb"], cwd=ROOT, capture_output=True, text=True).stdout
    assert "tools/secos-run --gdb" in said


def test_a_fault_is_followed_through_both_rings(tmp_path):
    """The shell's first fault, from the pager's decision to the shell's next instruction."""
    commands = script(
        tmp_path, ("start", "continue"), ("break", "secos break pager policy_decide"), ("decide", "continue"),
        ("symbols in the pager", "secos symbols"), ("way", "bt"), ("processes", "secos processes"),
        ("asked", "secos faults"),
        ("transit", "secos walk $page shell"),
        ("down", "delete 3\nsecos ring\npython\nwhile gdb.selected_frame().name() != 'syscall_entry':\n"
                 "    gdb.execute('secos ring')\nend"),
        ("entry", "bt 1"), ("up", "secos ring"), ("symbols in the shell", "secos symbols"), ("answered", "secos faults"),
        ("mapped", "secos walk $page"), ("instruction", "x/i $rip"),
        ("wrong", "python\nfor line in ('secos ps', 'secos walk', 'secos regions nobody', 'secos break shell nothing'):\n"
                  "    try:\n        gdb.execute(line)\n    except gdb.error as error:\n        print('error:', error)\nend"))
    text = gdb([ROOT / "tools/secos-run", "--gdb"], SECOS_GDB=f"-batch -x {commands}")
    said = sections(text)
    assert "Breakpoint 2 at" in text and "panic" in text.split(MARK)[0]  # a panic stops, too
    assert "kernel_main" in said["start"], text
    assert "breakpoint 3 at policy_decide in pager" in said["break"]
    assert "[user symbols:" in said["decide"] and "servers/pager/policy.h" in said["decide"], text
    assert "servers/pager.debug" in said["symbols in the pager"]
    assert re.search(r"main \(argc=.*servers/pager/main\.c", said["way"]), text
    assert re.search(r"\* +1 pager +0 .* running", said["processes"]), text
    assert re.search(r" +2 shell +0 .* waiting \(page\)", said["processes"]), text
    fault = re.search(r"slot (\d+) generation \d+: shell \(process 2\), page (0x[0-9a-f]+), write, run \d+, 1 waiter, "
                      r"delivered to pager \(process 1\)", said["asked"])
    assert fault and said["asked"].count("slot") == 1, text
    assert f"in transit: fault slot {fault[1]}" in said["transit"], text
    assert "ring 0, space of pager" in said["down"] and "syscall_entry" in said["entry"], text
    assert re.search(r"ring 3, space of shell: 0x[0-9a-f]+ <\w+", said["up"]), text
    assert "servers/shell.debug" in said["symbols in the shell"]
    assert "no fault is open" in said["answered"], text
    assert re.search(rf"level 1 .*maps 4 KiB at 0x[0-9a-f]+  W U -\n.*user \(mapped W\), space \d+ = shell "
                     rf"\(process 2\), page {fault[2]}", said["mapped"]), text
    assert re.search(r"<\w+(\+\d+)?>:\tmov", said["instruction"]), text
    assert said["wrong"].count("error: ") == 4 and "secos walk ADDRESS" in said["wrong"], text
    assert "no process nobody" in said["wrong"] and "shell has no nothing" in said["wrong"]
    assert "no subcommand 'ps'; `help secos`" in said["wrong"]


def test_it_shows_what_the_system_shows(boot, tmp_path):
    machine = boot(extra=["-gdb", f"unix:{tmp_path}/gdb,server=on,wait=off"])
    machine.command("memtest")
    regions, frames = machine.command("regions"), machine.frames()
    processes = machine.processes()
    guard = re.search(r"^  ([0-9a-f]{12})-\S+ ---/--- .* guard", regions, re.MULTILINE)[1]
    data = re.search(r"^  ([0-9a-f]{12})-\S+ rw-/rw- .* image", regions, re.MULTILINE)[1]
    commands = script(tmp_path, "secos processes", "secos regions shell", "secos frames", "secos faults",
                      ("frame", "python import state\npython print(state.frame_text(0))"),
                      ("text", "secos walk &kernel_main"), ("data", f"secos walk 0x{data} shell"), "secos frame 0x100000",
                      ("guard", f"secos walk 0x{guard} 2"), ("end", "detach"))
    text = gdb(["gdb", "-q", "-nx", BUILD / "kernel.elf", "-x", ROOT / "tools/gdb/secos.py",
                "-ex", f"target remote {tmp_path}/gdb", "-batch", "-x", commands])
    said = sections(text)
    shown = {int(row[0]): row[1] for row in re.findall(r"^ [ *] +(\d+) (\S+)", said["secos processes"], re.MULTILINE)}
    assert shown == {int(row["pid"]): row["name"] for row in processes}, text
    mine = re.findall(r"^  ([0-9a-f]{12}-[0-9a-f]{12}) +(\S+) +(\d+) +(\w+)", said["secos regions shell"], re.MULTILINE)
    theirs = [(a, p, n, k) for a, p, n, _, k in
              re.findall(r"^  ([0-9a-f]{12}-[0-9a-f]{12}) +(\S+) +(\d+) +(\d+) +(\w+)", regions, re.MULTILINE)]
    assert mine == theirs and len(mine) > 4, text
    counted = {name.strip(): int(n) for name, n in re.findall(r"^  ([a-z ]+?) +(\d+)", said["secos frames"], re.MULTILINE)}
    for kind in ("page table", "kernel image", "kernel heap", "kernel stack", "user", "module", "reserved", "total"):
        assert counted[kind] == frames[kind], (kind, counted, frames)
    assert "no fault is open" in said["secos faults"] and "reserved" in said["frame"]
    assert re.search(r"level 1 .*maps 4 KiB at 0x[0-9a-f]+ .*X\n.*kernel image", said["text"]), text
    assert re.search(r"level 1 .* W U .*-\n.*user \(mapped W\), space 2 = shell", said["data"]), text
    assert "frame 256, physical 0x100000" in said["secos frame 0x100000"]
    assert said["guard"].rstrip().endswith("empty"), text
    assert "still here" in machine.command("echo still here")
