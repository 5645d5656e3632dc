# SPDX-License-Identifier: MIT
"""Claim: whatever memory and modules the machine is given, SecOS boots or says in words why
not (rows H110, H112 of the table of hostile tests).
Method: boot it so. test_boot.py has the sizes that people have."""
import random
import re

import pytest

from hostile import *  # noqa: F403
from hostile import arena, check_oracle, guest, modules  # noqa: F401


@pytest.mark.parametrize("chipset", ["pc", "q35"])
@pytest.mark.parametrize("memory", [16, 17, 20, 33, 100, 2048, 3071, 5000, 8192, 16384])
def test_h110_memory(boot, memory, chipset):
    """Odd sizes, and both sides of the hole below 4 GiB."""
    machine = boot(memory=memory, machine=chipset)
    total = int(re.search(r"Total memory:\s+(\d+) MB", machine.command("mem"))[1])
    assert total == memory
    assert "conserved: yes" in machine.command("frames")
    check_oracle(machine)


@pytest.mark.parametrize("memory", [2, 4, 6, 8, 12])
def test_h110_too_little_memory_is_said(start, memory):
    """It boots, or the log says what is missing: never silence, never a triple fault."""
    machine = start(memory=memory, extra=["-no-shutdown"])
    machine.expect(r"secos\$ |PANIC.*(memory|RAM|frame)|too (small|little)|no memory|no RAM")


@pytest.fixture
def spoiled(start, tmp_path):
    """spoiled(bytes, name): a machine with one more module, @bytes in a file of that name."""
    def boot_with(data, name="thing.elf"):
        path = tmp_path / name
        path.write_bytes(data)
        machine = start(modules=modules("hello", path))
        machine.prompt(60)
        return machine
    return boot_with


@pytest.mark.parametrize("name, data", [
    ("one-byte", b"\x7f"),
    ("text", b"#!/bin/sh\necho hello\n"),
    ("zeroes", bytes(10000)),
    ("random", random.Random(112).randbytes(50000)),
    ("odd-length", b"\x7fELF" + random.Random(113).randbytes(4093)),
    ("large", random.Random(114).randbytes(1 << 20) * 64),
], ids=lambda value: value if isinstance(value, str) else "")
def test_h112_a_module_that_is_no_program(spoiled, name, data):
    """It is listed as what it is and refused; everything else works."""
    machine = spoiled(data)
    assert re.search(r"thing\s+%d bytes\s+\(not a program\)" % len(data), machine.command("elfload"))
    assert "not a program" in machine.command("run thing")
    assert "Hello" in machine.command("run hello")
    check_oracle(machine)


def test_h112_modules_whose_names_are_odd(start, tmp_path):
    """Names that are long, that are another's, that have arguments: the first of two is found."""
    hello = guest("hello").read_bytes()
    paths = []
    for name in ("a-name-of-more-than-fifteen-letters.elf", "shell.elf", ".elf", "x.elf.elf"):
        paths.append(tmp_path / name)
        paths[-1].write_bytes(hello)
    machine = start(modules=modules(*[(path, "with arguments") for path in paths], "hello"))
    machine.prompt(60)
    assert "Hello" in machine.command("run hello")
    assert "a-name-of-more-" in machine.command("elfload")
    check_oracle(machine)


def test_h112_more_modules_than_are_kept(start):
    """Forty of them: the first 32 are kept, and the log tells of the others or nothing is amiss."""
    machine = start(modules=modules(*["hello"] * 40))
    machine.prompt(60)
    assert "Hello" in machine.command("run hello")
    check_oracle(machine)


@pytest.mark.parametrize("missing, message", [
    ("pager", "PANIC.*pager"), ("shell", "PANIC.*shell"), ("both", "PANIC.*pager")])
def test_h112_a_missing_server_is_named(start, missing, message):
    pager, shell = modules()
    chosen = {"pager": [shell], "shell": [pager], "both": []}[missing]
    start(modules=chosen).expect(message)


@pytest.mark.parametrize("which", ["pager", "shell"])
def test_h112_a_spoiled_server_is_named(start, tmp_path, which):
    path = tmp_path / f"{which}.elf"
    path.write_bytes(random.Random(115).randbytes(5000))
    pager, shell = modules()
    machine = start(modules=[path, shell] if which == "pager" else [pager, path])
    machine.expect(rf"{which}.*not an ELF file")
    machine.expect(PANIC)


@pytest.mark.parametrize("options, message", [
    ("pager=nobody", "none of server, kernel, self"),
    ("aslr=sometimes", "neither on nor off"),
    ("init=absent", "PANIC.*absent"),
    ("x" * 3000, r"secos\$ "),
    ("= == init= pager= '\"", r"secos\$ |PANIC"),
])
def test_h112_boot_options(start, options, message):
    start(options=options).expect(message, timeout=60)
