# SPDX-License-Identifier: MIT
"""Claim: messages arrive whole and once, from whom the kernel says; a call to nobody, to
oneself or round in a circle is an error; whoever waits for a process that ends is woken
(rows H32, H67, H71, H76, H89-H94 of the table of hostile tests).
Method: the guest `talk` is client, server and both dying; frames are exact afterwards."""
import os
import random

from hostile import *  # noqa: F403
from hostile import SOAK, arena, claims, expect_times  # noqa: F401


def test_h76_h89_h90_h91_h92_messages(arena):
    """Registers arrive and come back; badges are stamped; bad handles, rights, deadlines,
    reply ids (never given, next generation, somebody else's, used) are refused; a handle
    moves with GRANT into an open slot, or nothing is delivered at all."""
    claims(arena("talk"), "run talk messages", 48)


def test_every_register_by_both_doors_and_both_ways(arena):
    """Caller and server by syscall and by int 0x80, on the direct path and off it: words and badge
    arrive, what is an output of nothing is zero, all else is as it was."""
    claims(arena("messages"), "run messages", 16)


def test_h89_death_on_either_side(arena):
    """A server that ends with the call in hand, one that closes its endpoint, one whose
    endpoint lives on while its memory does not; clients that end queued and served."""
    claims(arena("talk", memory=24), "run talk death", 23)


def test_h90_circles_of_calls(arena):
    """Of two, three and five processes; and of three, one of which became a server without ever
    waiting for a call."""
    claims(arena("talk"), "run talk cycle", 18)


def test_h90_a_server_of_several_threads(arena):
    """A call to a busy thread of one's own process is none to oneself, though the caller
    received there once; and it raises the thread that serves."""
    claims(arena("served"), "run served threads", 4)


def test_h90_a_circle_is_seen_whatever_copies_are_closed(arena):
    """A server closes a copy of the handle that it receives by, or all but a copy: a call back
    is still told. If it gives its last one away, the call waits for the heir."""
    claims(arena("served"), "run served copies", 25)


def test_who_changes_its_priority_keeps_what_callers_donate(arena):
    claims(arena("served", icount=True), "run served priority", 5)


def test_h71_message_storm(arena):
    """Twenty clients of eight priorities, 10,000 calls to one server; twice at once."""
    machine = arena("talk")
    machine.command("run talk storm &")
    claims(machine, "run talk storm", 2)
    expect_times(machine, "claims: 2, failed: 0", 2)


def test_h94_a_graph_of_processes_and_kills(arena):
    """Fifty processes call each other at random, serve and are killed at random instants: every
    call ends, none by its deadline. 1,000,000 calls with `make soak SOAK=50`; a failure prints the seed,
    SECOS_SEED repeats it."""
    seed = int(os.environ.get("SECOS_SEED", random.randrange(1, 1 << 32)))
    claims(arena("graph"), f"run graph 50 {20000 * SOAK} {seed}", 4, timeout=120 * SOAK)


def test_h67_killed_while_waiting(arena):
    """For a call, a message, a notification, time, its pager (by touch and in a system call),
    or not waiting at all; with a hundred notifications and two hundred handles."""
    claims(arena("talk"), "run talk ends", 81)


def test_h67_killed_while_waiting_for_a_child(arena):
    """The parent that waits is killed from the shell; the child lives on until it is too."""
    machine = arena("talk")
    machine.command("run talk block wait &")
    while sum(row["name"] == "talk" for row in machine.processes()) < 2:
        pass
    for row in machine.processes():
        if row["name"] == "talk":
            machine.command(f"kill {row['pid']}")
    assert "talk" not in [row["name"] for row in machine.processes()]


def test_h32_a_server_is_not_its_own_pager(arena):
    claims(arena("talk"), "run talk rank", 4)
