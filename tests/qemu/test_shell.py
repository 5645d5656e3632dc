# SPDX-License-Identifier: MIT
"""Claim: the shell prints the two fixed outputs, with figures that are real.
Method: compare with the exact form; check the arithmetic; use the memory."""
import re

MEM = """
  Total memory:     (\\d+) MB
  Used memory:      (\\d+) MB
  Free memory:      (\\d+) MB

=== Heap Statistics ===
Allocated:  (\\d+) bytes
Freed:      (\\d+) bytes
In use:     (\\d+) bytes
"""

MEMTEST = """
Memory allocation test...
Test 1: Allocating 5 blocks of 1KB...
  [OK] Block 1 allocated
  [OK] Block 2 allocated
  [OK] Block 3 allocated
  [OK] Block 4 allocated
  [OK] Block 5 allocated
Test 2: Freeing blocks...
  [OK] Block 1 freed
  [OK] Block 2 freed
  [OK] Block 3 freed
  [OK] Block 4 freed
  [OK] Block 5 freed
"""


def test_mem_prints_the_agreed_form(machine):
    match = re.fullmatch(MEM + "\\s*", machine.command("mem"))
    assert match
    total, used, free, allocated, freed, in_use = map(int, match.groups())
    assert total == 128 and used == total - free
    assert allocated - freed == in_use


def test_mem_free_is_what_frames_says(machine):
    free_mb = int(re.search(r"Free memory:\s+(\d+)", machine.command("mem"))[1])
    assert free_mb == machine.frames()["free"] * 4096 >> 20


def test_memtest_prints_the_agreed_form(machine):
    text = machine.command("memtest")
    assert text.startswith(MEMTEST)
    assert text.rstrip().endswith("Test completed!")
    assert "[FAIL]" not in text
    assert machine.command("echo $?").strip() == "0"


def test_memtest_makes_the_pager_work(machine):
    def served():
        return int(re.search(r"faults served\s+(\d+)", machine.command("pager"))[1])

    before = served()
    machine.command("memtest")
    assert served() - before >= 256, "a block of 1 MiB has 256 pages"


def test_frames_are_conserved_and_sum_up(machine):
    text = machine.command("frames")
    assert "conserved: yes" in text
    frames = machine.frames()
    kinds = {k: n for k, n in frames.items() if k not in ("sum", "total", "pooled")}
    assert sum(kinds.values()) == frames["sum"] == frames["total"]


def test_frames_why_tells_owner_and_place_of_a_private_frame(machine):
    """A page of the shell's data: translate finds its frame, and the frame finds the page."""
    base = int(re.search(r"^ +(\w+)-\w+ rw-/rw- .* image", machine.command("regions"), re.MULTILINE)[1], 16)
    frame = re.search(r"-> frame (0x\w+), rw-, user", machine.command(f"translate {base:#x}"))[1]
    for address in (frame, hex(int(frame, 16) + 0xfff)):
        text = machine.command(f"frames why {address}")
        found = re.search(rf"^frame {frame}, 4 KB: user, process (\d+) \(shell\)\r?\n"
                          rf"  at {base:#x} of process (\d+) \(shell\), rw-", text, re.MULTILINE)
        assert found and found[1] == found[2], text


def test_frames_why_counts_who_shows_a_module(machine):
    """The shell's text is its module's frames; while a program runs, its text has one more user."""
    frame = re.search(r"-> frame (0x\w+), r-x, module", machine.command(f"translate {machine.image_base(2):#x}"))[1]
    assert "shown by 1 user pages" in machine.command(f"frames why {frame}")


def test_frames_why_answers_for_every_frame(machine):
    """One frame in 509 over the whole machine: each has an owner; beyond RAM there is none."""
    kinds, total = set(), machine.frames()["total"]
    for number in range(0, total, 509):
        text = machine.command(f"frames why {number << 12:#x}")
        found = re.match(rf"frame {number << 12:#x}, 4 KB: ([a-z ]+)", text)
        assert found, text
        kinds.add(found[1].strip())
    assert {"reserved", "free"} <= kinds
    assert "no RAM there" in machine.command(f"frames why {total << 12:#x}")
    assert machine.command("echo $?").strip() == "1"
    assert machine.command("frames why").startswith("usage: frames")
    assert machine.command("frames why 12x").startswith("usage: frames")


def test_memstress_holds_and_repeats_itself(machine):
    """Everything good, all memory back, and the same seed gives the same run."""
    before = machine.frames()
    first = machine.command("memstress 42", timeout=120)
    assert "seed 42..." in first and first.count("[OK]") == 6 and "[FAIL]" not in first
    assert machine.command("echo $?").strip() == "0"
    assert machine.command("memstress 42", timeout=120) == first
    assert machine.frames()["free"] == before["free"]


def test_vmcheck_finds_every_rule_kept(machine):
    assert "vmcheck: every rule holds" in machine.command("vmcheck")


def test_help_lists_every_command_once(machine):
    names = re.findall(r"^  (\w+) ", machine.command("help"), re.MULTILINE)
    wanted = ("help clear echo info uptime sleep mem memtest memstress heap ps run elfload kill regions translate "
              "frames vmcheck syscalls pager reboot poweroff").split()
    assert len(names) == len(set(names)) and set(wanted) <= set(names)


def test_unknown_command_is_named(machine):
    assert "nonsense" in machine.command("nonsense")


def test_line_editing(machine):
    machine.send("echo wrx\x7fong\x15echo rigt\x08ht\r")
    machine.expect("\n")
    assert machine.prompt().strip() == "right"


def test_history_gives_the_last_line_again(machine):
    machine.command("echo once")
    machine.send("\x1b[A\r")
    machine.expect("\n")
    assert machine.prompt().strip() == "once"


def test_poweroff_tells_the_test_port(machine):
    machine.send("poweroff 5\r")
    assert machine.verdict() == 5


def test_poweroff_with_a_code_says_what_it_wants(machine, boot):
    for wrong in ("256", "-1", "x", "1 2"):
        said = machine.command(f"poweroff {wrong}")
        assert "0 to 255" in said and "usage: poweroff [CODE]" in said, said
    said = boot(test_exit=False).command("poweroff 3")
    assert "test machines only" in said and "no such device" in said, said


def test_mistakes_are_told_by_the_command_that_was_typed(machine):
    assert machine.command("elfload nosuch").startswith("elfload: no module called nosuch")
    assert machine.command("run nosuch").startswith("run: no module called nosuch")
    assert machine.command("regions 99").startswith("regions: ")
    for name in ("info", "clear", "uptime"):
        assert machine.command(f"{name} now") == f"usage: {name}\n"
    assert machine.command("help info").startswith("info\n")
    assert "entry 0x0 as linked" in machine.command("elfload hello")


def test_a_pager_that_does_not_run_is_named(boot):
    machine = boot(options="pager-restarts=1", icount=True)
    machine.command("pager kill")
    machine.command("pager kill")
    for word in ("kill", "restart"):
        assert machine.command(f"pager {word}").startswith("pager: none runs at the moment")
    machine.command("sleep 11")


def test_reboot_ends_this_machine(machine):
    machine.send("reboot\r")
    assert machine.exit_code() == 0  # -no-reboot
