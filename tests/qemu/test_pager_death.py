# SPDX-License-Identifier: MIT
"""Claim: a pager may die a thousand times under load; its clients end with the right sums,
and no frame is lost. A pager that only ever crashes costs its clients, not the system.
Method: the guest `phoenix` writes and checksums memory while pagers die under it: the boot
pager by its own fault, by the shell's call and by strikes; one of its own, which answers
ZERO, SHARE, COPY and MOVE, by process_kill at every step of its work. In each round a child
has a copy-on-write view of pages of its parent, and both write."""
import re

from gdbstub import Probe
from hostile import *  # noqa: F403
from test_pager_killpoints import after_system_calls

DEATHS = 1000 * SOAK  # noqa: F405
UNLIMITED = "pager-restarts=unlimited"


def sums(text, kinds):
    """Check the sums of phoenix: {kind: pages}."""
    rows = re.findall(r"^sum (\w+) (0x\w+) (0x\w+) of (\d+) pages", text, re.MULTILINE)
    assert {row[0] for row in rows} == set(kinds), text
    for kind, got, want, _ in rows:
        assert got == want, f"{kind}: the sum is {got}, not {want}"
    return {row[0]: int(row[3]) for row in rows}


def pager_status(machine):
    """What `pager` prints: {"restarts": 3, ...}."""
    text = machine.command("pager")
    return {name.strip(): int(value) for name, value in re.findall(r"^  ([a-z ]+?)\s+(\d+)\b", text, re.MULTILINE)}


def test_every_verdict_survives_a_thousand_deaths(arena):
    machine = arena("phoenix")
    text = machine.command(f"run phoenix own {DEATHS}", timeout=120 * SOAK)  # noqa: F405
    assert f"deaths {DEATHS}" in text and "exit 0" in text
    pages = sums(text, ["zero", "share", "copy", "move", "twin"])
    assert min(pages.values()) >= DEATHS, "the client hardly worked between the deaths"


def test_the_boot_pager_is_killed_a_thousand_times(arena):
    machine = arena("phoenix", options=UNLIMITED)
    text = machine.command(f"run phoenix kill {DEATHS}", timeout=120 * SOAK)  # noqa: F405
    assert f"deaths {DEATHS}" in text and "exit 0" in text
    assert sums(text, ["zero", "twin"])["zero"] >= DEATHS
    assert pager_status(machine)["restarts"] >= DEATHS


def test_the_boot_pager_dies_a_thousand_times_owing_a_page(arena):
    """It ends at each seventh fault; that fault is delivered again, under a new id."""
    machine = arena("phoenix", options=UNLIMITED, pager="die-at=7")
    text = machine.command(f"run phoenix boot {DEATHS}", timeout=120 * SOAK)  # noqa: F405
    assert f"deaths {DEATHS}" in text and "exit 0" in text
    pages = sums(text, ["zero", "twin"])
    assert pages["zero"] + pages["twin"] >= 4 * DEATHS and pages["twin"] >= DEATHS // 2
    status = pager_status(machine)
    assert status["restarts"] >= DEATHS and status["faults redelivered"] >= DEATHS


def test_the_boot_pager_lies_a_hundred_times(arena):
    """Three strikes at each ninth fault."""
    machine = arena("phoenix", options=UNLIMITED, pager="wrong-verdict=9")
    text = machine.command(f"run phoenix boot {100 * SOAK}", timeout=120 * SOAK)  # noqa: F405
    assert sums(text, ["zero", "twin"]) and "exit 0" in text
    assert "three impossible answers" in machine.command("pager")


def test_the_boot_pager_hangs_and_is_replaced(arena):
    machine = arena("phoenix", options=UNLIMITED, pager="hang-at=200")
    text = machine.command("run phoenix boot 2", timeout=60)
    assert sums(text, ["zero", "twin"]) and "exit 0" in text
    assert machine.seen("is taken for dead: no answer within the hard limit")


# --- H83: a crash loop -------------------------------------------------------------------

def test_h83_a_crash_loop_is_capped_and_the_system_answers(boot):
    """The boot pager dies at each fortieth fault: memtest makes it die faster than it may
    start again (six times in ten seconds). Then the page that is waited for fails after the
    grace period; malloc says so, and the shell answers throughout."""
    machine = boot(icount=True, modules=modules(pager="die-at=40"))  # noqa: F405
    text = machine.command("memtest", timeout=60)
    deaths = len(re.findall("pager ended", text))
    assert deaths == 6, "it is started again five times in ten seconds, no more"
    assert "[OK] Block of 64KB" in text and "[FAIL] Block of 1024KB" in text
    assert "not running" in machine.command("pager")
    assert machine.command("echo alive").strip() == "alive"
    machine.command("sleep 12")  # the window passes
    assert pager_status(machine)["restarts"] == deaths
    assert "pager: process" in machine.command("pager")


def test_h83_a_pager_that_never_serves_is_started_with_pauses(start):
    """It dies at its first fault, always. Nothing in ring 3 can run; the kernel stays calm:
    it tries again five times in ten seconds, and says each time why."""
    probe = Probe()
    machine = start(icount=True, modules=modules(pager="die-at=1"), extra=probe.arguments)  # noqa: F405
    for _ in range(31):
        machine.expect("pager ended", timeout=60)
    deaths = len(re.findall("pager ended", machine.log))  # before the clock is read: no more can have come by then
    probe.attach(machine)
    ticks = probe.member(probe.address("cpu_boot"), "cpu.ticks")
    probe.close()
    # Each restart but the first five comes at least ten seconds after the fifth before it.
    assert ticks * 4 / 1000 >= (deaths - 2) // 5 * 10, f"{deaths} starts in {ticks} ticks"
    assert machine.seen("shell .*its pager did not come back") and not machine.seen("PANIC")


# --- the boot pager from the shell --------------------------------------------------------

def pager_process(machine):
    return int(re.search(r"^pager: process (\d+)", machine.command("pager"), re.MULTILINE)[1])


def test_boot_options_set_the_pagers_limits(arena):
    """A pager that dies at its first fault is started again as often as was said; limits that
    are none are refused aloud, and the others hold."""
    machine = arena(icount=True, options="pager-restarts=2 pager-limits=200:4000:50:100:2000")
    status = machine.command("pager")
    assert "answer 4000 ms, log at 200; processor 100 ms" in status and "2 restarts in 10 s, grace 2000 ms" in status
    for _ in range(3):
        machine.command("pager kill")
    assert "not running" in machine.command("pager")
    machine.command("sleep 12")  # the ten seconds pass
    assert re.search(r"restarts\s+3\b", machine.command("pager"))
    for option in ("pager-restarts=many", "pager-restarts=64", "pager-restarts=0", "pager-restarts=", "pager-limits=1:2:3:4:5",
                   "pager-limits=100:1000:100:1000", "pager-limits=100:99:100:1000:1000", "pager-limits=fast",
                   "pager-limits=100:1000:100:1000:5000x", "pager-limits=5:5:5:5:99999999999999999999"):
        machine = arena(options=option)
        assert f"secos: {option} is not" in machine.log
        status = machine.command("pager")
        assert "answer 1000 ms, log at 100" in status and "5 restarts in 10 s, grace 5000 ms" in status


@pytest.mark.parametrize("most", [1, 5])
def test_the_limit_counts_restarts_and_the_log_says_who_waits(arena, most):
    """The first start, at boot, is none: at any time after it, the pager is started again so
    often in ten seconds, and the death after that says when it comes back."""
    machine = arena(icount=True, options=f"pager-restarts={most}")
    machine.command("sleep 11")
    for _ in range(2):
        ends = [machine.command("pager kill") for _ in range(most + 1)]
        assert all("pager ended (killed); starting it again" in text for text in ends[:-1]), ends
        assert re.search(r"pager ended \(killed\) too often; again in (9|10) s", ends[-1]), ends[-1]
        assert "not running" in machine.command("pager")
        machine.command("sleep 21")  # ten until it comes back, ten until that is forgotten


def test_pager_status_restart_and_kill(arena):
    """Each says what it did; memory works after each; what is no word of it changes nothing."""
    machine = arena()
    first = pager_process(machine)
    text = machine.command("pager restart")
    assert f"pager: process {first}" not in text and re.search(r"restarts\s+1\b", text), text
    second = pager_process(machine)
    assert f"killed process {second}" in machine.command("pager kill")
    assert "[FAIL]" not in machine.command("memtest")
    status = machine.command("pager status")
    assert re.search(r"restarts\s+2\b", status) and "killed" in status, status
    third = pager_process(machine)
    assert len({first, second, third}) == 3
    machine.command("pager resurrect")
    assert pager_process(machine) == third and machine.command("echo $?").strip() == "0"


# --- the root pager's own pages ------------------------------------------------------------

def test_the_root_pager_is_wholly_resident(arena):
    """Every page of every region of it, from before its first instruction on; a restarted one
    too. No region of it has a pager."""
    machine = arena()
    for _ in range(2):
        text = machine.command(f"regions {pager_process(machine)}")
        rows = re.findall(r"^ *[0-9a-f]{12}-[0-9a-f]{12} +\S+ +(\d+) +(\d+) +(\w+) +(\S+)", text, re.MULTILINE)
        assert len(rows) >= 4, text
        for pages, present, kind, pager in rows:
            assert kind == "guard" or pages == present, text
            assert pager == "-", text
        machine.command("pager restart")


def test_a_fault_of_the_root_pager_is_its_death(arena):
    """With a fault in hand it runs where nothing is: it ends by that name, the next one serves
    the fault, and the client is right."""
    probe = Probe()
    machine = arena("phoenix", options="aslr=off", icount=True, extra=probe.arguments)
    machine.send("run phoenix boot 1\r")
    machine.expect("^weaving")
    probe.attach(machine)
    probe.run_to(*after_system_calls(), when=lambda: probe.current()[1] == "pager")
    probe["rip"] = 0x1000
    probe.go()
    text = machine.prompt(timeout=60)
    probe.close()
    assert sums(text, ["zero", "twin"]) and "exit 0" in text
    assert machine.seen(r"pager \(process 1\) ended: vector 14, .*address 0x1000: no region there")
    assert pager_status(machine)["restarts"] == 1
