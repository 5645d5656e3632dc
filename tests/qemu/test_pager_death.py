# SPDX-License-Identifier: MIT
"""Claim: the boot pager may be killed, may die at any fault or answer nonsense: it is
started again from its module, and its clients do not notice.
Method: kill it under a client that fills memory; tell it to die at its n-th fault. What a
pager of one's own may do is in the guest `pagerkit`."""
import re

import pytest

from hostile import *  # noqa: F403
from hostile import arena  # noqa: F401


def pager(machine):
    """The figures of `pager`."""
    text = machine.command("pager")
    return {name.strip(): int(value) for name, value in re.findall(r"^\s+([a-z ]+?)\s+(\d+)$", text, re.MULTILINE)}


def background(machine, line):
    """Start a program in the background; returns its process number."""
    return int(re.search(r"^\[(\d+)\]", machine.command(f"run {line} &"), re.MULTILINE)[1])


@pytest.mark.parametrize("round", range(3))
def test_an_anonymous_client_does_not_notice_a_killed_pager(arena, round):
    """The client is in the middle of filling 3,000 pages when its pager is killed."""
    machine = arena("demand")
    background(machine, "demand steady 3000")
    machine.expect("half")
    machine.command("pager kill")
    machine.expect(r"claims: 3, failed: 0")
    machine.command("echo")
    assert pager(machine)["restarts"] == 1
    assert "failed: 0" in machine.command("run demand steady 100")


def test_the_pager_is_restarted_as_often_as_it_dies_of_a_fault(start):
    """die-at=100: each life of the pager ends at its 100th fault, with that fault unanswered.
    A client that needs 250 sees two deaths or three."""
    machine = start(modules=modules("demand", pager="die-at=100"))
    machine.prompt()
    before = pager(machine)
    text = machine.command("run demand steady 250", timeout=60)
    assert "claims: 3, failed: 0" in text, text
    after = pager(machine)
    assert 2 <= after["restarts"] - before["restarts"] <= 3
    assert after["faults redelivered"] - before["faults redelivered"] >= 2
    assert after["faults waiting"] == 0
    assert "[FAIL]" not in machine.command("memtest")
    assert "every rule holds" in machine.command("vmcheck") and not machine.seen("panic")


def test_frames_are_exact_after_pager_deaths(arena):
    """Kill the pager four times with a client at work, then look at every frame: the fixture
    compares them with those before the first."""
    machine = arena("demand")
    for _ in range(4):
        background(machine, "demand steady 500")
        machine.expect("half")
        machine.command("pager kill")
        machine.expect(r"claims: 3, failed: 0")
        machine.command("echo")
    assert pager(machine)["restarts"] == 4


def test_a_killed_pager_while_nobody_needs_it(arena):
    machine = arena("demand")
    machine.command("pager kill")
    assert "failed: 0" in machine.command("run demand steady 20")
    assert pager(machine)["restarts"] == 1


def test_a_client_killed_while_it_waits_for_the_pager(start):
    """hang-at=N: the pager spins with a fault in hand. Killing the client cancels the fault;
    the pager that spins does not keep the shell from answering."""
    probe = start(modules=modules())
    probe.prompt()
    served = pager(probe)["faults served"]
    machine = start(modules=modules("demand", pager=f"hang-at={served + 40}"))
    machine.prompt()
    pid = background(machine, "demand steady 3000")
    machine.command(f"kill {pid}", timeout=60)
    assert str(pid) not in [row["pid"] for row in machine.processes()]
    assert "failed: 0" in machine.command("run demand steady 20", timeout=60)
    assert not machine.seen("panic")
