# SPDX-License-Identifier: MIT
"""Claim: the kernels that watch themselves do, and find nothing; and whichever
allocation of the kernel fails, the machine goes on and every frame comes back (H65).
Method: `make sanitize` builds them (tests/check/build.mk) and runs this file, and
then the other tests on each of them."""
import re

import pytest
from machine import BUILD, default_modules

UBSAN = BUILD / "ubsan/kernel.elf"  # with fail=sweep
KASAN = BUILD / "kasan/kernel.elf"
GUESTS = BUILD / "guests"


def needs(kernel):
    return pytest.mark.skipif(not kernel.exists(), reason=f"no {kernel}: make sanitize")


@needs(UBSAN)
@pytest.mark.parametrize("mistake, words", [
    ("shift", "shift beyond the width"), ("index", "index outside of the array"),
    ("overflow", "signed addition overflows"), ("align", "misaligned pointer")])
def test_undefined_behaviour_ends_in_a_panic(start, mistake, words):
    start(kernel=UBSAN, options=f"test check={mistake}").expect(
        rf"PANIC: ubsan: tests/check/selftest\.c:\d+:\d+: {words}")


@needs(KASAN)
@pytest.mark.parametrize("mistake, words", [
    ("heap-after", "read of 1 bytes .* just behind a block"),
    ("heap-freed", "read of 1 bytes .* (a free frame|a heap block that was freed)"),
    ("large-after", "read of 1 bytes .* heap memory that nobody asked for"),
    ("frame-freed", "write of 1 bytes .* a free frame"),
    ("memset", "write of 51 bytes .* just behind a block"),
    ("global", "read of 1 bytes .* just behind a block")])
def test_memory_that_nobody_owns_ends_in_a_panic(start, mistake, words):
    start(kernel=KASAN, options=f"test check={mistake}").expect(f"PANIC: kasan: {words}")


@needs(UBSAN)
@pytest.mark.parametrize("program, least", [("hello", 20), ("faultdemo", 30), ("allocs", 70)])
def test_h65_whichever_allocation_fails_nothing_is_lost(boot, program, least):
    """Run @program with its 1st, 2nd, ... kernel allocation failing, until it needs
    no more; frames by kind are compared each time."""
    machine = boot(kernel=UBSAN, options="test fail=sweep",
                   modules=default_modules() + [GUESTS / "allocs.elf", GUESTS / "null.elf"])
    before = machine.settled_frames()
    for number in range(1, 1000):
        said = machine.command(f"run {program}")
        assert machine.settled_frames() == before, f"allocation {number}: {said}"
        done = re.search(r"fail: done after (\d+) allocations", said)
        if done:
            break
        assert f"fail: allocation {number} " in said
    assert int(done[1]) == number - 1 >= least
    assert "vmcheck: every rule holds" in machine.command("vmcheck")
