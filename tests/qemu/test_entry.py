# SPDX-License-Identifier: MIT
"""Claim: whatever ring 3 does at the doors of the kernel, it ends that program alone or
does nothing (rows H1-H20, H54-H59, H71 of the table of hostile tests).
Method: each attack is a process of its own, sent by the guest `gauntlet`, which reports
how it ended, the frames missing then, and a neighbour's memory. What must work is tried
by the guest `entry`, with every register under control. The fixture `arena` asks the
oracle: shell answers, no panic, frames exact, rules of memory kept."""
import random
import re

from hostile import *  # noqa: F403
from hostile import BUILD, SOAK, arena, claims, gauntlet, killed, symbols  # noqa: F401

NON_CANONICAL = 1 << 47
KERNEL_TEXT = 0xFFFFFFFF80100000
PHYSMAP = 0xFFFF888000000000


def killed_at_far_return(end, selector):
    """A far return ends the program with #GP that names the selector. This emulator reads the
    stack for it as the kernel would, so that SMAP answers first: #PF, present, not user."""
    if end.vector == PF:
        killed(end, PF, error=PRESENT, reason=EXCEPTION)
    else:
        assert end.vector in (GP, 11), end  # 11: a descriptor that is not present
        killed(end, end.vector, error=selector & 0xFFFC, rip=end.rip)


def killed_at_gate(end, number):
    """#GP whose error code names gate @number of the interrupt table: number * 8 + 2. This
    emulator multiplies by the size of a gate, 16."""
    assert end.error in (number * 8 + 2, number * 16 + 2), end
    killed(end, GP, reason=EXCEPTION)


def test_h01_jump_to_a_non_canonical_address(arena):
    machine = arena("gauntlet", "attack")
    ends = gauntlet(machine, "attack", f"jump:{NON_CANONICAL}", f"return:{NON_CANONICAL}",
                    "jumpbit:47-63")
    for end in ends.values():
        killed(end, GP, error=0, reason=EXCEPTION, rip=end.rip)
    end = gauntlet(machine, "attack", f"iret-rip:{NON_CANONICAL}")[f"iret-rip:{NON_CANONICAL}"]
    killed_at_far_return(end, 0)
    # On this emulator the fault is at the address itself, at CPL 3.
    for bit in range(47, 64):
        assert ends[f"jumpbit:{bit}"].rip == 1 << bit


def test_h03_stack_pointer_of_any_value_before_a_system_call(arena):
    """By both doors with six wild stack pointers (guest `entry`), and by processes of
    their own, which end by themselves."""
    machine = arena("gauntlet", "attack")
    ends = gauntlet(machine, "attack", *(f"sysret-stack:{v:#x}" for v in (0, 1, KERNEL_TEXT, PHYSMAP, NON_CANONICAL)))
    assert {e.wait for e in ends.values()} == {99}


def test_h04_push_with_a_wild_stack_pointer(arena):
    machine = arena("gauntlet", "attack")
    ends = gauntlet(machine, "attack", *(f"push:{v:#x}" for v in (0, 8, KERNEL_TEXT, PHYSMAP, NON_CANONICAL, 1 << 63)))
    for spec in ("push:0x0", f"push:{KERNEL_TEXT:#x}", f"push:{PHYSMAP:#x}"):
        killed(ends[spec], PF, reason=NO_REGION)
    # Pushing at 2^47 writes just below it: the last user page, which is never mapped.
    killed(ends[f"push:{NON_CANONICAL:#x}"], PF, address=NON_CANONICAL - 8)
    killed(ends[f"push:{1 << 63:#x}"], GP)  # the manual says #SS; the emulator #GP


def test_h05_iopl_cannot_be_raised(arena):
    machine = arena("gauntlet", "attack")
    ends = gauntlet(machine, "attack", "iopl", "iopl-sti", "iopl-iret")
    killed(ends["iopl"], GP, error=0, reason=EXCEPTION)
    killed(ends["iopl-sti"], GP, error=0, reason=EXCEPTION)
    killed_at_far_return(ends["iopl-iret"], 0)


def task_segment(machine):
    """The I/O permission part of the task state segment, read from outside: its offset and the
    segment's limit."""
    row = re.search(r"^TR =\w+ ([0-9a-f]+) ([0-9a-f]+)", machine.qmp.monitor("info registers"), re.MULTILINE)
    base, limit = int(row[1], 16), int(row[2], 16)
    dump = machine.qmp.monitor(f"x/1hx {base + 102:#x}")
    return int(dump.split()[-1], 16), limit


def test_h06_no_port_is_open(arena):
    """All 65,536 ports at once: the task state segment has no map of ports. And one by
    one, by every instruction: those of the devices, the borders, and random ones."""
    machine = arena("gauntlet", "attack")
    offset, limit = task_segment(machine)
    assert offset > limit, "ports without a bit in the map are closed"
    picked = random.Random(6)
    ports = [0, 0x20, 0x40, 0x60, 0x64, 0x70, 0x80, 0xA0, 0xF4, 0x3F8, 0xCF8, 0xCF9, 0xFFFF]
    ports += [picked.randrange(65536) for _ in range(20 * SOAK)]
    kinds = ("in8", "in16", "in32", "out8", "out16", "out32", "insb", "outsb")
    specs = [f"{kinds[i % len(kinds)]}:{port}" for i, port in enumerate(ports)]
    specs += [f"{kind}:0x3f8" for kind in kinds] + ["in-imm"]
    for end in gauntlet(machine, "attack", *specs).values():
        killed(end, GP, error=0, reason=EXCEPTION)


def test_h07_h08_h09_h11_flags_at_the_doors(arena):
    """DF, AC, NT, RF and the rest, through both doors and behind `mov ss`; hogs make the
    yields lead to threads that are resumed by iretq. (This emulator's `syscall` clears DF
    whatever the mask says: the mask is audited in the image, test_image_audit.py.)"""
    machine = arena("entry", "hog")
    for _ in range(2):
        machine.command("run hog &")
    claims(machine, "run entry flags", 40)
    hogs = [row["pid"] for row in machine.processes() if row["name"] == "hog"]
    assert len(hogs) == 2, "an iretq with NT set would have ended who was resumed by it"
    for pid in hogs:
        machine.command(f"kill {pid}")


def test_h10_trap_flag_traps_behind_the_call_and_never_in_the_kernel(arena):
    machine = arena("gauntlet", "attack")
    ends = gauntlet(machine, "attack", "trap-flag", "trap-syscall", "trap-int80")
    where = symbols(BUILD / "guests/attack.elf")
    killed(ends["trap-flag"], DB, rip=ends["trap-flag"].image + where["attack_trap_after"])
    for door in ("syscall", "int80"):
        at = ends[f"trap-{door}"].image + where[f"attack_trap_{door}"]
        assert ends[f"trap-{door}"].rip in (at, at + 1)
        killed(ends[f"trap-{door}"], DB)


def test_h12_h17_only_the_documented_registers_change(arena):
    """Every call of the table with nonsense for arguments, 15 registers and 16 vector
    registers compared; both doors, also right behind `mov ss`."""
    claims(arena("entry"), "run entry registers", 20)


def test_h13_first_instruction_finds_zeroes(arena):
    """`first` has no crt0: it looks at every register and exits with the number of the
    first that is wrong. The programs before it leave theirs full."""
    machine = arena("first", "entry")
    machine.command("run entry registers")
    for _ in range(3):
        assert "first: exit 0\n" in machine.command("run first")


def test_h14_software_interrupts(arena):
    machine = arena("gauntlet", "attack")
    ends = gauntlet(machine, "attack", "int:0-127", "int:129-255")
    for spec, end in ends.items():
        killed_at_gate(end, int(spec.split(":")[1]))


def test_h15_h16_h17_breakpoints(arena):
    """int3 and int 4 meet gates that are the kernel's own: #GP that names the gate. into
    and icebp do not exist here: #UD."""
    machine = arena("gauntlet", "attack")
    ends = gauntlet(machine, "attack", "int3", "into", "int:4", "icebp", "ud2", "movss-int3", "movss-int")
    killed_at_gate(ends["int3"], 3)
    killed_at_gate(ends["int:4"], 4)
    killed_at_gate(ends["movss-int3"], 3)
    killed_at_gate(ends["movss-int"], 0x20)
    killed(ends["into"], UD, error=0)
    assert ends["icebp"].vector in (UD, DB)
    killed(ends["icebp"], ends["icebp"].vector)
    killed(ends["ud2"], UD, error=0)


def test_h18_h20_numbers_that_are_no_call(arena):
    machine = arena("entry", "gauntlet", "attack")
    claims(machine, "run entry numbers", 4)
    end = gauntlet(machine, "attack", "sysenter")["sysenter"]
    assert end.vector in (UD, GP)
    killed(end, end.vector, error=0)


def test_h19_far_transfers(arena):
    """Selectors of the kernel, of data, of the task, beyond the table, null, of the local
    table; and there is no code segment for compatibility mode to go to."""
    machine = arena("gauntlet", "attack")
    selectors = (0x00, 0x03, 0x08, 0x0B, 0x10, 0x13, 0x1B, 0x28, 0x2B, 0x30, 0x33, 0x1003, 0xFFFF, 0x0F)
    ends = gauntlet(machine, "attack", *(f"{kind}:{s:#x}" for kind in ("retf", "iret", "farjump", "farcall")
                                         for s in selectors))
    for spec, end in ends.items():
        killed_at_far_return(end, int(spec.split(":")[1], 16))
        assert end.vector != PF or spec.startswith(("retf", "iret")), spec
    stacks = (0, 8, 0x10, 0x23, 0x28, 0x1003)
    ends = gauntlet(machine, "attack", *(f"{kind}:{s:#x}" for kind in ("iret-ss", "load-ss") for s in stacks))
    for spec, end in ends.items():
        killed_at_far_return(end, int(spec.split(":")[1], 16))
        assert end.vector != PF or spec.startswith("iret"), spec


PRIVILEGED = (
    "mov-from-cr0 mov-from-cr2 mov-from-cr3 mov-from-cr4 mov-from-cr8 mov-to-cr0 mov-to-cr2 mov-to-cr3 mov-to-cr4 "
    "mov-to-cr8 mov-from-dr0 mov-from-dr7 mov-to-dr0 mov-to-dr7 rdmsr wrmsr rdmsr-efer hlt cli sti clts lgdt lidt "
    "lldt ltr lmsw invlpg invd wbinvd swapgs sysret xsetbv").split()
UNDEFINED = "sysexit clac stac monitor mwait vmcall vmmcall vmrun vmxoff stgi rsm invpcid xsaves lock-nop".split()
DESCRIPTORS = "sgdt sidt sldt str smsw".split()


def test_h54_h57_privileged_instructions(arena):
    machine = arena("gauntlet", "attack")
    for end in gauntlet(machine, "attack", *PRIVILEGED).values():
        killed(end, GP, error=0, reason=EXCEPTION)
    for end in gauntlet(machine, "attack", *UNDEFINED).values():
        assert end.vector in (UD, GP), str(end)
        killed(end, end.vector, error=0, reason=EXCEPTION)


def test_h54_bad_fpu_state(arena):
    """Reserved bits of MXCSR (an emulator may take them; hardware refuses), an unmasked x87
    error (H53), a division by zero."""
    ends = gauntlet(arena("gauntlet", "attack"), "attack", "x87-error", "divide", "fxrstor-mxcsr", "ldmxcsr")
    killed(ends["x87-error"], MF)
    killed(ends["divide"], DE, error=0)
    for spec in ("fxrstor-mxcsr", "ldmxcsr"):
        assert ends[spec].wait in (99, BY_FAULT | GP)


def test_h56_umip_keeps_table_addresses_secret(arena):
    for end in gauntlet(arena("gauntlet", "attack"), "attack", *DESCRIPTORS).values():
        killed(end, GP, error=0, reason=EXCEPTION)


def test_h58_rdpmc_is_refused(arena):
    end = gauntlet(arena("gauntlet", "attack"), "attack", "rdpmc")["rdpmc"]
    assert end.vector in (GP, UD)
    killed(end, end.vector, error=0)


def test_h59_lar_and_lsl_tell_nothing(arena):
    claims(arena("entry"), "run entry selectors", 2)


def test_h55_gs_base_into_the_kernel_reads_nothing(arena):
    ends = gauntlet(arena("gauntlet", "attack"), "attack", f"read-gs:{KERNEL_TEXT:#x}", f"read-gs:{PHYSMAP:#x}",
                    "read-gs:0x8000000000000000")
    killed(ends[f"read-gs:{KERNEL_TEXT:#x}"], PF, reason=NO_REGION, address=KERNEL_TEXT)
    killed(ends[f"read-gs:{PHYSMAP:#x}"], PF, reason=NO_REGION, address=PHYSMAP)
    killed(ends["read-gs:0x8000000000000000"], GP)


def test_h71_nmi_at_random_points(arena):
    """While ring 3 makes system calls with a kernel address in GS base, a few hundred NMIs:
    they arrive in ring 3, between swapgs and the switch of stacks, and in the kernel."""
    machine = arena("entry")
    machine.send("run entry spin\r")
    machine.expect("spinning")
    sent = 0
    while not machine.seen("claims: "):
        machine.qmp.command("inject-nmi")
        sent += 1
    text = machine.prompt()
    assert "claims: 1, failed: 0" in machine.log and "exit 0" in text
    assert sent > 50
