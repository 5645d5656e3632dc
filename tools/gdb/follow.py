# SPDX-License-Identifier: MIT
"""Every program is linked to the same addresses and stands where the kernel put it, so
GDB must be told which one it looks at: at each stop, the symbols of the program whose
space is loaded, moved to where that one is, take the place of the last one's. The
kernel's stay, since its half is the same in every space."""
import os
import pathlib
import re
import subprocess
import sys

import gdb

import state

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import symbolize  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", "build"))
BUILD = BUILD if BUILD.is_absolute() else ROOT / BUILD
# Where the kernel is entered from ring 3: isr.asm, syscall.asm.
ENTRIES = ("isr_common", "isr_page_fault", "isr_int80", "isr_ist", "syscall_entry")

USER_IMAGE_BASE = 0x400000  # secos/bootinfo.h: where a program stands unless the kernel chose another place

loaded = None  # the file whose user symbols GDB has
loaded_bias = 0  # what was added to them
known = {}  # program name -> file, as secos program NAME FILE said


def file_of(name):
    """The file with the symbols of program @name, or None."""
    places = [known.get(name), BUILD / f"servers/{name}.debug", BUILD / f"guests/{name}.debug"]
    return next((str(place) for place in places if place and os.path.exists(place)), None)


def use(path, bias=0):
    """Make @path, moved by @bias, or nothing, what user addresses mean."""
    global loaded, loaded_bias
    if path == loaded and bias == loaded_bias:
        return
    if loaded:
        gdb.execute(f"remove-symbol-file -a {text_address(loaded) + loaded_bias:#x}", to_string=True)
    loaded, loaded_bias = None, 0
    if path:
        gdb.execute(f"add-symbol-file {path} -o {bias:#x}", to_string=True)
        loaded, loaded_bias = path, bias


def bias_of(process, path):
    """What the kernel added to the addresses of @path when it loaded it as @process."""
    return int(process["image_base"]) - symbolize.first_page(path)


def text_address(path):
    """Where .text of @path is: what remove-symbol-file goes by."""
    out = subprocess.run(["readelf", "-SW", path], capture_output=True, text=True, check=True).stdout
    return int(re.search(r"\s\.text\s+PROGBITS\s+([0-9a-f]+)", out)[1], 16)


def on_stop(_event):
    try:
        process = state.process_of_root(state.space_root())
    except (gdb.error, gdb.MemoryError, NotImplementedError):
        return  # the kernel has no page tables of its own yet
    before = loaded
    if process is not None and int(process["image_base"]):
        path = file_of(state.text(process["name"]))
        use(path, bias_of(process, path) if path else 0)
    if loaded != before and state.ring() == 3:
        gdb.write(f"[user symbols: {loaded or 'none'}]\n")
        gdb.execute("frame")  # once more, now with names


def install():
    gdb.events.stop.connect(on_stop)


# --- rings -------------------------------------------------------------------------------

def returns():
    """Where the kernel goes back to ring 3 (and where it may)."""
    out = subprocess.run(["objdump", "-d", "--no-show-raw-insn", str(BUILD / "kernel.elf")],
                         capture_output=True, text=True, check=True).stdout
    return [int(at, 16) for at in re.findall(r"^ *([0-9a-f]+):\t(?:rex\.W )?(?:iretq?|sysretq?)\b", out, re.MULTILINE)]


def change_ring():
    """Run until the other ring begins."""
    if state.ring() == 3:
        places = [state.number(f"(unsigned long)&{name}") for name in ENTRIES]
    else:
        places = returns()
    points = [gdb.Breakpoint(f"*{place:#x}", internal=True) for place in places]
    for point in points:
        point.silent = True
    from_user = state.ring() == 3
    try:
        while True:
            gdb.execute("continue", to_string=True)
            here = state.number("$rip")
            if here not in places:
                return  # something else stopped it: a breakpoint of the user's
            if not from_user:
                gdb.execute("stepi", to_string=True)
            if from_user or state.ring() == 3:
                return
    finally:
        for point in points:
            point.delete()


class ProgramBreakpoint(gdb.Breakpoint):
    """Stops where one program is at an address; others run through it."""

    def __init__(self, program, address):
        super().__init__(f"*{address:#x}")
        self.program = program

    def stop(self):
        process = state.process_of_root(state.space_root())
        return process is not None and state.text(process["name"]) == self.program


def biases_of(program, path):
    """Where processes of @program stand; where the next one will, if there is none."""
    try:
        running = {bias_of(process, path) for process in state.processes()
                   if state.text(process["name"]) == program and int(process["image_base"])}
    except (gdb.error, gdb.MemoryError, NotImplementedError):
        running = set()  # no process yet
    return running or {USER_IMAGE_BASE - symbolize.first_page(path)}


def break_in(program, place):
    """Breakpoints wherever @place (a function, FILE:LINE) of @program came to be: the
    compiler may have put a function into others."""
    path = file_of(program)
    if path is None:
        raise gdb.GdbError(f"no symbols of {program}: secos program {program} FILE names them")
    before = loaded, loaded_bias
    found = set()
    try:
        for bias in biases_of(program, path):
            use(path, bias)
            _, lines = gdb.decode_line(place)
            found |= {line.pc for line in lines or () if line.symtab and line.symtab.objfile.filename == path}
    except gdb.error:
        found = set()
    finally:
        use(*before)
    if not found:
        raise gdb.GdbError(f"{program} has no {place}")
    return [ProgramBreakpoint(program, address) for address in sorted(found)]
