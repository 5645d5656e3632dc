# SPDX-License-Identifier: MIT
"""Claim: the same policy works in three places: a server, the kernel, the process itself
(pager=server, kernel, self), and programs cannot tell them apart. A process that answers
its own faults can harm only itself.
Method: the claims of `demand` and `pointers` under each option; the guest `selfpager`
misuses the upcall in every way that a handler, a stack or an answer can be wrong."""
import re

import pytest

from hostile import *  # noqa: F403
from hostile import arena, claims  # noqa: F401
from test_journal import Journal, ZERO

PLACEMENTS = ["server", "kernel", "self"]
HANDLER = "a missing page in its own fault handler"


@pytest.fixture
def own(arena):
    """A machine with pager=self that carries the guest selfpager."""
    return arena("selfpager", "demand", options="pager=self")


def test_one_place_or_another_but_none_else(boot):
    for word, said in (("server", "a ring-3 server"), ("kernel", "the kernel"), ("self", "the process itself")):
        assert said in boot(options=f"pager={word}").command("info")


@pytest.mark.parametrize("mode, least", [("calls", 18), ("policy", 24), ("talk", 5), ("threads", 10), ("spin", 2)])
def test_what_a_handler_may_do(own, mode, least):
    claims(own, f"run selfpager {mode}", least)


def test_calls_inside_a_call_do_not_disturb_it(own):
    """A write of 300 bytes has told 192 when it meets a missing page; the handler writes, too.
    Both are told whole, and once."""
    text = claims(own, "run selfpager talk", 5)
    assert text.count("<handler>") == 2
    assert sum(map(len, re.findall("a{8,}", text))) == 200, text


def test_a_process_can_end_in_a_handler_inside_populate(own):
    """Where 2 MiB were to be populated: the table that they would need is not there already."""
    assert "selfpager: exit 3" in own.command("run selfpager leave")


@pytest.mark.parametrize("mode, why", [
    ("nested", HANDLER), ("lost", HANDLER), ("escape", HANDLER), ("fail", "the pager refused the page"),
    ("gone", "write where nothing is mapped"), ("returns", "killed by"), ("text", "write to a read-only page")])
def test_a_handler_that_goes_wrong_ends_its_process(own, mode, why):
    text = own.command(f"run selfpager {mode}")
    assert "killed by" in text and why in text, text
    assert "still there" not in text and "failed: 0" not in text
    assert ("escaped" in text) == (mode == "escape")


def test_a_handler_that_never_answers_can_be_killed(own):
    """In its background it takes its turns; others go on, and all its frames come back."""
    own.command("run selfpager spin for-ever &")
    own.expect("spinning")
    assert "failed: 0" in own.command("run demand steady 100")
    assert "[FAIL]" not in own.command("memtest")
    pid = next(row["pid"] for row in own.processes() if row["name"] == "selfpager")
    own.command(f"kill {pid}")
    own.command("echo")
    assert own.seen(r"selfpager.*killed")


def test_interrupted_inside_the_handler(own):
    own.send("run selfpager spin for-ever\r")
    own.expect("spinning")
    own.send("\x03")
    own.prompt()
    assert "selfpager" not in [row["name"] for row in own.processes()]


def test_without_the_option_nobody_answers_himself(arena):
    machine = arena("selfpager")
    text = machine.command("run selfpager calls")
    assert "NOT OK  handler in data: got ENOSYS" in text


def test_the_journal_tells_an_upcall(own):
    own.command("run demand steady 40")
    journal = Journal(own)
    rows = [f for f in journal.of("demand") if f["page"] >= 0x100000000]
    assert len(rows) == 40
    for f in rows:
        assert f["pager"] == f["client"] and f["verdict"] == ZERO and f["id"] == 0
        assert 0 < f["delivered"] < f["replied"] < f["resumed"]
    assert min(f["entries"] for f in rows) == 2 and min(f["cr3"] for f in rows) == 0
    assert re.search(r"stack +itself", own.command("regions"))
