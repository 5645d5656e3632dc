# SPDX-License-Identifier: MIT
"""Claim: nobody gets more than there is: bombs, exhaustion and killing meet an error or end
the one who asked (rows H42, H63, H66, H69 of the table of hostile tests).
Method: guests that take all they can, in the background, while the shell is asked."""
import re

import pytest

from hostile import *  # noqa: F403
from hostile import SOAK, arena, claims, expect_times, gauntlet, killed  # noqa: F401


def test_h42_many_regions(arena):
    """20,000 regions of a page with gaps between, and one of 2^46 bytes (guest `syscalls`)."""
    claims(arena("churn"), f"run churn regions {20000 * SOAK}", 4)


def test_h63_flat_spawn_bomb(arena):
    text = claims(arena("churn"), "run churn flat", 4)
    assert re.search(r"\d+ children, then (EAGAIN|ENOMEM|EMFILE)", text)


def test_h63_nested_spawn_bomb(arena):
    """Each process has one child, as deep as it goes; then all end by themselves."""
    text = arena("churn").command("run churn nest", timeout=60)
    assert re.search(r"the deepest: (EAGAIN|ENOMEM)", text) and "churn: exit 0" in text, text


def test_h63_the_tree_can_be_killed(arena):
    """Every process makes children as long as it can. The shell answers, and kills them all,
    those that come meanwhile too."""
    machine = arena("churn", memory=32)
    machine.command("run churn bomb &")
    while len([r for r in machine.processes() if r["name"] == "churn"]) < 20:
        pass
    assert "Test completed!" in machine.command("memtest")  # it may have no memory left
    for _ in range(400):  # while one list is worked off, those that are left make more
        bombs = [row["pid"] for row in machine.processes() if row["name"] == "churn"]
        if not bombs:
            break
        for pid in bombs:
            machine.command(f"kill {pid}", timeout=60)
    assert not bombs


@pytest.mark.frames_change("the next pager lies elsewhere in the heap")
def test_services_have_numbers_that_programs_cannot_take(arena):
    """All memory objects and processes that programs can have are there: the shell starts one
    more, and the supervisor the next pager."""
    machine = arena("slots", "null", "hello", memory=256)
    machine.send("run slots hold &\r")
    machine.expect("no more: EAGAIN, EAGAIN", timeout=60)
    assert "Hello" in machine.command("run hello")
    assert re.search(r"restarts\s+1\b", machine.command("pager restart", timeout=30))
    assert "Hello" in machine.command("run hello")
    for row in machine.processes():
        if row["name"] == "slots":
            machine.command(f"kill {row['pid']}", timeout=60)


@pytest.mark.parametrize("spec", ["eat:100000", "eat-tables:20000"])
def test_h66_no_memory_inside_a_fault(arena, spec):
    """The process that touches one page too many, or needs one page table too many, ends by
    that name; a neighbour's memory and the frames are as before."""
    end = gauntlet(arena("gauntlet", "attack", memory=32), "attack", spec)[spec]
    if end.wait != 3:  # 3: it was told in time, by region_create
        killed(end, PF, reason=NO_MEMORY)


def test_h66_memory_runs_out_while_the_shell_works(arena):
    """Two that eat everything, in the background; the shell and its reserve do not starve."""
    machine = arena("demand", "eater", memory=32)
    machine.command("run eater 64 &")
    machine.command("run demand fill &")
    for _ in range(10):
        assert "here" in machine.command("echo here")
    expect_times(machine, r"eater: \d+ blocks", 1)
    expect_times(machine, r"filled \d+ pages", 1)
    machine.command("echo")


def test_h69_killing_by_rights(arena):
    """A program without a handle kills nobody: its parent, the pager, numbers 0 and -1 are not
    its to name (guest `syscalls`, group process; `denied` has no such call at all)."""
    machine = arena("syscalls", "hello", "denied")
    claims(machine, "run syscalls process", 60)
    claims(machine, "run denied", 46)
    assert "kill: " in machine.command("kill 4000000000")
    assert "usage" in machine.command("kill 0") or "kill: " in machine.command("kill 0")
    assert "usage" in machine.command("kill -1")


def test_h69_killing_by_number(arena):
    """Who may only inspect the machine ends by number what descends from it, and neither the
    pager nor the shell nor its own ancestors; it may read of all of them."""
    claims(arena("numbers"), "run numbers", 16)


def test_h69_a_killed_shell_is_started_again(start):
    """The supervisor says why and starts a new one; the pager likewise."""
    machine = start(modules=modules("hello"))
    machine.prompt()
    shell = next(row["pid"] for row in machine.processes() if row["name"] == "shell")
    machine.send(f"kill {shell}\r")
    machine.expect(r"shell ended \(killed\); starting it again")
    machine.prompt()
    assert "Hello" in machine.command("run hello")
    pager = next(row["pid"] for row in machine.processes() if row["name"] == "pager")
    machine.command(f"kill {pager}")
    assert "[FAIL]" not in machine.command("memtest")
    assert "every rule holds" in machine.command("vmcheck") and not machine.seen(PANIC)


def quotas(machine):
    """The rows of `ps -q`: {pid: (uses, holds, limit, reserve, parent, name)}."""
    rows = re.findall(r"^ *(\d+) +(\d+) +(\d+) +(\d+) +(\d+|none) +(\d+)  (\S+)", machine.command("ps -q"), re.MULTILINE)
    return {int(pid): (int(uses), int(holds), limit, int(reserve), int(parent), name)
            for pid, parent, uses, holds, limit, reserve, name in rows}


def check_quotas(machine, busy=False):
    """Nobody uses more than it holds, nobody holds more than its limit, and together the
    first processes hold no more than there is."""
    rows = quotas(machine)
    assert {"pager", "shell"} <= {row[-1] for row in rows.values()}
    for pid, (uses, holds, limit, reserve, parent, name) in rows.items():
        assert uses <= holds and (limit == "none" or holds <= int(limit)), (pid, rows)
        if not busy:
            assert uses >= sum(row[1] for row in rows.values() if row[4] == pid), (pid, rows)
    held, most = map(int, re.search(r"processes hold: (\d+), of (\d+)", machine.command("mem -v")).groups())
    total = sum(machine.frames()[kind] for kind in ("free", "user", "page table", "kernel heap"))
    assert held <= most and most < total + 4096, (held, most, total)
    return rows


def test_a_child_never_gets_more_than_its_parent(arena):
    """Memory, priority, stack, groups: each field of the manifest, and what the parent says."""
    machine = arena("tree")
    claims(machine, "run tree", 8)
    check_quotas(machine)


def test_a_tree_that_takes_all_leaves_the_reserve(arena):
    """Three generations, each of which takes all the memory that it may; shell and pager go on,
    for they hold a reserve that nobody can draw; when the tree is gone, everything is back."""
    machine = arena("tree", memory=32)
    before = quotas(machine)
    machine.command("run tree greedy 4 &")
    held = 0
    while True:  # until nobody gets any more: twice the same sum, near what there is
        now, most = map(int, re.search(r"processes hold: (\d+), of (\d+)", machine.command("mem -v")).groups())
        if now == held and now > most * 9 // 10:
            break
        held = now
    rows = check_quotas(machine, busy=True)
    assert len(rows) > 20
    for pid, (uses, holds, limit, reserve, parent, name) in rows.items():
        assert (reserve > 0) == (name in ("pager", "shell"))
        if name in ("pager", "shell"):
            assert holds - uses > 0
    assert "here" in machine.command("echo here")
    assert "Test completed!" in machine.command("memtest")
    while True:
        pids = [pid for pid, row in quotas(machine).items() if row[-1] == "tree"]
        if not pids:
            break
        for pid in pids:
            machine.command(f"kill {pid}", timeout=60)
    after = check_quotas(machine)
    assert after.keys() == before.keys()
    assert "[FAIL]" not in machine.command("memtest")
