# SPDX-License-Identifier: MIT
"""Claim: only who was given the SERVE right is a pager, a pager can name nothing but pages of
faults it was asked, its clients pay for what it answers, and what changes under an open fault
ends it in the one way the table of races says (rows H84, H86-H88, H115, H116 of the table of
hostile tests).
Method: the guests `rights` and `races`: the pager claims, its children do the rest. Under
icount the machine's own time orders who comes first."""
import pytest

from hostile import *  # noqa: F403
from hostile import claims


def run(arena, guest, group, at_least):
    return claims(arena(guest, icount=True), f"run {guest} {group}", at_least)


def test_h84_another_process_can_neither_attach_nor_answer(arena):
    """With a handle that may call, receive or serve, with a binding; with the very id of the
    fault, and with ids beside it, in every verdict. A fault that is queued stays queued."""
    text = run(arena, "rights", "intruder", 9)
    assert "claims: 10, failed: 0" in text, "the intruder's own claims"


def test_a_process_serves_endpoints_of_one_rank(arena):
    """SERVE of a lower endpoint is refused, and so are regions of its own from its own rank."""
    run(arena, "rights", "rank", 9)


def test_h86_h116_what_changes_under_a_queued_fault(arena):
    """Eight threads wait for one page. One, three or all are killed; the region is unmapped,
    loses a right or all, is cut on both sides, is merged."""
    run(arena, "races", "queued", 55)


def test_h41_h86_h116_what_changes_under_a_delivered_fault(arena):
    run(arena, "races", "delivered", 64)


def test_h86_a_process_is_killed_with_eight_open_faults(arena):
    run(arena, "races", "killed", 13)


def test_a_run_answers_queued_faults_and_leaves_delivered_ones(arena):
    run(arena, "races", "around", 10)


def test_deferrals_are_faults_that_were_delivered(arena):
    """Deferring twice holds nothing more; each is answered late, and once."""
    run(arena, "races", "defer", 44)


def test_h87_a_pager_reaches_nothing(arena):
    """Regions in the kernel's half, below 64 KiB, over its code; code made writable; words of
    an answer that name addresses."""
    run(arena, "rights", "reach", 15)


def test_h88_a_client_over_its_quota_fails_alone(arena):
    """ZERO: the pager's answers are taken; the client ends for want of memory; the next is
    served."""
    run(arena, "rights", "client-pays", 9)


def test_h88_a_page_that_nobody_can_pay_for_stays(arena):
    """MOVE: the same, and the object keeps its page."""
    run(arena, "rights", "move", 100)


def test_h88_a_pager_without_memory_serves(arena):
    """It has used up its own quota: a thousand pages for a client that has some."""
    run(arena, "rights", "poor", 5)


def test_h115_a_region_remade_under_its_fault_is_no_strike(arena):
    """Ten thousand times the region goes and comes while the pager has the fault: every answer
    is late (ST_EGONE), and the ten thousand and first is right."""
    machine = arena("rights", icount=True)
    claims(machine, "run rights remade", 6, timeout=120)
    assert not machine.seen("impossible answers")


def test_share_is_paid_by_the_maker_and_copy_by_the_client(arena):
    """The object's page is shown; a write asks again, is put off, and gets a copy; the
    object's page is as it was."""
    run(arena, "races", "share", 12)


def test_a_pager_kept_off_the_processor_is_not_hanging(arena):
    """It owes a page for 1.4 s, longer than the hard limit, while a process of higher priority
    spins: its clock stands still."""
    machine = arena("races")
    claims(machine, "run races starved", 7)
    assert not machine.seen("is taken for dead")
