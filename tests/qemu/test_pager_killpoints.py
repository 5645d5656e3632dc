# SPDX-License-Identifier: MIT
"""Claim: a pager may be killed at every step that the kernel can see; its clients end with
the right sums, and no frame is lost (row H80 of the table of hostile tests).

What the kernel can see: it runs with interrupts off but for named windows, so a pager can
die only
  - in ring 3, between any two of its instructions: by the watch, in the timer tick;
  - in a window of some system call or teardown (sched_checkpoint), its own or another's;
  - while it waits, by another process;
  - by its own doing.
Method: the machine runs the shipped image. A probe (gdbstub.py) stops it at each of these
places, lets the timer interrupt happen there, and in the tick has the kernel end the pager
as the watch would. The lists of places are enumerated, from the pager's own code and below;
each test prints how many were hit and fails for one that was not. What can be reached by
system calls alone is in the guest `killpoints`."""
import re
import subprocess

import pytest

from gdbstub import FIXED_BASE, Probe, program_symbols
from hostile import *  # noqa: F403
from machine import BUILD

PAGER = BUILD / "servers/pager.debug"
ESRCH = (1 << 32) - 3  # as eax


@pytest.fixture
def report(capsys):
    """report(group, hit, wanted): say how many kill points were hit; none may be missing."""
    def say(group, hit, wanted):
        missing = [point for point in wanted if point not in hit]
        with capsys.disabled():
            print(f"\nkill points, {group}: {len(wanted) - len(missing)} of {len(wanted)} hit", end="")
        assert not missing, f"{group}: not hit: {missing}"
    return say


@pytest.fixture
def probe():
    probe = Probe()
    yield probe
    probe.close()


def instructions(function):
    """[(address, mnemonic)] of @function of the boot pager."""
    text = subprocess.run(["objdump", "-d", "--no-show-raw-insn", f"--disassemble={function}", str(PAGER)],
                          capture_output=True, text=True, check=True).stdout
    return [(FIXED_BASE + int(row[1], 16), row[2]) for row in re.finditer(r"^ +([0-9a-f]+):\t(\w+)", text, re.MULTILINE)]


def after_system_calls():
    """Where the pager goes on in ring 3 after each of its system calls."""
    rows = instructions("main")
    return [rows[i + 1][0] for i in range(len(rows) - 1) if rows[i][1] == "syscall"]


class Hunt:
    """A machine in which phoenix weaves until the boot pager has died @deaths times, and
    the probe that makes it die."""

    def __init__(self, arena, probe, deaths, **arguments):
        self.probe = probe
        self.deaths = deaths
        self.killed = 0
        self.machine = arena("phoenix", options="pager-restarts=unlimited aslr=off", icount=True,
                             extra=probe.arguments, **arguments)
        self.machine.send(f"run phoenix boot {deaths}\r")
        self.machine.expect("^weaving")
        probe.attach(self.machine)

    def in_pager(self):
        return self.probe.current()[1] == "pager"

    def to_pager(self):
        """On to the pager's next instruction in ring 3 that follows a system call."""
        return self.probe.run_to(*after_system_calls(), when=self.in_pager)

    def supervisor_runs(self):
        return self.probe.member(self.probe.address("cpu_boot"), "cpu.current") \
            == self.probe.address("supervisor_thread")

    def starts(self):
        return self.probe.member(self.probe.address("supervisor_pager"), "service.starts")

    def tick_kills(self):
        """The timer interrupts here; in the tick the pager is ended, as the watch would."""
        self.probe.interrupt()
        self.probe.run_to("pager_watch_tick")
        self.probe.divert("supervisor_kill_pager")
        self.killed += 1

    def tick_finds_none(self):
        """The same where there is no pager to kill: refused, nothing changes."""
        self.probe.interrupt()
        self.probe.run_to("pager_watch_tick")
        back = self.probe.word(self.probe["rsp"])
        self.probe.divert("supervisor_kill_pager")
        self.probe.run_to(back)
        assert self.probe["rax"] & 0xFFFFFFFF == ESRCH

    def finish(self):
        """Let the machine run until phoenix has seen @deaths; its sums must be right."""
        assert self.killed == self.deaths, f"{self.killed} kills, {self.deaths} planned"
        self.probe.go()
        text = self.machine.prompt(timeout=60)
        got, want = re.search(r"^sum zero (0x\w+) (0x\w+)", text, re.MULTILINE).groups()
        assert got == want and f"deaths {self.deaths}" in text and "exit 0" in text


def trace(probe, most=2000):
    """Step to the next system call; the addresses on the way, each once, the call's too."""
    seen = []
    for _ in range(most):
        rip = probe["rip"]
        if rip not in seen:
            seen.append(rip)
        if probe.read(rip, 2) == b"\x0f\x05":
            return seen
        probe.step()
    raise AssertionError("no system call")


# --- ring 3: between any two instructions ------------------------------------------------

def test_h80_killed_at_every_instruction_of_its_loop(arena, probe, report):
    """From the delivery of a fault to the answer: owing one page at each instruction. The
    last one is the system call that answers: the kill comes before it."""
    learn = Probe()
    machine = arena("phoenix", options="aslr=off", extra=learn.arguments)
    learn.attach(machine)
    learn.go()
    machine.send("memtest\r")
    learn.stop()
    while True:
        learn.run_to(*after_system_calls(), when=lambda: learn.current()[1] == "pager")
        places = trace(learn)
        if len(places) > 10:
            break
    learn.go()
    machine.prompt()
    learn.close()

    hunt = Hunt(arena, probe, deaths=len(places))
    hit = set()
    for place in places:
        hunt.to_pager()
        if probe["rip"] != place:
            probe.run_to(place, when=hunt.in_pager)
        process, _ = probe.current()
        assert probe.word(process + probe.offset("process.owed")) \
            != process + probe.offset("process.owed"), "it owes no page here"
        hunt.tick_kills()
        hit.add(place)
    hunt.finish()
    report("instructions of the loop, owing a page", hit, places)


def test_h80_killed_at_every_instruction_of_its_start(arena, probe, report):
    """From its first instruction to its first receive: it serves nobody yet."""
    start = program_symbols(PAGER)["_start"]
    learn = Probe()
    machine = arena("phoenix", options="aslr=off", extra=learn.arguments)
    machine.send("pager kill\r")
    learn.attach(machine)
    learn.run_to(start, when=lambda: learn.current()[1] == "pager")
    places = trace(learn)
    learn.go()
    machine.prompt()
    learn.close()

    hunt = Hunt(arena, probe, deaths=len(places) + 1)
    hunt.to_pager()
    hunt.tick_kills()  # the death that starts the series
    hit = set()
    for place in places:
        probe.run_to(place, when=hunt.in_pager)
        hunt.tick_kills()
        hit.add(place)
    hunt.finish()
    report("instructions of the start", hit, places)


# --- while others run --------------------------------------------------------------------

OTHERS = ["client in ring 3", "client in a system call's window", "idle", "answer in work", "fault-around in work",
          "being made: windows of its spawn"]


def test_h80_killed_while_others_run(arena, probe, report):
    """In receive, owing nothing, whoever has the processor; and the tick that comes while
    the kernel answers, which is taken behind the answer. While the next pager is being made
    there is nothing to kill."""
    hit = set()
    hunt = Hunt(arena, probe, deaths=5, pager="run=16")

    # Ring 3, not the pager.
    probe.run_to("pager_watch_tick", when=lambda: probe.current()[1] == "phoenix")
    probe.divert("supervisor_kill_pager")
    hunt.killed += 1
    hit.add("client in ring 3")

    for _ in range(3):
        probe.run_to("sched_checkpoint", when=hunt.supervisor_runs)
        hunt.tick_finds_none()
    hit.add("being made: windows of its spawn")

    # A window of the client's own call (region_destroy empties its range in steps).
    probe.run_to("sched_checkpoint", when=lambda: probe.current()[1] == "phoenix")
    hunt.tick_kills()
    hit.add("client in a system call's window")

    # The answer: the interrupt waits for its end. Before its page, then before the other fifteen.
    for place, name in (("fault_reply", "answer in work"), ("vmm_fill_zero", "fault-around in work")):
        hunt.to_pager()
        served = probe.member(probe.word("supervisor_endpoint"), "endpoint.faults_served")
        probe.run_to(place, when=hunt.in_pager)
        hunt.tick_kills()
        assert probe.member(probe.word("supervisor_endpoint"), "endpoint.faults_served") > served, "half an answer"
        hit.add(name)

    # Nobody has the processor: phoenix never rests, so another machine shows it.
    other = Probe()
    idle = arena("phoenix", options="pager-restarts=unlimited aslr=off", extra=other.arguments)
    other.attach(idle)
    other.run_to("pager_watch_tick", when=lambda: other.current()[0] == 0)
    other.divert("supervisor_kill_pager")
    other.go()
    idle.expect("pager ended")
    other.close()
    hit.add("idle")

    hunt.to_pager()
    hunt.tick_kills()
    hunt.finish()
    report("others run", hit, OTHERS)


def test_h80_killed_when_ready_but_never_run(start, probe, report):
    """At boot the supervisor makes the pager, sets it going, and goes on to make the shell:
    in that spawn's windows the pager is ready and has not run an instruction."""
    machine = start(extra=[*probe.arguments, "-S"])
    probe.attach(machine, running=False)
    probe.run_to("spawn_start")
    first = probe["rdi"]
    probe.run_to("sched_checkpoint")
    thread = probe.member(probe.address("cpu_boot"), "cpu.current")
    assert thread == probe.address("supervisor_thread")
    assert probe.member(first, "process.name") & 0xFFFFFFFFFF == int.from_bytes(b"pager", "little")
    mine = probe.member(first, "process.threads") - probe.offset("thread.process_link")
    assert probe.member(mine, "thread.state", 1) == probe.value("THREAD_READY")
    probe.interrupt()
    probe.run_to("pager_watch_tick")
    probe.divert("supervisor_kill_pager")
    probe.go()
    machine.expect("pager ended")
    machine.prompt()
    assert "[FAIL]" not in machine.command("memtest")
    assert re.search(r"restarts\s+1\b", machine.command("pager"))
    report("ready, never run", {"ready"}, ["ready"])


# --- by its own doing --------------------------------------------------------------------

def test_h80_h81_it_ends_itself(arena, probe, report):
    """An undefined instruction, a wild jump, a wild write, a stack that runs into its guard,
    writing its own code, an answer to an endpoint it does not have: each while it owes a
    page. It is started again; its fault is nobody's recursion."""
    ways = {
        "undefined instruction": lambda: probe.__setitem__("rip", undefined),
        "wild jump": lambda: probe.__setitem__("rip", 0x1234),
        "stack in its guard": lambda: probe.__setitem__("rsp", 0x7FFFFFFF0000 - 257 * 4096 + 8),
        "stack in the kernel": lambda: probe.__setitem__("rsp", 0xFFFF888000100000),
        "privileged instruction": lambda: probe.__setitem__("rip", privileged),
    }
    code = {address: name for function in ("main", "main.cold", "_start")
            for address, name in instructions(function)}
    undefined = next(address for address, name in code.items() if name in ("ud2", "ud2a"))
    privileged = FIXED_BASE  # the ELF header is not there, or no code: either ends it
    hit = set()
    hunt = Hunt(arena, probe, deaths=len(ways) + 1)
    push = next(address for address, name in instructions("main") if name == "push")
    for name, spoil in ways.items():
        hunt.to_pager()
        probe.step()
        if name.startswith("stack"):
            probe["rip"] = push
        spoil()
        hunt.killed += 1
        hit.add(name)
    # A handle that names nothing: the kernel says so, and the pager gives up.
    hunt.to_pager()
    call = next(place for place in trace(probe) if probe.read(place, 2) == b"\x0f\x05")
    assert probe["rip"] == call
    probe["rdi"] = 0
    hunt.killed += 1
    hit.add("gives up")
    hunt.finish()
    report("by its own doing", hit, [*ways, "gives up"])
    assert hunt.machine.seen(r"pager ended \(exit 1\)") and hunt.machine.seen(r"pager ended \(vector 6")


# --- in the middle of a system call ------------------------------------------------------

SPAWN_PHASES = ["SPAWN_IMAGE", "SPAWN_CREATE", "SPAWN_LOAD", "SPAWN_FINISH"]


# Ticks that the guest leaves its pager alone: time that the probe may spend.
PATIENCE = 200


def owing_pager(probe):
    """The process that runs, if it is a pager of the guest `killpoints` that owes a page."""
    process, name = probe.current()
    if name != "killpoints":
        return 0
    head = process + probe.offset("process.owed")
    return process if probe.word(head) != head else 0


def end_current(probe, process):
    """In the tick, end @process as process_kill would: with a report on the spare stack."""
    report = probe["rsp"] - 0x600
    for offset in range(0, 56, 8):
        probe.write(report + offset, 0)
    probe.write(report + 4, BY_KILL, 4)  # noqa: F405
    probe.write(report + 8, KILLED, 4)  # noqa: F405
    probe.divert("process_end", process, report)


def phase_of_spawn(probe):
    """How far the spawn is that the running thread is in; None if it is in none."""
    thread = probe.member(probe.address("cpu_boot"), "cpu.current")
    spawn = probe.member(thread, "thread.progress_object")
    return probe.member(spawn, "spawn.phase", 1) if spawn else None


def kill_in_window(machine, probe, point, when, twice=False):
    """Run killpoints POINT; kill its pager in the first window of its own call in which
    when() holds, and, if @twice, once more in a window of its teardown."""
    machine.send(f"run killpoints {point} {PATIENCE}\r")
    machine.expect("\n")
    probe.stop()
    probe.run_to("sched_checkpoint", when=lambda: owing_pager(probe) and when())
    process = owing_pager(probe)
    probe.interrupt()
    probe.run_to("pager_watch_tick")
    end_current(probe, process)
    if twice:
        probe.run_to("sched_checkpoint", when=lambda: probe.current()[0] == process)
        assert probe.member(process, "process.ending", 1) == 1
        probe.interrupt()
        probe.run_to("pager_watch_tick")
        end_current(probe, process)
    probe.go()
    text = machine.prompt(timeout=60)
    assert re.search(rf"point {point}: .* client=0x0 leaked=0\r?$", text, re.MULTILINE), text


def test_h80_killed_in_every_window_of_its_own_calls(arena, probe, report):
    """It owes a page and makes a process, fills a memory object, empties a region: in a
    window of each step of these it is killed, all phases of a spawn among them; and killed
    again in a window of its own teardown."""
    machine = arena("killpoints", icount=True, extra=probe.arguments)
    probe.attach(machine)
    probe.go()
    hit = set()
    for name in SPAWN_PHASES:
        phase = probe.value(name)
        kill_in_window(machine, probe, "spawning", lambda wanted=phase: phase_of_spawn(probe) == wanted)
        hit.add(name)
    for point in ("filling", "regions"):
        kill_in_window(machine, probe, point, lambda: True)
        hit.add(point)
    kill_in_window(machine, probe, "regions", lambda: True, twice=True)
    hit.add("dying")
    report("windows of its own calls", hit, [*SPAWN_PHASES, "filling", "regions", "dying"])


# --- by system calls alone ---------------------------------------------------------------

def test_h80_killed_in_every_state_it_can_wait_in(arena, report):
    """The guest brings a pager to each state, looks that it is there, and kills it."""
    text = arena("killpoints", icount=True).command("run killpoints", timeout=60)
    rows = re.findall(r"^point (\S+): state=(\d+) wanted=(\d+) client=(\w+) leaked=(-?\d+)\r?$", text, re.MULTILINE)
    for name, state, wanted, client, leaked in rows:
        assert wanted in (state, "0"), f"{name}: it was in state {state}, not {wanted}"
        assert client == "0x0", f"{name}: the client ended with {client}"
        assert leaked == "0", f"{name}: {leaked} frames are missing"
    report("states", {row[0] for row in rows}, STATES)


STATES = """suspended not-yet-run not-attached-running not-attached-blocked receive-idle ring3-owing ring3-replied
ring3-owing-many ring3-answered-half receive-deferred queue-behind asleep notification call-queued call-delivered
call-giving own-fault-queued own-fault-delivered own-fault-in-call join child filling regions spawning two-threads
caller""".split()
