# SPDX-License-Identifier: MIT
"""Claim: the memory managers cost what docs/frames.md and docs/heap.md say.
Method: the kernel's own objects run the fixed traces of tests/bench/traces.c in ring 0
and count instructions (`make bench` does the same under callgrind on the host). Counts
are exact, but another compiler makes other code: a tenth above the target is let pass."""
import sys

import pytest
from machine import BUILD, ROOT

sys.path.insert(0, str(ROOT / "tests/bench"))
import memory  # noqa: E402

pytestmark = pytest.mark.skipif(not (BUILD / "bench/kernel.elf").exists(), reason="make build/bench/kernel.elf")


@pytest.fixture(scope="module")
def rows():
    return memory.measure_kernel()


@pytest.mark.parametrize("name", ["pmm_seq", "pmm_churn50", "pmm_churn90", "pmm_churn99", "pmm_huge",
                                  "kmalloc_tight", "kmalloc_mixed"])
def test_an_allocation_and_its_free_cost_what_is_promised(rows, name):
    assert 10 < rows[f"{name}_kernel"]["instructions"] <= memory.TARGETS[name] * 1.1


def test_after_everything_is_freed_the_heap_holds_no_frame(rows):
    assert rows["heap_left_kernel"]["instructions"] == 0
