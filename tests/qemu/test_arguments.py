# SPDX-License-Identifier: MIT
"""Claim: no pointer that a program passes makes the kernel read or write what is not the
program's (rows H21-H35 of the table of hostile tests).
Method: the guest `pointers` passes every pointer argument every bad address; the rows that
are about regions are in the guest `syscalls` too."""
import pytest

from hostile import *  # noqa: F403
from hostile import arena, claims, gauntlet, killed  # noqa: F401


def test_h21_h22_h24_h25_h33_h35_bad_pointers(arena):
    """Twelve calls, 22 addresses each: kernel, physmap, holes, guards, the border of the
    canonical half, sums that wrap; then .text, .rodata and read-only pages to write to; then
    every alignment."""
    claims(arena("pointers", "hello"), "run pointers bad", 60)


def test_h23_h28_buffers_across_the_end_of_a_page(arena):
    """Every call with its buffer cut at every byte: EFAULT, or a count that is not too long."""
    claims(arena("pointers", "hello"), "run pointers cross", 20)


def test_h26_h27_lengths_and_alignments_that_wrap(arena):
    claims(arena("syscalls", "hello"), "run syscalls memory", 120)


def test_h29_the_image_changes_while_it_is_loaded(arena):
    """A thread rewrites entry and address of a program while another spawns it: it runs whole
    or is refused."""
    claims(arena("pointers", "hello"), "run pointers changing", 4)


def test_h30_buffers_that_overlap(arena):
    """Arguments inside the request that names them, answers written where the question points,
    rows of regions into a region that is listed; messages whose registers are one number: what
    failed leaves none of it."""
    claims(arena("reuse", "status"), "run reuse buffers", 24)


@pytest.mark.parametrize("place", ["server", "kernel", "self"])
def test_h31_arguments_that_the_pager_has_still_to_bring(arena, place):
    """Both pages of every buffer missing: the answer is that of a buffer that is there, and the
    pages come. With pager=self a handler runs inside each of these calls."""
    claims(arena("pointers", "hello", options=f"pager={place}"), "run pointers missing", 39)


def test_h31_the_same_with_a_pager_that_dies(start):
    """The pager dies at the 30th fault of each of its lives: the calls restart all the same."""
    machine = start(modules=modules("pointers", "hello", pager="die-at=30"))
    machine.prompt(60)
    claims(machine, "run pointers missing", 39, timeout=100)
    assert not machine.seen(PANIC)
