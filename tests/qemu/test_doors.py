# SPDX-License-Identifier: MIT
"""Claim: behind every door the processor is as the kernel wants it, whatever ring 3 brought
along (rows H8, H71, H72 of the table of hostile tests).
Method: the guest `doors` goes in by all of them with AC and DF set and a kernel address in GS
base. A probe (gdbstub.py) stops the shipped image inside the kernel and looks at the
registers; NMIs are injected at each instruction of the entry and exit paths, also where the
GS base is still ring 3's."""
import pytest

from gdbstub import Probe, symbols
from hostile import *  # noqa: F403
from hostile import BUILD, arena, check_oracle  # noqa: F401

TF, IF, DF, IOPL, NT, RF, AC = 0x100, 0x200, 0x400, 0x3000, 0x4000, 0x10000, 0x40000
CR0_WP, CR4_UMIP, CR4_SMEP, CR4_SMAP = 1 << 16, 1 << 11, 1 << 20, 1 << 21
GS_OF_GUEST = 0xFFFFFFFF80200000
KEPT = "rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 eflags gs_base k_gs_base".split()
SYSRET, IRET = b"\x48\x0f\x07", b"\x48\xcf"


@pytest.fixture
def inside(arena):
    """A machine in which `doors` runs, and a probe attached to it."""
    probe = Probe()
    probe.left = False
    machine = arena("doors", extra=probe.arguments)
    machine.send("run doors\r")
    machine.expect("doors open")
    probe.attach(machine)
    yield probe
    if not probe.left:
        machine.close()  # a failed test: the guest never ends by itself
    probe.close()


def leave(probe):
    """Nothing went wrong: the guest is ended, so that the oracle can be asked."""
    probe.go()
    probe.machine.send("\x03")
    probe.machine.prompt(60)
    probe.stop()
    probe.left = True


def by_guest(probe):
    """Whether it is `doors` that the kernel serves now."""
    return lambda: probe.current()[1] == "doors"


def clean(probe):
    flags = probe["eflags"]
    assert flags & (TF | IF | DF | IOPL | NT | RF | AC) == 0, f"flags {flags:#x} at {probe['rip']:#x}"


def test_h08_smap_is_closed_behind_every_door(inside):
    """At the first C function behind each door: DF, AC, TF, NT and IF are clear though ring 3
    had set the first two; SMAP, SMEP, UMIP and WP are on; GS base is the kernel's."""
    machine_of = symbols(BUILD / "kernel.elf")
    frame_flags = inside.offset("trap_frame.rflags")
    for door in ("isr_int80", "syscall_entry"):
        inside.run_to(door, when=by_guest(inside))
        for _ in range(60):
            if inside["rip"] == machine_of["sys_null"]:
                break
            inside.step()
        assert inside["rip"] == machine_of["sys_null"]
        clean(inside)
    for place, frame in (("trap_page_fault", "rdx"), ("trap_user", "rdi")):
        inside.run_to(place, when=by_guest(inside))
        clean(inside)
        assert inside.word(inside[frame] + frame_flags) & (AC | DF) == AC | DF, "the guest had set them"
    inside.run_to("trap_user", when=by_guest(inside))
    inside.machine.qmp.command("inject-nmi")
    inside.run_to("trap_ist")
    clean(inside)
    assert inside["cr4"] & (CR4_SMAP | CR4_SMEP | CR4_UMIP) == CR4_SMAP | CR4_SMEP | CR4_UMIP
    assert inside["cr0"] & CR0_WP
    assert inside["gs_base"] == machine_of["cpu_boot"]
    leave(inside)


@pytest.mark.parametrize("begin, end", [
    ("syscall_entry", SYSRET), ("isr_int80", IRET), ("isr_page_fault", "trap_page_fault"), ("isr_common", "trap_user")])
def test_h71_nmi_at_every_instruction_of(inside, begin, end):
    """From door to door, and to the first C function where the kernel does more. The NMI finds
    the GS base of ring 3 or of the kernel, the stack of ring 3 or a thread's: while it is
    served GS base is the kernel's, afterwards every register is as it was."""
    cpu = symbols(BUILD / "kernel.elf")["cpu_boot"]
    rip = inside.offset("trap_frame.rip")
    seen = []
    place = inside.run_to(begin, when=by_guest(inside))
    while place != inside.address(end) if isinstance(end, str) else True:
        before = {name: inside[name] for name in KEPT}
        seen.append(before["gs_base"])
        inside.machine.qmp.command("inject-nmi")
        inside.run_to("trap_ist")
        assert inside.word(inside["rdi"] + rip) == place
        assert inside["gs_base"] == cpu
        inside.run_to(place)
        assert {name: inside[name] for name in KEPT} == before, f"at {place:#x}"
        if end in (inside.read(place, 3), inside.read(place, 2)):
            break
        inside.step()
        place = inside["rip"]
    assert set(seen) == {cpu, GS_OF_GUEST} and len(seen) > 15, seen
    leave(inside)


@pytest.mark.parametrize("word, value", [("cs", 0x63), ("ss", 0x63), ("cs", 0x1B), ("ss", 0)])
def test_h02_a_refused_return_ends_the_thread_alone(inside, word, value):
    """No system call can make such a frame; if one came about, iretq would refuse it in ring 0,
    with ring 3's GS base loaded. Its row of the exception table ends the thread."""
    inside.run_to("isr_int80", when=by_guest(inside))
    while inside.read(inside["rip"], 2) != IRET:
        inside.step()
    inside.write(inside["rsp"] + {"cs": 8, "ss": 32}[word], value)
    inside.go()
    inside.machine.expect(r"^doors: killed by #GP \(vector 13, error 0x\w+\)", timeout=60)
    inside.machine.prompt(60)
    inside.stop()
    inside.left = True
