# SPDX-License-Identifier: MIT
"""Claim: the journal holds every page fault that is over, with its client, its page, who
answered what, when each step was, and what it cost; the newest JOURNAL_ENTRIES of them.
Method: programs whose faults are known are run, and the lines of `faults export` are read."""
import re

import pytest

from hostile import *  # noqa: F403
from hostile import arena, expect_times  # noqa: F401

ENTRIES = 2048
FIELDS = ("sequence", "client", "page", "access", "verdict", "run", "kind", "region", "pager", "id", "trap",
          "delivered", "replied", "resumed", "entries", "cr3", "flushes")
HEX = {"page", "id"}
ZERO, MOVE, SHARE, COPY, FAIL = range(1, 6)
CANCELLED, OBJECT, REFUSED, GONE, MEMORY = range(16, 21)
READ, WRITE, EXEC, PROTECTION_FAULT = 1, 2, 4, 8
ANONYMOUS, STACK, GUARD_REGION = 4, 2, 6


class Journal:
    """What `faults export` says: names of processes, and faults in order."""

    def __init__(self, machine, words=""):
        text = machine.command(f"faults {words} export".replace("  ", " "), timeout=120)
        self.names = {int(pid): name for pid, name in re.findall(r"^@process (\d+) \d+ (\S+)", text, re.MULTILINE)}
        rows = re.findall(r"^@fault (.*)$", text, re.MULTILINE)
        assert int(re.search(r"^@end (\d+)", text, re.MULTILINE)[1]) == len(rows)
        self.faults = [{k: int(v, 16 if k in HEX else 10) for k, v in zip(FIELDS, row.split(), strict=True)}
                       for row in rows]

    def of(self, name):
        """The faults of processes called @name."""
        return [f for f in self.faults if self.names.get(f["client"]) == name]


def test_each_fault_is_told_once_with_who_and_what(boot):
    """faultdemo reads page 0, writes 1, reads 2, writes 3 of one region."""
    machine = boot(icount=True)
    machine.command("run faultdemo")
    journal = Journal(machine)
    rows = [f for f in journal.of("faultdemo") if f["kind"] == ANONYMOUS and f["page"] >= 0x100000000]
    assert [f["page"] - rows[0]["page"] for f in rows] == [0, 1, 2, 3]
    assert [f["access"] for f in rows] == [READ, WRITE, READ, WRITE]
    for f in rows:
        assert f["verdict"] == ZERO and f["run"] == 1
        assert journal.names[f["pager"]] == "pager"
        assert 0 < f["delivered"] < f["replied"] < f["resumed"]
        assert f["cr3"] >= 1 and f["flushes"] == 0
    assert len({f["id"] for f in rows}) == 4 and len({f["region"] for f in rows}) == 1
    # a tick of the timer may fall into one of them
    assert sorted(f["entries"] for f in rows)[:3] == [2, 2, 2]
    times = [f["trap"] for f in journal.faults]
    assert times == sorted(times)
    assert [f["sequence"] for f in journal.faults] == list(range(len(journal.faults)))


def test_the_counts_are_those_of_one_fault(boot):
    """Under icount a tick is an instruction: the phases of a warm fault stay below the figure
    that `make bench` keeps for the whole."""
    machine = boot(icount=True)
    machine.command("run faultdemo")
    warm = Journal(machine).of("faultdemo")[-1]
    assert 100 < warm["delivered"] < 600 and warm["resumed"] < 1500


def test_the_ring_keeps_the_newest(arena):
    machine = arena("demand")
    machine.command(f"run demand steady {ENTRIES + 500}", timeout=120)
    journal = Journal(machine)
    sequences = [f["sequence"] for f in journal.faults]
    assert len(sequences) >= ENTRIES and sequences[0] > 0
    assert sequences == list(range(sequences[0], sequences[0] + len(sequences)))
    pages = [f["page"] for f in journal.of("demand") if f["page"] >= 0x100000000]
    assert pages == list(range(pages[0], pages[0] + len(pages)))
    text = machine.command("faults 3")
    assert len(text.strip().splitlines()) == 4


def test_faults_of_one_process(machine):
    machine.command("run faultdemo")
    pid = next(pid for pid, name in Journal(machine).names.items() if name == "faultdemo")
    rows = machine.command(f"faults 3 of {pid}").strip().splitlines()[1:]
    assert len(rows) == 3 and all("faultdemo" in row for row in rows)
    assert {f["client"] for f in Journal(machine, f"of {pid}").faults} == {pid}
    assert "none" in machine.command("faults of 4000")


@pytest.mark.parametrize("line", ["faults 0", "faults 1 2", "faults of", "faults of 0", "faults of x", "faults -1",
                                  "faults all", "faults 99999999999999999999"])
def test_faults_says_how_it_is_called(machine, line):
    assert "usage: faults" in machine.command(line)


def test_the_kernel_as_pager_is_told_as_such(boot):
    machine = boot(options="pager=kernel", icount=True)
    machine.command("run faultdemo")
    rows = Journal(machine).of("faultdemo")
    assert len(rows) >= 4
    for f in rows:
        assert f["verdict"] == ZERO and f["pager"] == 0 and f["id"] == 0
        assert f["delivered"] == 0 and f["replied"] == 0 and f["resumed"] > 0 and f["cr3"] == 0
    assert min(f["entries"] for f in rows) == 1
    assert re.search(r"stack +kernel", machine.command("regions"))


def test_journal_off_keeps_nothing(boot):
    machine = boot(options="journal=off")
    assert "exit 0" in machine.command("run faultdemo")
    assert "none" in machine.command("faults")
    assert Journal(machine).faults == []


def test_every_verdict_is_told(arena):
    """phoenix has a pager of its own that answers ZERO, SHARE, COPY and MOVE."""
    machine = arena("phoenix")
    machine.command("run phoenix own 20", timeout=120)
    journal = Journal(machine)
    assert {ZERO, SHARE, COPY, MOVE} <= {f["verdict"] for f in journal.faults}
    for f in journal.faults:
        if f["verdict"] == COPY:
            assert f["access"] == WRITE | PROTECTION_FAULT
    pagers = {f["pager"] for f in journal.faults}
    assert len(pagers) > 2, "several pagers answered"


def test_a_refused_fault_is_told(machine):
    machine.command("run overflow")
    refused = [f for f in Journal(machine).of("overflow") if f["verdict"] == REFUSED]
    assert len(refused) == 1 and refused[0]["kind"] == GUARD_REGION and refused[0]["pager"] == 0


def test_a_failed_fault_is_told(start):
    probe = start(modules=modules())
    probe.prompt()
    served = int(re.search(r"faults served\s+(\d+)", probe.command("pager"))[1])
    machine = start(modules=modules("demand", pager=f"fail-after={served + 20}"))
    machine.prompt()
    machine.command("run demand steady 200")
    assert any(f["verdict"] == FAIL for f in Journal(machine).faults)


def test_a_fault_whose_pager_hung_took_long(boot):
    """The pager never answers its 200th fault; the hard limit ends it after a second. The
    fault is delivered again, and its time is the whole time."""
    machine = boot(modules=modules("demand", pager="hang-at=200"))
    machine.command("run demand steady 250", timeout=120)
    slow = max(Journal(machine).faults, key=lambda f: f["resumed"])
    assert slow["verdict"] == ZERO and slow["resumed"] > 100_000_000
    assert machine.seen("taken for dead")


def test_who_pages_whom(machine):
    text = machine.command("regions")
    assert re.search(r"stack +\d+ pager \(rank", text) and re.search(r"image +-$", text, re.MULTILINE)
