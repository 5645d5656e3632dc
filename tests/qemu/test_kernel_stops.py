# SPDX-License-Identifier: MIT
"""Claim: the kernel's own mistakes stop the machine with a report that names them; none is
let through, none becomes a triple fault (rows H72, H114 of the table of hostile tests).
Method: a probe (gdbstub.py) stops the shipped image inside a system call, with a program's
space loaded, and makes ring 0 commit the mistake there: it runs what is no code, reads and
writes what it may not, overruns its stacks. The machine must end with PANIC, the right
vector and error code, by the debug-exit port."""
import pytest

from gdbstub import Probe, program_symbols, symbols
from hostile import *  # noqa: F403
from hostile import BUILD, PF, PRESENT, WRITE, FETCH, modules  # noqa: F401

KERNEL = symbols(BUILD / "kernel.elf")
USER_CODE = program_symbols(BUILD / "guests/doors.elf")["main"]
PAGE = 4096
PHYSMAP, KERNEL_BASE = 0xFFFF888000000000, 0xFFFFFFFF80000000
DOUBLE_FAULT = 8


@pytest.fixture
def inside(start):
    """The kernel in the null call of the guest `doors`."""
    probe = Probe()
    machine = start(modules=modules("doors"), options="test aslr=off", extra=probe.arguments)
    machine.prompt(60)
    machine.send("run doors\r")
    machine.expect("doors open")
    probe.attach(machine)
    probe.run_to("isr_int80", when=lambda: probe.current()[1] == "doors")
    while probe["rip"] != KERNEL["sys_null"]:
        probe.step()
    yield probe
    if machine.is_running:
        probe.close()


def stops(probe, vector, error, address=None):
    """Let it happen: the machine ends with a report."""
    probe.go()
    said = probe.machine.expect(
        r"PANIC: trap: vector (\d+) error 0x(\w+) in ring 0 at 0x(\w+)[^,]*, rsp 0x\w+, cr2 0x(\w+)\b[^\n]*\n", timeout=60)
    assert int(said[1]) == vector and int(said[2], 16) == error, said[0]
    if address is not None:
        assert int(said[4], 16) == address, said[0]
    probe.machine.verdict(60)  # by the debug-exit port: no triple fault


@pytest.mark.parametrize("what", ["user", "data", "stack", "null", "rodata", "physmap"])
def test_h114_ring_0_runs_only_its_own_text(inside, what):
    """SMEP; NX of data, stacks, constants and of text seen through the physmap; nothing at 0."""
    target = {"user": USER_CODE, "data": KERNEL["cpu_boot"], "stack": inside["rsp"], "null": 0,
              "rodata": KERNEL["isr_stub_table"], "physmap": PHYSMAP + KERNEL["sys_null"] - KERNEL_BASE}[what]
    inside["rip"] = target
    stops(inside, PF, FETCH | (0 if what == "null" else PRESENT), target)


def test_h114_ring_0_reads_no_user_memory_outside_the_window(inside):
    """SMAP: the page is there, the kernel may not touch it."""
    inside["rdi"] = USER_CODE
    inside["rip"] = KERNEL["strlen"]
    stops(inside, PF, PRESENT, USER_CODE)


@pytest.mark.parametrize("what", ["text", "rodata", "sealed", "text-by-physmap", "null"])
def test_h114_ring_0_writes_no_text_and_no_constant(inside, what):
    """Through the image and through the physmap; .ro_after_init, which start-up had written."""
    target = {"text": KERNEL["sys_null"], "rodata": KERNEL["isr_stub_table"], "sealed": KERNEL["cpu_features"],
              "text-by-physmap": PHYSMAP + KERNEL["sys_null"] - KERNEL_BASE, "null": 0}[what]
    inside["rdi"], inside["rsi"], inside["rdx"] = target, 0, 8
    inside["rip"] = KERNEL["memset"]
    stops(inside, PF, WRITE | (0 if what == "null" else PRESENT), target)


@pytest.mark.parametrize("which", ["boot_stack_guard", "tss_ist_stacks", "thread"])
def test_h114_a_guard_below_a_stack_is_not_there(inside, which):
    """Below the start-up stack, the stacks of the four vectors, and the running thread's."""
    target = KERNEL[which] if which != "thread" else guard_of_thread(inside)
    inside["rdi"], inside["rsi"], inside["rdx"] = target, 0, 1
    inside["rip"] = KERNEL["memset"]
    stops(inside, PF, WRITE, target)


def guard_of_thread(probe):
    """An address in the guard page below the kernel stack that is in use."""
    page = probe["rsp"] // PAGE * PAGE
    while not probe._ask(f"m{page:x},8").startswith("E"):
        page -= PAGE
    return page + PAGE - 8


def test_h72_an_overrun_kernel_stack_is_reported(inside):
    """The push that meets the guard cannot be reported on that stack: the processor raises #DF,
    which has its own."""
    inside["rsp"] = guard_of_thread(inside)
    stops(inside, DOUBLE_FAULT, 0)


def test_h72_a_stack_pointer_gone_wild_is_reported(inside):
    inside["rsp"] = 0x10
    stops(inside, DOUBLE_FAULT, 0)


def test_h114_an_array_that_overruns_is_found_by_the_canary(inside):
    """A function that keeps a canary has stored it; the word on the stack changes; the function
    does not return."""
    guard = inside.word("__stack_chk_guard")
    top = inside["rsp"]
    for at in range(top - 512, top, 8):
        inside.write(at, 0)  # whatever canaries earlier calls have left there
    inside["rdi"], inside["rsi"] = 0, USER_CODE
    inside["rip"] = KERNEL["sys_region_query"]
    found = None
    for _ in range(60):
        inside.step()
        found = next((at for at in range(inside["rsp"], top, 8) if inside.word(at) == guard), None)
        if found:
            break
    assert found, "no canary was stored"
    inside.write(found, 0x4141414141414141)
    inside.go()
    inside.machine.expect("PANIC: stack_guard: a function wrote beyond its stack arrays", timeout=60)
    inside.machine.verdict(60)


def test_h114_the_canary_is_another_each_time(start):
    """And no string can write it: its lowest byte is 0."""
    seen = set()
    for _ in range(3):
        probe = Probe()
        machine = start(extra=probe.arguments)
        machine.prompt(60)
        probe.attach(machine)
        seen.add(probe.word("__stack_chk_guard"))
        probe.close()
    assert len(seen) == 3 and all(guard & 0xFF == 0 for guard in seen)
