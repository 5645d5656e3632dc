# SPDX-License-Identifier: MIT
"""Claim: whatever a pager does or leaves undone, its client sees the right bytes or a
named error, everybody else goes on, and no frame is lost (rows H73-H88, H115, H116 of the
table of hostile tests).
Method: the guest `pagerkit` is a supervisor, a pager that misbehaves as its first argument
says, a client, and, where a second argument is given, the pager that comes after it. The
fixture `arena` asks the oracle at the end: shell, memtest, vmcheck, frames."""
import re
import time

import pytest

from hostile import *  # noqa: F403
from gdbstub import Probe
from hostile import BY_FAULT, BY_KILL, KILLED, PAGER_FAIL, PAGER_GONE, PF, claims, kill_all

PAGES = 64


class Ends(dict):
    """What pagerkit reports: {"pager": {"wait": ..}, "client": {..}, "heir": {..}}."""

    def client_is_right(self):
        """The client found every byte right and ended by itself."""
        assert self["client"] == {"wait": 0, "reason": 0, "error": 0}, str(self)
        return self

    def client_failed(self, reason, error=0):
        """The client was ended by this named reason."""
        assert self["client"] == {"wait": BY_FAULT | PF, "reason": reason, "error": error}, str(self)
        return self

    def killed(self, who="pager"):
        assert (self[who]["wait"], self[who]["reason"]) == (BY_KILL, KILLED), str(self)
        return self


def kit(machine, line, timeout=60):
    """Run `pagerkit LINE`; returns its Ends, with the output as .text."""
    text = machine.command(f"run pagerkit {line}", timeout)
    ends = Ends()
    for who, fields in re.findall(r"^(pager|heir|client): ((?:\w+=\w+ ?)+)$", text, re.MULTILINE):
        ends.setdefault(who, {}).update(
            (key, int(value, 0)) for key, value in re.findall(r"(\w+)=(\w+)", fields))
    assert "client" in ends, f"pagerkit did not come to its end:\n{text}"
    ends.text = text
    return ends


@pytest.fixture
def den(arena):
    """den(**arguments): a machine with pagerkit. Under icount a second in which the
    machine idles takes no time; one in which somebody spins takes long."""
    def start(icount=True, **arguments):
        return arena("pagerkit", icount=icount, **arguments)
    return start


# --- honest pagers: the kit itself works ------------------------------------------------

@pytest.mark.parametrize("mode, faults", [("zero", 64), ("run:16", 4), ("run:64", 1), ("run:5", 13), ("backrun:16", 64),
                                          ("share", 128), ("shareread", 64), ("move", 64), ("defer", 64)])
def test_every_verdict_serves_its_client(den, mode, faults):
    ends = kit(den(), mode).client_is_right()
    assert (ends["pager"]["faults"], ends["pager"]["strikes"], ends["pager"]["other"]) == (faults, 0, 0)


def test_fail_ends_the_client_by_that_name(den):
    machine = den()
    kit(machine, "fail").client_failed(PAGER_FAIL, error=5)
    assert machine.seen("its pager failed the page")


def test_fail_is_an_error_of_a_system_call(den):
    ends = kit(den(), "failask").client_is_right()
    assert "populate said -201" in ends.text  # ST_EPAGER


# --- H73, H82: it does not answer --------------------------------------------------------

SILENT = ["mute", "spin", "spin2", "nap", "deferall", "absent", "self", "selfidle"]


@pytest.mark.parametrize("mode", SILENT)
def test_h73_a_pager_that_never_replies_is_replaced(den, mode):
    """It sleeps, spins (with two threads: each makes the other one ready), naps from tick to
    tick, says DEFER for ever, never receives, or waits for itself: the hard limit ends it,
    the next pager serves the fault, and the client is right."""
    machine = den(icount=not mode.startswith("spin"))
    ends = kit(machine, f"{mode} zero").client_is_right().killed()
    assert machine.seen(r"pagerkit \(process \d+\) owes a page for (9[0-9]|10[0-9]) ms"), "the soft limit"
    assert machine.seen(r"is taken for dead: no answer within the hard limit")
    assert ends["heir"]["strikes"] == 0 and ends["heir"]["faults"] >= PAGES


def test_h73_an_idle_thread_that_is_kept_off_is_no_excuse(arena):
    """It sleeps and owes a page; beside a hog, a thread of its lowest priority never runs."""
    machine = arena("pagerkit", "hog")
    machine.command("run hog &")
    kit(machine, "alibi zero").client_is_right().killed()
    assert machine.seen(r"is taken for dead: no answer within the hard limit")
    kill_all(machine, "hog")


@pytest.mark.parametrize("mode", ["mute", "absent", "selfidle", "deferall", "nobody"])
def test_h73_without_a_successor_the_client_hears_why(den, mode):
    """After the grace period the client ends by the name PAGER_GONE: no silent zero page, no
    stall; also where no pager ever attached."""
    machine = den()
    kit(machine, mode).client_failed(PAGER_GONE)
    assert machine.seen("its pager did not come back")


def test_h73_a_system_call_gets_an_error_after_the_grace_period(den):
    assert "populate said -201" in kit(den(), "muteask").client_is_right().text


@pytest.mark.parametrize("mode", ["mute", "spin"])
def test_h73_others_run_while_a_pager_hangs(den, mode):
    machine = den(icount=mode == "mute")
    machine.command(f"run pagerkit {mode} zero &")
    assert "[FAIL]" not in machine.command("memtest")
    machine.expect("client: wait=0x0", timeout=60)
    machine.command("echo")


def test_h82_defer_does_not_stop_the_clock(den):
    """Said once to each fault, or again and again to the same."""
    machine = den()
    for mode in ("deferall", "deferagain"):
        kit(machine, f"{mode} zero").client_is_right().killed()


def uptime(machine):
    return float(re.search(r"up ([\d.]+) s", machine.command("uptime"))[1])


# soft:hard:soft of its own time:hard of its own time:grace, in ms
LONG_TO_WAIT = "60:4000:20:100:1000"
LONG_TO_RUN = "20:100:20:100:1000"


def test_h73_a_pager_may_be_given_long_to_wait_and_little_to_run(den):
    """Its endpoint's limits are 4 s for an answer and 100 ms of the processor's time. It sleeps
    for 2 s, longer than an endpoint allows at first, and nobody minds but the log; the same
    pager working for 2 s is ended by its own clock."""
    machine = den()
    ends = kit(machine, f"late:2000 zero {LONG_TO_WAIT}").client_is_right()
    assert ends["pager"]["faults"] == PAGES and "heir" not in ends
    assert len(re.findall(r"owes a page for \d+ ms", machine.log)) == 1, "said once"
    assert not machine.seen("is taken for dead")
    machine = den(icount=False)
    kit(machine, f"busy:2000 zero {LONG_TO_WAIT}").client_is_right().killed()
    assert machine.seen(r"is taken for dead: no answer within its processor time")
    assert machine.seen(r"pagerkit \(process \d+\) owes a page and has run for (2\d|[3-9]\d) ms")


def test_h73_limits_are_of_one_endpoint(den):
    """A pager that sleeps for 300 ms is dead where its endpoint allows 100, and well where it
    says nothing; the grace period of the dead one is a second, not five."""
    machine = den()
    kit(machine, "late:300 zero").client_is_right()
    assert not machine.seen("is taken for dead")
    kit(machine, f"late:300 zero {LONG_TO_RUN}").client_is_right().killed()
    assert machine.seen(r"is taken for dead: no answer within the hard limit")
    before = uptime(machine)
    kit(machine, f"late:300 nobody {LONG_TO_RUN}").client_failed(PAGER_GONE)
    assert 1.0 < uptime(machine) - before < 2.5


def test_h73_a_debugger_that_holds_the_machine_takes_no_pagers_time(den):
    """A pager owes a page, 200 ms are left to it, and the machine stands still for a second: it
    answers in time."""
    probe = Probe()
    machine = den(icount=False, extra=probe.arguments)
    probe.attach(machine)
    try:
        machine.send("run pagerkit late:40 zero 20:220:20:220:1000\r")
        probe.run_to("klog", when=lambda: b"for %u ms" in probe.read(probe["rdi"], 64))
        end = time.monotonic() + 1
        while time.monotonic() < end:
            assert probe.word("pager_watch_list")  # the debugger looks around
    finally:
        probe.close()
    machine.expect("client: wait=0x0", timeout=30)
    machine.prompt()
    assert machine.seen(r"owes a page for \d+ ms") and not machine.seen("is taken for dead")


# --- H74, H76: late and foreign answers --------------------------------------------------

@pytest.mark.parametrize("mode, refused", [("twice", PAGES), ("stale", PAGES), ("wrongid", 37 * PAGES)])
def test_h74_a_late_second_or_wrong_answer_is_refused_without_a_strike(den, mode, refused):
    ends = kit(den(), mode).client_is_right()
    assert ends["pager"] == {"faults": PAGES, "refused": refused, "strikes": 0, "other": 0, "wait": 0,
                             "reason": 0, "error": 0}


# --- H75, H77: impossible answers --------------------------------------------------------

@pytest.mark.parametrize("lies", [range(0, 9), range(9, 19), range(19, 30)],
                         ids=["verdict-and-run", "share", "move-and-copy"])
def test_h75_three_impossible_answers_and_it_is_dead(den, lies):
    """No verdict, a run that is none, an object that is none (the console, itself, its
    endpoint, closed, forged, without the right), COPY of nothing: each three times."""
    machine = den()
    for lie in lies:
        ends = kit(machine, f"lie:{lie} zero").client_is_right().killed()
        assert ends["heir"]["faults"] == PAGES, f"lie {lie}: {ends}"
    assert len(re.findall("three impossible answers", machine.log)) == len(lies)


def test_h75_a_present_page_is_only_copied(den):
    """ZERO, SHARE and MOVE are impossible where a page is present."""
    machine = den()
    kit(machine, "unmissing share").client_is_right().killed()
    assert machine.seen("three impossible answers")


def test_h75_pages_beyond_the_object_are_refused(den):
    ends = kit(den(), "nopage").client_is_right()
    assert ends["pager"]["other"] == 8 * PAGES and ends["pager"]["strikes"] == 0


def test_h77_a_writable_page_never_becomes_code(den):
    """Rule (b): the page that a pager can write is not shared as code. Given away (MOVE) it
    is, and then the giver's writes land elsewhere."""
    machine = den()
    ends = kit(machine, "wx").client_is_right()
    assert "SHARE as code said EPERM" in ends.text and "populate said -201" in ends.text
    ends = kit(machine, "code").client_is_right()
    assert "populate said 1" in ends.text
    assert "every rule holds" in machine.command("vmcheck")


# --- H78: dirty pages --------------------------------------------------------------------

def test_h78_a_dirty_page_cannot_reach_a_zero_client(den):
    """Frames full of canaries are freed just before; the answer ZERO names an object; the
    client scans every page."""
    kit(den(), "dirty").client_is_right()


# --- H79: death --------------------------------------------------------------------------

@pytest.mark.parametrize("mode", ["die", "replydie"])
def test_h79_death_at_any_fault_is_survived(den, mode):
    machine = den()
    for number in (1, 2, 17, 63, 64):
        ends = kit(machine, f"{mode}:{number} zero").client_is_right()
        assert ends["pager"]["wait"] == 9
        if number < PAGES:
            assert ends["heir"]["faults"] == PAGES - number + (mode == "die")


# --- H81: its own pages ------------------------------------------------------------------

def test_h81_a_server_faults_in_its_own_memory_while_it_owes(den):
    kit(den(), "deep").client_is_right()


# --- H85: a flood -----------------------------------------------------------------------

@pytest.mark.frames_change("kernel stacks that are kept may lie in one more table")
def test_h85_a_thousand_clients_fault_at_once_and_one_floods(arena):
    """64 threads of one space fault without an end; a thousand spaces need one page each.
    The flood is served once before every one of them was: spaces take turns. What waits is
    bounded, for each thread has one call: the queue costs nobody a byte."""
    machine = arena("crowd", memory=512, icount=True)
    frames = []
    for _ in range(2):
        text = claims(machine, "run crowd fair 1000", 5, timeout=120)
        assert re.search(r"1000 clients served within 100[12] faults, [12] of the flood", text), text
        frames.append(machine.settled_frames())
    tables = [counts.pop("page table") + counts.pop("free") - counts["total"] for counts in frames]
    assert frames[0] == frames[1] and tables[0] == tables[1], "frames were lost"


def test_h85_faults_are_served_by_priority(arena):
    """Three clients that came in the order 3, 5, 4; and one of priority 6 that joins the
    fault of a thread of priority 1."""
    claims(arena("crowd", icount=True), "run crowd priority", 9)
