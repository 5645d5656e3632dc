# SPDX-License-Identifier: MIT
"""What the hostile tests share: machines that carry guests, what guests print, and
the oracle that stands behind every row of the table of hostile tests:

    the shell answers; no panic; free frames equal the value before; every other
    process's memory is unchanged; the offender ended for the expected reason.

A test asks for the fixture `arena`, boots with it, and gets all but the last of
these checked at its end; `gauntlet` reads the reasons.
"""
import os
import re
import subprocess

import pytest

from machine import BUILD, MachineError  # noqa: F401  (for the tests)

GUESTS = BUILD / "guests"
PANIC = "PANIC"  # how the kernel's last line begins
# How many times a test repeats what it repeats: 1 in CI, more in `make soak`.
SOAK = int(os.environ.get("SECOS_SOAK", "1"))

# enum fault_reason of secos/process.h.
EXCEPTION, NO_REGION, PROTECTION, GUARD, PAGER_FAIL, PAGER_GONE, NO_MEMORY, KILLED, DEPENDS = range(1, 10)
DE, DB, UD, GP, PF, MF = 0, 1, 6, 13, 14, 16
LINE_BYTES = 512  # of a shell line
BY_FAULT, BY_KILL = 0x100, 0x200
# Bits of a page fault's error code.
PRESENT, WRITE, USER, FETCH = 1, 2, 4, 16
USER_END = 0x7FFFFFFFF000


def guest(name):
    """The path of guest @name."""
    return GUESTS / f"{name}.elf"


def modules(*guests, pager="", shell=""):
    """Pager and shell with their arguments, and @guests: names, paths or pairs."""
    servers = [(BUILD / "servers/pager.elf", pager), (BUILD / "servers/shell.elf", shell)]
    return servers + [guest(g) if isinstance(g, str) else g for g in guests]


def check_oracle(machine):
    """The first four lines of the oracle that need the machine to answer."""
    if not machine.is_running:
        return
    assert "still here" in machine.command("echo still here")
    assert "[FAIL]" not in machine.command("memtest")
    report = machine.command("vmcheck")
    assert "every rule holds" in report, report
    assert not machine.seen(PANIC), "the kernel panicked"


@pytest.fixture
def arena(boot):
    """arena(*guests, pager="", **arguments of Machine): a machine at its prompt that
    carries @guests; the oracle is asked at the end."""
    machines = []

    def start(*guests, pager="", **arguments):
        machine = boot(modules=modules(*guests, pager=pager), **arguments)
        machines.append(machine)
        return machine

    yield start
    for machine in machines:
        check_oracle(machine)


def claims(machine, line, at_least=1, timeout=60):
    """Run @line, a guest that uses claim.h: every claim must hold and @at_least so many
    must have been made. Returns the output."""
    text = machine.command(line, timeout)
    total = re.search(r"^claims: (\d+), failed: (\d+)$", text, re.MULTILINE)
    assert total, f"{line}: no sum of claims in\n{text}"
    assert total[2] == "0", f"{line}:\n" + "\n".join(
        row for row in text.splitlines() if row.startswith("NOT OK"))
    assert int(total[1]) >= at_least, f"{line}: only {total[1]} claims"
    return text


def kill_all(machine, name):
    for row in machine.processes():
        if row["name"] == name:
            machine.command(f"kill {row['pid']}")


def expect_times(machine, pattern, times):
    """Wait until the machine has said @pattern @times times since its start."""
    while len(re.findall(pattern, machine.log, re.MULTILINE)) < times:
        machine.expect(pattern)


class Ending(dict):
    """How one attacker ended; the fields of struct exit_report."""
    __getattr__ = dict.__getitem__

    def __str__(self):
        return " ".join(f"{k}={v:#x}" for k, v in self.items())


def gauntlet(machine, program, *specs, timeout=120):
    """Send `program SPEC` for each of @specs; {spec: Ending}. No frame may be missing
    after any of them, and the neighbour's memory must be as it was."""
    endings = {}
    for some in _batches(specs):
        text = machine.command(f"run gauntlet {program} {' '.join(some)}", timeout)
        for row in re.finditer(r"^(\S+) (wait=.*)$", text, re.MULTILINE):
            endings[row[1]] = Ending(
                (key, int(value, 0)) for key, value in re.findall(r"(\w+)=(\S+)", row[2]))
        assert endings.pop("warm-up", None), f"gauntlet did not run: {text}"
        assert "neighbour: unchanged" in text, text
    wanted = sum(_count(spec) for spec in specs)
    assert len(endings) == wanted, f"{len(endings)} of {wanted} attackers reported"
    leaks = {spec: e.leaked for spec, e in endings.items() if e.leaked != 0}
    assert not leaks, f"frames leaked: {leaks}"
    return endings


def _batches(specs):
    """@specs in lists that fit a line of the shell."""
    batch = []
    for spec in specs:
        if len(batch) == 24 or sum(map(len, batch)) + len(spec) > LINE_BYTES - 80:
            yield batch
            batch = []
        batch.append(spec)
    yield batch


def _count(spec):
    span = re.search(r":(\d+)-(\d+)$", spec)
    return int(span[2]) - int(span[1]) + 1 if span else 1


def killed(ending, vector, error=None, reason=None, address=None, rip=None):
    """Assert that @ending is a kill by @vector, and what else is given."""
    assert ending.wait == BY_FAULT | vector and ending.vector == vector, str(ending)
    for name, value in (("error", error), ("reason", reason), ("address", address), ("rip", rip)):
        if value is not None:
            assert ending[name] == value, f"{name}: {ending}"
    if rip is None:
        assert ending.rip < USER_END, f"rip: {ending}"
    return True


def symbols(path):
    """{name: address} of an ELF file's symbols."""
    text = subprocess.run(["nm", str(path)], capture_output=True, text=True, check=True).stdout
    return {row.split()[2]: int(row.split()[0], 16) for row in text.splitlines() if len(row.split()) == 3}
