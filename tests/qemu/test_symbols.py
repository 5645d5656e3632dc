# SPDX-License-Identifier: MIT
"""Claim: what SecOS says about its own end, or a program's, names functions: the kernel
itself in its last words, secos-run and secos-symbolize in the reports of programs.
Method: read the kernel's table out of its image and compare it with nm's; make the kernel
panic, and compare each name with what the host says of the number beside it."""
import re
import subprocess
import sys

import pytest

from gdbstub import Probe
from machine import BUILD, ROOT
from symbolize import FUNCTION, Symbolizer

KERNEL = BUILD / "kernel.elf"
SYMBOLIZE = ROOT / "tools/secos-symbolize"
STACK = re.compile(r"^  stack 0x([0-9a-f]{16}) <([\w.]+)\+0x([0-9a-f]+)>\r?$", re.MULTILINE)


def kernel_rows():
    text = subprocess.run(["nm", "-n", str(KERNEL)], capture_output=True, text=True, check=True).stdout
    return [(int(row[0], 16), row[1], row[2]) for row in map(str.split, text.splitlines()) if len(row) == 3]


def kernel_table(folder):
    """[(address, name)] as symbol.c reads it."""
    subprocess.run(["objcopy", "-O", "binary", "-j", ".rodata", str(KERNEL), str(folder / "rodata")], check=True)
    known = {name: address for address, _, name in kernel_rows()}
    data = (folder / "rodata").read_bytes()
    at, end = (known[name] - known["_rodata_start"] for name in ("_symbols_start", "_symbols_end"))
    address, name, found = known["_text_start"], b"", []
    while at < end:
        address += int.from_bytes(data[at:at + 2], "little")
        zero = data.index(0, at + 3)
        name = name[:data[at + 2]] + data[at + 3:zero]
        found.append((address, name.decode()))
        at = zero + 1
    return found


def test_every_function_is_in_the_table(tmp_path):
    table = kernel_table(tmp_path)
    known = {name: address for address, _, name in kernel_rows()}
    inside = {address for address, kind, name in kernel_rows() if kind in "tT" and FUNCTION.fullmatch(name)
              and known["_text_start"] <= address < known["_text_end"] and name != "_boot_end"}
    assert {address for address, _ in table} == inside
    assert table == sorted(table) and len(table) > 500
    nm = {(address, name[:47]) for address, _, name in kernel_rows()}
    assert set(table) <= nm
    assert known["_symbols_end"] - known["_symbols_start"] < 20 * len(table), "the table is no longer small"


def stack_names(machine):
    """The functions that a panic's stack names; each must be what the host says."""
    machine.exit_code()
    symbols = Symbolizer(machine.kernel)
    rows = STACK.findall(machine.log)
    assert rows, "no stack in the last words"
    for number, name, offset in rows:
        before = symbols.lookup(int(number, 16) - 1)
        assert before.split()[0] == f"{name}+{int(offset, 16) - 1:#x}", (number, name, before)
    return [name.split(".")[0] for _, name, _ in rows]


def test_a_panic_names_the_functions_on_its_stack(start):
    machine = start(options="test init=absent")
    machine.expect("PANIC: supervisor: cannot start absent")
    names = stack_names(machine)
    assert names[0] == "panic" and "supervisor_run" in names, names


def test_a_fault_of_the_kernel_names_its_place(start):
    probe = Probe()
    machine = start(options="test", extra=probe.arguments)
    machine.prompt()
    probe.attach(machine)
    probe.run_to("upcall_irq")
    probe.divert("strlen", 0xDEAD000000000000)  # not a canonical address
    probe.go()
    match = machine.expect(r"PANIC: trap: vector 13 error 0x0 in ring 0 at 0x([0-9a-f]+) <(strlen)\+0x([0-9a-f]+)>")
    assert probe.address("strlen") + int(match[3], 16) == int(match[1], 16)
    probe.close()
    assert "trap_kernel" in stack_names(machine)


def explain(text, *words):
    done = subprocess.run([sys.executable, str(SYMBOLIZE), *words], input=text, capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_reports_of_programs_are_explained(machine):
    said = machine.command("run overflow")
    assert re.search(r"killed by #PF .* at rip 0x[0-9a-f]+ <\w+\+0x[0-9a-f]+ \S*tests/guests/overflow\.c:\d+>",
                     explain(said)), said
    other = explain(said, "-p", f"overflow={BUILD}/servers/pager.debug")
    assert "overflow.c" not in other


def test_secos_run_names_the_place_of_a_fault(tmp_path):
    (tmp_path / "own.c").write_text("static void poke(int *p)\n{\n    *(volatile int *)p = 1;\n}\n"
                                    "int main(void)\n{\n    poke((int *)0x1234567);\n}\n")
    subprocess.run([ROOT / "tools/secos-cc", "-O0", "own.c", "-o", "own.elf"], cwd=tmp_path, check=True)
    done = subprocess.run([ROOT / "tools/secos-run", "--timeout", "100", tmp_path / "own.elf"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 142
    assert re.search(r"rip 0x[0-9a-f]+ <poke\+0x[0-9a-f]+ \S*own\.c:3>, address 0x1234567: no region there "
                     r"\(image at 0x[0-9a-f]+\)\n$", done.stderr)


def test_kernel_addresses_are_explained():
    address = next(address for address, _, name in kernel_rows() if name == "pmm_free_frame")
    assert re.fullmatch(r"by 0x[0-9a-f]{16} <pmm_free_frame\+0x4 \S+\.[ch]:\d+>\n", explain(f"by {address + 4:#x}\n"))
    named = f"at {address:#x} <already+0x0>\n"
    assert explain(named) == named
    assert explain("at 0x1234\n") == "at 0x1234\n"


@pytest.mark.parametrize("words, said", [(["-p", "absent.elf"], "absent.elf: no such file"),
                                         (["-k", "absent.elf"], "absent.elf"), (["absent.log"], "absent.log")])
def test_what_is_wrong_is_said_in_one_line(words, said):
    done = subprocess.run([sys.executable, str(SYMBOLIZE), *words], input="", capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and done.stderr.startswith("secos-symbolize: ") and said in done.stderr
    assert done.stderr.count("\n") == 1
