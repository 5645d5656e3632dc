# SPDX-License-Identifier: MIT
"""Claim: a program relocates itself, in its data and nowhere else, before anything else of it
runs; then what was only to be relocated is read-only for good. A list of relocations that
asks for more ends the program that brought it, with a line that says so, and nothing else.
Method: the shipped programs, and copies of them whose list of relocations is spoiled."""
import struct
import subprocess

from gdbstub import symbols
from hostile import *  # noqa: F403
from hostile import BUILD, PF, PRESENT, PROTECTION, USER, WRITE, arena, gauntlet, guest, killed, pytest  # noqa: F401
from machine import ROOT

RELATIVE, ABSOLUTE = 8, 1
U64 = 1 << 64

RESIDENT = """#include <stdio.h>
#include <libsecos/manifest.h>
SECOS_MANIFEST(1u << SYS_GROUP_IPC, 0, 0);
static const char *const words[] = { "one", "two", "three" };
static const char *const *volatile at = words;
int main(void)
{
    printf("the words: %s %s %s\\n", at[0], at[1], at[2]);
    return 7;
}
"""


class Program:
    """A copy of a guest, with its list of relocations."""

    def __init__(self, name):
        self.names = symbols(guest(name))
        self.data = bytearray(guest(name).read_bytes())
        self.layout = struct.unpack_from("<10Q", self.data, self.at(self.names["image_layout"]))
        self.here, self.rela, self.rela_end, self.data_start, self.relro_end, self.data_end = self.layout[:6]

    def at(self, address):
        """Where the byte at @address, as linked, stands in the file."""
        table, = struct.unpack_from("<Q", self.data, 32)
        for start in range(table, table + 56 * self.data[56], 56):
            kind, _, offset, vaddr, _, size, _, _ = struct.unpack_from("<IIQQQQQQ", self.data, start)
            if kind == 1 and vaddr <= address < vaddr + size:
                return offset + address - vaddr
        raise AssertionError(f"{address:#x} is not in the file")

    def relocate(self, index, offset, kind=RELATIVE, addend=0):
        struct.pack_into("<QQQ", self.data, self.at(self.rela) + 24 * index, offset % U64, kind, addend)

    def write(self, path):
        path.write_bytes(self.data)
        return path


def test_the_list_is_as_user_ld_says():
    program = Program("hello")
    assert program.here == program.names["image_layout"]
    assert program.data_start < program.relro_end <= program.data_end and program.data_start % 4096 == 0
    assert (program.rela_end - program.rela) % 24 == 0 and program.rela_end > program.rela
    for at in range(program.rela, program.rela_end, 24):
        offset, kind, _ = struct.unpack_from("<QQq", program.data, program.at(at))
        assert kind == RELATIVE and program.data_start <= offset <= program.data_end - 8


@pytest.mark.parametrize("what, kind", [("text", RELATIVE), ("constants", RELATIVE), ("before", RELATIVE), ("last", RELATIVE),
                                        ("bss", RELATIVE), ("kernel", RELATIVE), ("wraps", RELATIVE), ("data", ABSOLUTE)])
def test_a_relocation_outside_the_data_ends_the_program(arena, tmp_path, what, kind):
    program = Program("hello")
    program.relocate(0, {"text": 0x10, "constants": program.here, "before": program.data_start - 1,
                         "last": program.data_end - 7, "bss": program.names["_end"] - 8, "kernel": 0xFFFF888000000000,
                         "wraps": -4, "data": program.data_start}[what], kind)
    machine = arena(program.write(tmp_path / "spoilt.elf"), "hello")
    text = machine.command("run spoilt")
    assert "image: a relocation outside the data, or of another kind" in text and "spoilt: exit 127" in text
    assert "Hello" not in text and "Hello" in machine.command("run hello")


def test_the_last_word_of_the_data_may_be_relocated(arena, tmp_path):
    """One byte less than what is refused."""
    program = Program("hello")
    program.relocate(0, program.data_end - 8)
    machine = arena(program.write(tmp_path / "spoilt.elf"))
    assert "image:" not in machine.command("run spoilt")


def test_constants_with_addresses_are_read_only(arena):
    """Each page of them, first and last byte; the first byte behind may be written."""
    program = Program("attack")
    machine = arena("gauntlet", "attack")
    inside = [f"write:+{at:#x}" for page in range(program.data_start, program.relro_end, 4096)
              for at in (page, page + 4095)]
    behind = f"write:+{program.relro_end:#x}"
    ends = gauntlet(machine, "attack", *inside, behind)
    for spec in inside:
        killed(ends[spec], PF, error=PRESENT | WRITE | USER, reason=PROTECTION,
               address=ends[spec].image + int(spec.split("+")[1], 16))
    assert ends[behind].wait == 99, "data is data"


def test_a_resident_program_relocates_itself(start, tmp_path):
    """In the boot pager's place a program is loaded whole, and no fault of it is served."""
    (tmp_path / "pager.c").write_text(RESIDENT)
    pager = tmp_path / "pager.elf"
    subprocess.run([ROOT / "tools/secos-cc", "--bare", "pager.c", "-o", pager], cwd=tmp_path, check=True)
    machine = start(modules=[pager, BUILD / "servers/shell.elf"])
    machine.expect("the words: one two three\r\n")
    machine.expect(r"secos: pager ended \(exit 7\)")
    assert not machine.seen(r"pager \(process \d+\) ended: vector"), "it did not fault"


def test_text_that_wants_relocation_is_refused_by_the_linker(tmp_path):
    (tmp_path / "odd.asm").write_text("section .text\nglobal main\nmain: mov rax, [rel .p]\nret\n.p: dq main\n")
    done = subprocess.run([ROOT / "tools/secos-cc", "--bare", "odd.asm", "-o", "odd.elf"], cwd=tmp_path,
                          capture_output=True, text=True)
    assert done.returncode == 1 and "relocation" in done.stderr and not (tmp_path / "odd.elf").exists()
