# SPDX-License-Identifier: MIT
"""Claim: every system call works, answers each status that docs/abi.md names, and is not
harmed by a hostile caller.
Method: the guest `syscalls` makes the calls, one group a run, and prints one line a claim;
the oracle is asked afterwards. The table of calls is read too, so that a call without a
test is noticed."""
import re

import pytest

from hostile import *  # noqa: F403
from hostile import GUESTS, arena, claims, expect_times  # noqa: F401
from machine import ROOT


@pytest.mark.parametrize("group, at_least", [
    ("basic", 60), ("memory", 120), ("process", 60), ("threads", 26), ("serve", 25), ("console-read", 6), ("inspect", 40)])
def test_every_call_of_group(arena, group, at_least):
    claims(arena("syscalls", "hello"), f"run syscalls {group}", at_least)


def test_console_of_a_program_in_the_background(arena):
    """It may write, not read, and not take ^C away from the shell."""
    machine = arena("syscalls")
    machine.command("run syscalls console &")
    expect_times(machine, r"claims: \d+, failed: 0", 1)
    machine.command("echo")


def test_every_call_of_the_table_is_in_a_test():
    """Nothing runs here: each name of SYSCALL_LIST stands in a guest."""
    header = (ROOT / "kernel/abi/secos/syscall.h").read_text()
    names = re.findall(r"^    X\((\w+), (?:0x)?[0-9A-F]+,", header, re.MULTILINE)
    assert len(names) > 45
    text = "".join(path.read_text() for guest in ("syscalls/*", "pointers", "talk", "demand", "entry", "selfpager")
                   for path in (ROOT / "tests/guests").glob(f"{guest}.c"))
    missing = [name for name in names if not re.search(rf"\b(SYS_)?{name}\b", text)]
    wrapped = {"null": "syscall_null", "exit": "SYS_exit", "yield": "thread_yield", "clock": "process_clock",
               "sleep_until": "process_sleep_until"}
    missing = [name for name in missing if wrapped.get(name, name) not in text]
    assert not missing, missing


def test_h02_no_frame_with_a_non_canonical_address_is_made(arena):
    """Threads are the only frames whose addresses a program chooses (an ELF entry is H103's)."""
    claims(arena("syscalls"), "run syscalls thread-addresses", 8)


def test_h34_h60_reports_have_no_padding_and_no_kernel_address(arena):
    claims(arena("syscalls", "hello"), "run syscalls reports", 44)


def test_h109_calls_without_permission_are_refused_and_logged(arena):
    machine = arena("denied")
    text = claims(machine, "run denied", 46)
    for call in ("process_spawn", "endpoint_create", "sys_memory", "sys_power"):
        assert f"denied (process" in text and f"may not call {call}" in text


def test_refused_calls_do_not_flood_the_log(arena):
    """100,000 refusals within a second are 64 lines, and one that says how many are missing."""
    machine = arena("denied", icount=True)
    text = claims(machine, "run denied flood", 2, timeout=120)
    left_out = [int(n) for n in re.findall(r"^secos: (\d+) refusals were not logged", text, re.MULTILINE)]
    assert text.count("may not call notify_create") <= 2 * 64 + 1
    assert sum(left_out) + text.count("may not call notify_create") == 100_001


def test_what_a_handle_leaves_behind(arena):
    """Threads that wait by a handle which another closes; processes that only it named."""
    claims(arena("stale", "hello"), "run stale", 13)
