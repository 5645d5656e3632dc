# SPDX-License-Identifier: MIT
"""Claim: nothing that can be typed harms the shell (row H113 of the table of hostile tests).
Method: type it, clear the line with ^U, and ask for an echo that the echo of the typing
itself cannot be mistaken for."""
import os
import random

import pytest

from hostile import *  # noqa: F403
from hostile import SOAK, arena  # noqa: F401

CTRL_C, CTRL_D, CTRL_U = b"\x03", b"\x04", b"\x15"
KEYS = [b"\x1b[A", b"\x1b[B", b"\x1b[C", b"\x1b[D", b"\x1b[H", b"\x1b[F", b"\x1b[3~", b"\x1bOA", b"\x1b[", b"\x1b",
        b"\x1b[999;999H", b"\x1b]0;x\x07", b"\x7f", b"\x08", b"\x01", b"\x05", b"\x0b", b"\x17", b"\x0c", b"\t"]


def still_answers(machine, mark):
    """Whether the shell reads a line and runs it, after all that came before it."""
    machine.send(CTRL_U + b"\r")
    machine.send(f"echo li''ves{mark}\r")
    machine.expect(rf"^lives{mark}\r?$", timeout=60)
    machine.prompt()


@pytest.mark.parametrize("name, data", [
    ("nul", b"\0" * 5000),
    ("all-ones", b"\xff" * 5000),
    ("escape", b"\x1b" * 5000),
    ("backspace", b"\x7f\x08" * 5000),
    ("backspace-after-text", b"x" * 300 + b"\x7f" * 5000),
    ("line-ends", b"\r\n\n\r\r\n" * 500),
    ("cr", b"\r" * 1000),
    ("lf", b"\n" * 1000),
    ("tab", b"\t" * 3000),
    ("interrupt", CTRL_C * 3000),
    ("end-of-file", CTRL_D * 500),
    ("kill-line", b"text" + CTRL_U * 3000),
    ("quotes", b"'\"\\" * 100 + b"\r"),
    ("ampersands", b"& && a & b\r" * 100),
    ("every-byte", bytes(b for b in range(256) for _ in range(8))),
    ("utf-8", "äöü€𝄞\u202e".encode() * 50 + b"\r"),
    ("many-words", b"echo " + b"a " * 250 + b"\r"),
    ("long-escape", b"\x1b[" + b"9;" * 3000 + b"m"),
    ("format", b"echo %s%n%x%p\r" * 20),
], ids=lambda value: value if isinstance(value, str) else "")
def test_h113_bytes(arena, name, data):
    machine = arena()
    machine.send(data)
    still_answers(machine, 1)


def test_h113_a_line_of_a_mebibyte(arena):
    """Far longer than a line may be: what does not fit is not taken, and the next line is read."""
    machine = arena()
    machine.send(b"x" * (1 << 20))
    still_answers(machine, 2)


def test_h113_random_bytes_and_keys(arena):
    """Random bytes, control characters and key sequences between commands that work; a failure
    prints the seed, SECOS_SEED repeats it."""
    seed = int(os.environ.get("SECOS_SEED", random.randrange(1 << 32)))
    print(f"seed {seed}")
    rng = random.Random(seed)
    machine = arena()
    for round in range(20 * SOAK):
        parts = [rng.choice([bytes([rng.randrange(256)]), rng.choice(KEYS), b"mem", b"echo ", b"\r"])
                 for _ in range(rng.randrange(300))]
        machine.send(b"".join(parts))
        still_answers(machine, round + 10)


def test_h113_typing_while_a_program_runs(arena):
    """What is typed while a program has the console is its own; ^C gets through all of it, and
    what nobody had read by then is never typed at the shell."""
    machine = arena("hog", "lines")
    machine.send("run hog\r")
    machine.expect("spinning")
    machine.send(b"echo wai''ted\r" + b"y" * 700)  # more than a kilobyte would hold back ^C
    machine.send(CTRL_C)
    machine.expect("hog: killed", timeout=60)
    still_answers(machine, 3)
    assert not machine.seen("waited")
    machine.send("run lines\r")
    machine.expect("ends")
    machine.send(b"one\r" + b"z" * 700 + b"\r\0\xff\x1b[A\r")
    machine.send(CTRL_C)
    machine.expect("lines: killed", timeout=60)
    still_answers(machine, 4)
