# SPDX-License-Identifier: MIT
"""Claim: the audit of our own images (tests/tools/check_image.py, part of make lint) sees
what it says it sees.
Method: nothing runs here. A copy of an image is spoiled in one way, by a byte or a header,
and the audit must complain about that and about nothing else; the images as they are give
no complaint."""
import re
import struct
import subprocess

import pytest

import check_image
from hostile import BUILD, symbols

KERNEL = BUILD / "kernel.elf"
SHELL = BUILD / "servers/shell.elf"
CLD, CLAC, STAC, NOP3 = b"\xfc", b"\x0f\x01\xca", b"\x0f\x01\xcb", b"\x0f\x1f\x00"


class Copy:
    """An image that can be written to at virtual addresses."""

    def __init__(self, path, folder):
        self.image = check_image.Image(path)
        self.data = bytearray(self.image.data)
        self.names = symbols(path)
        self.path = folder / path.name

    def at(self, place, offset=0):
        """Where the byte at a symbol or an address stands in the file."""
        address = (self.names[place] if isinstance(place, str) else place) + offset
        s = next(s for s in self.image.loads if s["vaddr"] <= address < s["vaddr"] + s["filesz"])
        return s["offset"] + address - s["vaddr"]

    def put(self, place, new, old=None, offset=0):
        """Write @new; @old, if given, is what must stand there, else the first such bytes behind."""
        at = self.at(place, offset)
        if old is not None:
            at = self.data.index(old, at)
            assert len(old) == len(new)
        self.data[at:at + len(new)] = new

    def header(self, index, field, value):
        """A field of a program header: 4 = p_flags, 16 = p_vaddr."""
        start, = struct.unpack_from("<Q", self.data, 32)
        struct.pack_into("<I" if field == 4 else "<Q", self.data, start + 56 * index + field, value)

    def complaints(self):
        self.path.write_bytes(self.data)
        image = check_image.Image(self.path)
        kernels = [image] if self.names.get("kernel_main") else [check_image.Image(KERNEL)]
        programs = [] if image in kernels else [image]
        return [text for path, text in check_image.audit(kernels, programs, programs) if path == self.path]


@pytest.fixture
def kernel(tmp_path):
    return Copy(KERNEL, tmp_path)


@pytest.fixture
def shell(tmp_path):
    return Copy(SHELL, tmp_path)


def only(copy, pattern):
    """The one complaint about @copy is @pattern."""
    said = copy.complaints()
    assert len(said) == 1 and re.search(pattern, said[0]), said


def test_as_they_are_nothing_is_wrong(kernel, shell):
    assert kernel.complaints() == [] and shell.complaints() == []


@pytest.mark.parametrize("path", ["isr_common", "isr_page_fault", "isr_int80", "isr_ist"])
@pytest.mark.parametrize("name, old, new", [("cld", CLD, b"\x90"), ("clac", CLAC, NOP3)])
def test_an_entry_path_without(kernel, path, name, old, new):
    kernel.put(path, new, old)
    # Registers, cld, clac, in this order: what follows the gap is not looked at any more.
    said = kernel.complaints()
    assert f"{path}: no {name} behind the saving of registers" in said and all(path in text for text in said)


def test_a_vector_that_goes_elsewhere(kernel):
    kernel.put("isr_stub_200", b"\x90\xcf", offset=0)  # nop; iretq begins
    assert any("isr_stub_200 does more than push and jump" in text for text in kernel.complaints())


@pytest.mark.parametrize("flag", [0x100, 0x200, 0x400, 0x1000, 0x4000, 0x10000, 0x40000])
def test_a_flag_missing_from_the_mask(kernel, flag):
    value = struct.pack("<I", 0x57700)
    kernel.put("cpu_init", struct.pack("<I", 0x57700 & ~flag), value)
    only(kernel, rf"lets through flags {flag:#x}")


def test_an_open_window_elsewhere(kernel):
    kernel.put("pmm_alloc_frame", STAC)
    assert any("pmm_alloc_frame uses stac" in text for text in kernel.complaints())


def test_a_closing_of_the_window_elsewhere(kernel):
    kernel.put("pmm_alloc_frame", CLAC)
    assert any("pmm_alloc_frame uses clac" in text for text in kernel.complaints())


@pytest.mark.parametrize("place", ["usercopy_raw", "usercopy_raw.fault_words"])
def test_a_copy_that_returns_with_the_window_open(kernel, place):
    kernel.put(place, NOP3, CLAC)
    only(kernel, "returns with the window open")


def test_a_guard_that_is_not_random(kernel):
    """A constant where the call of cpu_random was."""
    kernel.put("stack_guard_init", b"\xb8\x00\x11\x22\x33", offset=4)  # mov eax, constant
    only(kernel, "does not fill the guard from cpu_random")


def test_a_guard_that_nobody_sets(kernel):
    text = subprocess.run(["objdump", "-d", "--no-show-raw-insn", str(KERNEL)], capture_output=True, text=True, check=True).stdout
    call = int(re.search(r"^([0-9a-f]+):\tcall.*<stack_guard_init>", text, re.MULTILINE)[1], 16)
    kernel.put(call, b"\x0f\x1f\x44\x00\x00")
    only(kernel, "nobody calls stack_guard_init")


@pytest.mark.parametrize("code, name", [(b"\x0f\x57\xc0", "xorps"), (b"\xd9\xc0\x90", "fld"), (b"\x0f\x6e\xc0", "movd"),
                                        (b"\x0f\xae\x10", "ldmxcsr"), (b"\x0f\xae\x00", "fxsave"), (b"\x0f\x77\x90", "emms")])
def test_a_vector_register_in_ring_0(kernel, code, name):
    kernel.put("pmm_alloc_frame", code)
    only(kernel, f"pmm_alloc_frame uses the FPU: {name}")


def test_a_segment_that_is_writable_and_executable(kernel, shell):
    kernel.header(2, 4, 7)
    assert any("writable and executable" in text for text in kernel.complaints())
    shell.header(0, 4, 7)
    only(shell, "writable and executable")


def test_two_segments_in_a_page(shell):
    shell.header(1, 16, shell.image.loads[0]["vaddr"] + 0x100)
    assert any("share a page" in text for text in shell.complaints())


def test_a_program_that_cannot_stand_anywhere(shell):
    """A relocation of text, one that is no address, a demand to write to text; then not even
    the type."""
    start, = struct.unpack_from("<Q", shell.data, shell.at("image_layout", 8))
    first = shell.data[shell.at(start):shell.at(start) + 24]
    shell.put(start, struct.pack("<Q", 0x10))
    only(shell, "relocation at 0x10 is outside the data")
    shell.put(start, first[:8] + struct.pack("<Q", 1))
    only(shell, "is of kind 0x1")
    shell.put(start, first)
    section = next(s for s in shell.image.segments if s["type"] == check_image.PT_DYNAMIC)
    shell.put(section["vaddr"], struct.pack("<QQ", check_image.DT_TEXTREL, 0))
    only(shell, "wants its text relocated")
    shell.data[16] = 2
    only(shell, "is not position independent")


def test_an_executable_stack(shell):
    index = next(i for i, s in enumerate(shell.image.segments) if s["type"] == check_image.PT_GNU_STACK)
    shell.header(index, 4, 7)
    only(shell, "executable stack")


def test_a_kernel_address_in_a_program(shell):
    """As a constant, and as an operand."""
    shell.put(shell.image.loads[1]["vaddr"] + 0x100, struct.pack("<Q", symbols(KERNEL)["kernel_main"]))
    only(shell, "holds the kernel address")
    shell.put("main", b"\x48\xb8" + struct.pack("<Q", 0xFFFF888000123000))  # mov rax, constant
    assert any("main names the kernel address 0xffff888000123000" in text for text in shell.complaints())


def test_a_name_of_the_kernel_in_a_program(shell):
    spoiled = shell.path
    spoiled.write_bytes(shell.data)
    subprocess.run(["objcopy", "--redefine-sym", "main=pmm_free_frame", str(spoiled)], check=True)
    said = [text for _, text in check_image.audit([check_image.Image(KERNEL)], [check_image.Image(spoiled)], [])]
    assert said == ["defines pmm_free_frame, a name of the kernel"]
