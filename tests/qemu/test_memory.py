# SPDX-License-Identifier: MIT
"""Claim: what the shell says about memory is true and agrees with itself, from 16 MiB
to 16 GiB; start-up grows far slower than RAM.
Method: the commands' figures against each other, against QEMU's own copy of RAM, and
against what the machine was given."""
import pathlib
import re
import struct
import sys

import pytest
from machine import BUILD, ROOT

sys.path.insert(0, str(ROOT / "tests/bench"))
import growth  # noqa: E402

SIZES = [16, 17, 32, 128, 1024, 3584, 4096, 8192, 16384]  # 17: no whole number of blocks; 3584: up to the hole
KINDS = ("reserved", "free", "kernel image", "page table", "kernel heap", "kernel stack", "user", "shared",
         "module", "dma")


def mem(machine, option=""):
    """(total, used, free) in MB, then the heap's three figures, then the rest."""
    text = machine.command(f"mem {option}".strip())
    figures = [int(n) for n in re.findall(r":\s+(\d+) (?:MB|bytes)", text)]
    assert len(figures) == 6, text
    return figures, text


def heap(machine):
    """{"in use": (kernel's, shell's), ...} in bytes."""
    rows = re.findall(r"^(\w[\w ]*?)\s+(\d+)\s+(\d+) bytes", machine.command("heap"), re.MULTILINE)
    return {name: (int(kernel), int(shell)) for name, kernel, shell in rows}


@pytest.mark.parametrize("memory", SIZES)
def test_memory_commands_agree(boot, memory):
    machine = boot(memory=memory)
    (total, used, free, allocated, freed, in_use), text = mem(machine, "-v")
    frames = machine.frames()
    assert total == memory and used == total - free
    assert allocated - freed == in_use == heap(machine)["in use"][0]
    assert free == frames["free"] * 4096 >> 20
    assert sum(frames[kind] for kind in KINDS) == frames["sum"] == frames["total"]
    told = {kind: int(n) for kind, n in re.findall(r"^  (\w[\w ]*?)\s+(\d+) frames", text, re.MULTILINE)}
    assert told.keys() == set(KINDS)
    assert all(told[kind] == frames[kind] for kind in ("reserved", "kernel image", "module", "dma"))
    # RAM is what is not reserved, but for the firmware's part of the first MiB and its tables at the top.
    usable = frames["total"] - frames["reserved"]
    assert memory * 256 - 0x100000 // 4096 <= usable <= memory * 256
    audit = machine.command("vmcheck")
    assert "vmcheck: every rule holds" in audit
    assert re.match(rf"{frames['total']} frames ", audit)


@pytest.mark.parametrize("memory", [16, 128, 4096, 16384])
def test_memtest_fills_and_gives_back(boot, memory):
    machine = boot(memory=memory)
    before = machine.settled_frames()
    for _ in range(3):
        text = machine.command("memtest")
        assert text.rstrip().endswith("Test completed!") and "[FAIL]" not in text
        assert machine.settled_frames() == before
        assert heap(machine)["in use"][1] == 0 == heap(machine)["held"][1], "the shell's heap is empty again"


def test_the_kernel_heap_holds_what_its_frames_say(boot):
    machine = boot()
    held = heap(machine)["held"][0]
    assert held == machine.frames()["kernel heap"] * 4096
    assert heap(machine)["in use"][0] <= held


def test_regions_count_the_pages_that_ps_bills(boot):
    machine = boot()
    for row in machine.processes():
        table = machine.command(f"regions {row['pid']}")
        regions = re.findall(r"^  ([0-9a-f]+)-([0-9a-f]+) (\S+)\s+(\d+)\s+(\d+)", table, re.MULTILINE)
        assert len(regions) == int(row["regions"])
        for start, end, rights, pages, present in regions:
            assert int(end, 16) - int(start, 16) == int(pages) * 4096
            assert int(present) <= int(pages)
            assert not ("w" in rights.split("/")[0] and "x" in rights.split("/")[0])
        assert sum(int(r[4]) for r in regions) * 4 == int(row["kb"])


def segments(path):
    """(vaddr, bytes of the file) of the loadable segments of an ELF file."""
    data = pathlib.Path(path).read_bytes()
    offset, count = struct.unpack_from("<Q", data, 32)[0], struct.unpack_from("<H", data, 56)[0]
    for i in range(count):
        kind, _, at, vaddr, _, size = struct.unpack_from("<IIQQQQ", data, offset + 56 * i)
        if kind == 1:
            yield vaddr, data[at:at + size]


def test_translate_tells_the_frame_that_holds_the_page(boot):
    """The shell's own text, page by page, read from the frame that it names."""
    machine = boot()
    vaddr, content = next(segments(BUILD / "servers/shell.elf"))
    vaddr += machine.image_base(2)
    for offset in range(0, len(content) & ~4095, 4096):
        said = machine.command(f"translate {vaddr + offset:#x}")
        frame = re.search(r"-> frame (0x[0-9a-f]+), r-x, module, page of 4 KB", said)
        assert frame, said
        assert machine.qmp.physical_memory(int(frame[1], 16), 4096) == content[offset:offset + 4096]
    for address in (0x10000, 0x7fffffffe000):
        assert "nothing is mapped" in machine.command(f"translate {address:#x}")
    for kernel in (0xffffffff80107000, 0xffff888000000000, 0x800000000000):
        assert "-> frame" not in machine.command(f"translate {kernel:#x}"), "ring 3 learns nothing of the kernel"


def test_start_up_grows_far_slower_than_ram():
    """1024 times the RAM: less than 64 times the instructions to the prompt. What
    grows is two instructions for each frame, to write the frame table."""
    rows = growth.measure([16, 16384])
    small, large = rows
    frames = large["frames"] - small["frames"]
    assert large["instructions"] < 64 * small["instructions"]
    assert (large["instructions"] - small["instructions"]) / frames < 2.5
