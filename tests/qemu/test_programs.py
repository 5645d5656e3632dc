# SPDX-License-Identifier: MIT
"""Claim: programs that end well or badly leave the shell, and every frame, alone.
Method: run each shipped program; the fixture compares the frames afterwards."""
import re

import pytest


def test_hello_says_hello(machine):
    text = machine.command("run hello")
    assert "Hello from ring 3!" in text and "hello: exit 0" in text


def test_each_page_faults_exactly_once(machine):
    text = machine.command("run faultdemo")
    rows = re.findall(r"(?:read|write)\s+page (\d): (\d) faults?, page was (\w+)", text)
    assert len(rows) == 8
    for page in range(4):
        mine = [(faults, was) for number, faults, was in rows if int(number) == page]
        assert mine == [("1", "filled"), ("0", "there")]
    assert "Every new page was zero." in text


def test_writing_to_code_ends_the_program_only(machine):
    text = machine.command("run wx")
    assert "vector 14, error 0x7" in text
    assert "Hello" in machine.command("run hello")


def test_stack_overflow_meets_the_guard_page(machine):
    text = machine.command("run overflow")
    assert "vector 14, error 0x6" in text and "guard" in text
    assert "Hello" in machine.command("run hello")


def test_a_hog_does_not_keep_the_shell_from_answering(machine):
    text = machine.command("run hog &")
    pid = re.search(r"\[(\d+)\] hog", text)[1]
    assert "Hello" in machine.command("run hello", timeout=10)
    assert re.search(rf"^\s*{pid} .* hog$", machine.command("ps"), re.MULTILINE)
    machine.command(f"kill {pid}")
    rows = machine.processes()  # the shell tells of an end before its next prompt
    assert machine.seen("hog: killed") and "hog" not in [row["name"] for row in rows]


def test_interrupt_ends_the_foreground_program(machine):
    machine.send("run hog\r")
    machine.expect("hog: spinning")
    machine.send("\x03")
    machine.prompt(timeout=5)
    assert " hog" not in machine.command("ps")


@pytest.mark.parametrize("name", ["hello", "wx", "overflow"])
def test_a_hundred_runs_lose_no_frame(machine, name):
    before = machine.settled_frames()
    for _ in range(100):
        machine.command(f"run {name}")
    assert machine.settled_frames() == before
    assert "every rule holds" in machine.command("vmcheck")


def test_elfload_loads_and_unloads(machine):
    before = machine.settled_frames()
    for _ in range(20):
        assert "unloaded" in machine.command("elfload hello")
    assert machine.settled_frames() == before


def test_a_killed_pager_comes_back_and_the_shell_does_not_notice(machine):
    machine.command("memtest")
    machine.command("pager kill")
    assert "[FAIL]" not in machine.command("memtest")
    assert re.search(r"restarts\s+1\b", machine.command("pager"))


def test_pager_in_the_kernel_runs_the_same_programs(boot):
    machine = boot(options="pager=kernel")
    assert "[FAIL]" not in machine.command("memtest")
    assert "Every new page was zero." in machine.command("run faultdemo")
