# SPDX-License-Identifier: MIT
"""Claim: a system call that meets a missing page does, once, what it would have done with
the page there: each restart class keeps its promise.
Method: the guest `restart` makes every page of every call's memory missing in turn, shown
by a pager in ring 3, and compares result, contents, what lies around them, and handles and
processes left with the call whose pages are all there. What goes to or comes from the
console is compared here."""
import re

from hostile import *  # noqa: F403
from hostile import claims
from machine import ROOT

CALLS = 14


def test_every_page_of_every_call_missing_in_turn(arena):
    """Classes A and B: reports and requests, across a border, all seven ways of missing."""
    claims(arena("restart", icount=True), "run restart calls", CALLS)


def test_every_call_with_user_memory_is_in_the_guest():
    """A new call of class A, B or C with a pointer has to be added."""
    rows = re.findall(r"X\((\w+), \w+, \d, ([ABC]), ", (ROOT / "kernel/abi/secos/syscall.h").read_text())
    text = (ROOT / "tests/guests/restart.c").read_text()
    without_memory = {"region_destroy", "region_protect", "region_populate", "memory_resize", "fault_handler"}
    missing = [name for name, _ in rows if name not in without_memory and f"SYS_{name}," not in text]
    assert len(rows) > 15 and not missing, missing


def test_a_write_with_missing_pages_is_printed_once(arena):
    """Class C: 12,288 bytes, each page of them missing, then all: five times the same text."""
    text = claims(arena("restart", icount=True), "run restart write", 5)
    parts = re.split(r"^begin \d\r?\n", text, flags=re.MULTILINE)[1:]
    texts = [re.sub(r"^ok .*", "", part, flags=re.MULTILINE | re.DOTALL).replace("\r", "") for part in parts]
    assert len(texts) == 5 and len(texts[0]) >= 12288 and texts[0].startswith("ABCDEF")
    assert all(part == texts[0] for part in texts[1:])


def test_a_read_behind_a_missing_page_loses_nothing(arena):
    """Class B: what is typed leaves the console only when it has arrived."""
    machine = arena("restart", icount=True)
    machine.send("run restart read\r")
    for word in ("abcdefgh", "ijklmnop", "qrstuvwx"):
        machine.expect("^type")
        machine.send(f"{word}\r")
        machine.expect(f"read {word}")
    machine.prompt()
