# SPDX-License-Identifier: MIT
"""Stop a machine at an exact instruction, look, interfere, go on: QEMU's gdbstub, spoken
directly, so that a test needs no debugger and the machine runs the shipped image.

    probe = Probe()                               # before the machine
    machine = boot(extra=probe.arguments, ...)
    probe.attach(machine)                         # the machine stands still from here on
    probe.run_to("fault_reply")                   # until it is at that function
    probe.interrupt()                             # the timer fires at this very instruction
    probe.run_to("pager_watch_tick")
    probe.divert("supervisor_kill_pager")         # ... and does this instead
    probe.go()

What interferes does it where the kernel itself would: the tick is the timer chip's own
interrupt, and a function is diverted at its entry to one that the kernel may call there.
"""
import functools
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time

from machine import TIMEOUT, MachineError

REGISTERS = ("rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip eflags cs ss ds es fs gs "
             "fs_base gs_base k_gs_base cr0 cr2 cr3 cr4 cr8 efer").split()
USER_HALF_END = 1 << 47
FIXED_BASE = 0x400000  # USER_IMAGE_BASE of secos/bootinfo.h


@functools.lru_cache(maxsize=None)
def symbols(path):
    """{name: address} of an ELF file."""
    text = subprocess.run(["nm", str(path)], capture_output=True, text=True, check=True).stdout
    return {row.split()[2]: int(row.split()[0], 16) for row in text.splitlines() if len(row.split()) == 3}


def program_symbols(path):
    """The same of a program that is linked to begin at 0, where it stands with aslr=off."""
    return {name: FIXED_BASE + address for name, address in symbols(path).items()}


@functools.lru_cache(maxsize=None)
def layout(path):
    """({struct: {member: offset}}, {enumerator: value}) from an ELF file's DWARF."""
    text = subprocess.run(["readelf", "--debug-dump=info", "-W", str(path)],
                          capture_output=True, text=True, check=True).stdout
    structs, values = {}, {}
    inside, depth, member = None, 0, None
    for row in text.splitlines():
        head = re.match(r"\s*<([0-9a-f]+)><[0-9a-f]+>: Abbrev Number: \d+(?: \(DW_TAG_(\w+)\))?", row)
        if head:
            level, tag = int(head[1], 16), head[2]
            if inside is not None and level <= depth:
                inside = None
            if tag == "structure_type":
                inside, depth, member = "", level, None
            elif tag in ("member", "enumerator"):
                member = [tag, None]
            else:
                member = None
            continue
        name = re.search(r"DW_AT_name\s*:.*?(\w+)\s*$", row)
        if name and member:
            member[1] = name[1]
        elif name and inside == "":
            inside = name[1]
            structs.setdefault(inside, {})
        offset = re.search(r"DW_AT_data_member_location\s*:\s*(?:\(\w+\)\s*)?(\d+)", row)
        if offset and inside and member and member[1]:
            structs[inside].setdefault(member[1], int(offset[1]))
        value = re.search(r"DW_AT_const_value\s*:\s*(?:\(\w+\)\s*)?(-?\d+)", row)
        if value and member and member[0] == "enumerator":
            values[member[1]] = int(value[1])
    return structs, values


class Probe:
    """The debugger's end of one machine."""

    def __init__(self):
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="secos-gdb-"))
        self.arguments = ["-gdb", f"unix:{self._folder}/gdb,server=on,wait=off"]
        self._points = set()
        self._buffer = b""
        self._socket = None
        self._runs = False
        self.machine = None

    def attach(self, machine, running=True):
        """Connect to @machine, which stops. @running = False: it was started with -S."""
        self.machine = machine
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(TIMEOUT)
        end = time.monotonic() + TIMEOUT
        while True:  # QEMU makes the socket, and then listens, before the machine runs
            try:
                self._socket.connect(f"{self._folder}/gdb")
                break
            except (FileNotFoundError, ConnectionRefusedError):
                if not machine.is_running or time.monotonic() > end:
                    raise
                time.sleep(0.001)
        if running:
            self._receive()  # connecting stops the machine, and it says so
        self._ask("qXfer:features:read:target.xml:0,ffb")  # lets registers be read one by one
        # Single steps let no interrupt in (this is QEMU's default, said aloud).
        self._ask("Qqemu.sstep=7")

    def close(self):
        """Leave the machine alone; it runs on."""
        if self._socket:
            if not self._runs and self.machine.is_running:
                self._set_points(set())
                self._send("D")
            self._socket.close()
            self._socket = None
        shutil.rmtree(self._folder, ignore_errors=True)

    # --- the protocol ------------------------------------------------------

    def _send(self, text):
        data = text.encode()
        self._socket.sendall(b"$" + data + b"#%02x" % (sum(data) & 0xFF))

    def _receive(self):
        while True:
            match = re.search(rb"\$([^#]*)#[0-9a-f]{2}", self._buffer)
            if match:
                self._buffer = self._buffer[match.end():]
                self._socket.sendall(b"+")
                return match[1].decode("latin1")
            try:
                data = self._socket.recv(65536)
            except socket.timeout:
                raise MachineError("the probe hears nothing from the machine") from None
            if not data:
                raise MachineError("QEMU ended under the probe")
            self._buffer += data

    def _ask(self, text):
        self._send(text)
        return self._receive()

    # --- looking -----------------------------------------------------------

    def address(self, place):
        """A kernel symbol, or an address as it is."""
        return place if isinstance(place, int) else symbols(self.machine.kernel)[place]

    def read(self, address, size):
        """Bytes of memory as the processor sees it now."""
        return bytes.fromhex(self._ask(f"m{address:x},{size:x}"))

    def word(self, address, size=8):
        return int.from_bytes(self.read(self.address(address), size), "little")

    def write(self, address, value, size=8):
        data = value.to_bytes(size, "little")
        assert self._ask(f"M{self.address(address):x},{size:x}:{data.hex()}") == "OK"

    def __getitem__(self, register):
        return int.from_bytes(bytes.fromhex(self._ask(f"p{REGISTERS.index(register):x}")), "little")

    def __setitem__(self, register, value):
        data = value.to_bytes(8, "little")
        assert self._ask(f"P{REGISTERS.index(register):x}={data.hex()}") == "OK"

    def member(self, pointer, path, size=8):
        """Follow "struct.member": the member's value in the structure at @pointer."""
        struct, name = path.split(".")
        return self.word(pointer + layout(self.machine.kernel)[0][struct][name], size)

    def offset(self, path):
        struct, name = path.split(".")
        return layout(self.machine.kernel)[0][struct][name]

    def value(self, enumerator):
        return layout(self.machine.kernel)[1][enumerator]

    def current(self):
        """The process whose thread runs, as (pointer, name); (0, "") when idle."""
        thread = self.member(self.address("cpu_boot"), "cpu.current")
        process = self.member(thread, "thread.process") if thread else 0
        if not process:
            return 0, ""
        name = self.read(process + self.offset("process.name"), 16)
        return process, name.split(b"\0")[0].decode()

    @property
    def in_user_mode(self):
        return self["rip"] < USER_HALF_END

    # --- going on ----------------------------------------------------------

    def _set_points(self, wanted):
        for point in self._points - wanted:
            assert self._ask(f"z0,{point:x},1") == "OK"
        for point in wanted - self._points:
            assert self._ask(f"Z0,{point:x},1") == "OK"
        self._points = set(wanted)

    def step(self):
        """One instruction."""
        assert self._ask("s").startswith("T05")

    def run_to(self, *places, when=None, timeout=TIMEOUT):
        """Go on until one of @places is reached, and when() holds if given; returns its
        address. A place where the machine stands now is left first."""
        points = {self.address(place) for place in places}
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if self["rip"] in points:
                self._set_points(set())
                self.step()
                if self["rip"] in points and (when is None or when()):
                    return self["rip"]
                if self["rip"] in points:
                    continue
            self._set_points(points)
            assert self._ask("c").startswith("T05")
            if self["rip"] in points and (when is None or when()):
                return self["rip"]
        raise MachineError(f"{places} not reached")

    def go(self):
        """Let the machine run freely."""
        self._set_points(set())
        self._send("c")
        self._runs = True

    def stop(self):
        """Stop it again, wherever it is."""
        self._socket.sendall(b"\x03")
        self._receive()
        self._runs = False

    # --- interfering -------------------------------------------------------

    def interrupt(self):
        """The timer chip raises its line now: the processor takes the interrupt before its
        next instruction if interrupts are open. Mode 3 begins with its output high, which
        is an edge after mode 0's low; then the tick goes on as the kernel has set it."""
        for port, value in ((0x43, 0x30), (0x40, 0), (0x40, 0x80),
                            (0x43, 0x36), (0x40, 0), (0x40, 0x80),
                            (0x43, 0x34), (0x40, TIMER_PERIODS & 0xFF), (0x40, TIMER_PERIODS >> 8)):
            self.machine.qmp.monitor(f"o/b {port:#x} {value:#x}")

    def divert(self, function, *arguments):
        """At the entry of a function: do @function instead, which returns to its caller."""
        for register, value in zip(("rdi", "rsi", "rdx", "rcx"), arguments):
            self[register] = value
        self["rip"] = self.address(function)


# kernel/arch/timer.h: the oscillator divided down to 250 Hz.
TIMER_PERIODS = (1193182 + 125) // 250
