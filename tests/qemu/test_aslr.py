# SPDX-License-Identifier: MIT
"""Claim: image, stack, heap and regions of each process stand where chance puts them, each
in its own area, independently, anew for each process and each boot, with RDRAND or without;
each run costs the same frames; `aslr=off` gives the same places always.
Method: the guest `where` says what it finds; run again and again, every bit of an address
must take both values. How many places there are is counted by tests/host/test_place.c."""
import re
import subprocess

import elf_make
from hostile import *  # noqa: F403
from hostile import arena, claims, guest, modules, pytest  # noqa: F401
from machine import ROOT

RUNS = 64
WORDS = ("image", "stack", "map", "heap")
AREAS = {"image": (0x400000, 1 << 44), "map": (1 << 44, 1 << 45), "heap": (1 << 45, (1 << 45) + (1 << 44) + (1 << 22)),
         "stack": (0x7 << 44, 0x7FFFFFFF0000 + 1)}
FIXED = {"image": 0x400000, "stack": 0x7FFFFFFF0000, "map": 1 << 44, "base": 1 << 45}
NO_RDRAND = "max,-rdrand"


def where(machine):
    """What one run of `where` finds: {word: number}, with its two random words."""
    text = machine.command("run where")
    found = {word: int(number, 16) for word, number in re.findall(r"\b(\w+) 0x([0-9a-f]+)", text)}
    first, second = re.search(r"random 0x(\w+) 0x(\w+)", text).groups()
    return {**found, "random": (int(first, 16), int(second, 16))}


def test_every_run_stands_elsewhere_and_every_bit_counts(arena):
    """64 runs: no place twice; each of the 23 bits that say which 2 MiB is 0 in one run and 1 in
    another, so are the 9 bits of image and stack below (which are not all free: at least 6
    of them change), and those of heap and regions never. Wrong once in 2^58 times."""
    machine = arena("where")
    runs = [where(machine) for _ in range(RUNS)]
    for word in WORDS:
        places = [run[word] for run in runs]
        low, high = AREAS[word]
        assert all(low <= place < high for place in places), word
        assert len(set(places)) == RUNS, f"{word}: a place came twice"
        both = set(range(64))
        for bit in range(64):
            if len({place >> bit & 1 for place in places}) == 1:
                both.discard(bit)
        assert set(range(21, 44)) <= both, f"{word}: bits that never change: {sorted(set(range(21, 44)) - both)}"
        below = {bit for bit in both if 12 <= bit < 21}
        assert len(below) >= 6 if word in ("image", "stack") else not below, word
    assert len({word for run in runs for word in run["random"]}) == 2 * RUNS
    differences = {run["heap"] - run["map"] for run in runs} | {run["stack"] - run["image"] for run in runs}
    assert len(differences) == 2 * RUNS, "one tells of another"


@pytest.mark.parametrize("cpu", ["max", NO_RDRAND])
def test_every_boot_stands_elsewhere(boot, cpu):
    machines = [boot(modules=modules("where"), cpu=cpu) for _ in range(3)]
    for machine in machines:
        assert machine.seen("random: no RDRAND: seeded by clocks, which can be guessed") == (cpu == NO_RDRAND)
    for pid in (1, 2):  # pager and shell
        assert len({machine.image_base(pid) for machine in machines}) == 3
    runs = [where(machine) for machine in machines for _ in range(4)]
    assert all(len({run[word] for run in runs}) == 12 for word in (*WORDS, "random"))


def test_without_rdrand_it_is_the_clocks_and_no_more(boot):
    """What docs/security.md says of the fallback: a machine that starts at the same time and
    runs the same instructions has the same places."""
    machines = [boot(modules=modules("where"), cpu=NO_RDRAND, icount=True,
                     extra=["-rtc", f"base={date}T12:00:00,clock=vm"]) for date in ("2020-02-02", "2020-02-02", "2020-02-03")]
    first, same, later = ([machine.image_base(pid) for pid in (1, 2)] for machine in machines)
    assert first == same
    assert not set(first) & set(later), "the battery clock counts"


@pytest.mark.parametrize("options", ["aslr=off", "aslr=off pager=self"])
def test_switched_off_it_is_always_the_same(boot, options):
    for _ in range(2):
        machine = boot(modules=modules("where"), options=options)
        assert {machine.image_base(pid) for pid in (1, 2)} == {0x400000}
        for _ in range(2):
            run = where(machine)
            assert {word: run[word] for word in FIXED} == FIXED
            assert FIXED["base"] <= run["heap"] < FIXED["base"] + (1 << 21)
            assert run["random"][0] != run["random"][1]


def test_a_run_costs_the_same_frames_wherever_it_stands(arena):
    machine = arena("hog")
    costs = set()
    for _ in range(24):
        machine.send("run hog &\r")
        pid = machine.expect(r"\[(\d+)\] hog")[1]
        machine.expect(r"spinning[^\n]*\n")
        row = next(row for row in machine.processes() if row["pid"] == pid)
        costs.add((row["regions"], row["kb"], row["tables"]))
        machine.command(f"kill {pid}")
    assert len(costs) == 1, costs


def test_what_is_linked_to_a_place_stands_there(arena, tmp_path):
    (tmp_path / "fixed.elf").write_bytes(elf_make.VARIANTS["good"].build())
    (tmp_path / "pie.elf").write_bytes(elf_make.VARIANTS["good-pie"].build())
    machine = arena(tmp_path / "fixed.elf", tmp_path / "pie.elf")
    places = {name: [re.search(r"^ +([0-9a-f]{12})-\S+ r--/r-- ", machine.command(f"elfload {name}"), re.MULTILINE)[1]
                     for _ in range(8)] for name in ("fixed", "pie")}
    assert set(places["fixed"]) == {"000000400000"} and len(set(places["pie"])) == 8
    assert "fixed: exit 0" in machine.command("run fixed") and "pie: exit 0" in machine.command("run pie")


def test_aligned_images_keep_their_alignment(arena, tmp_path):
    names = {"good-pie-align-2m": 1 << 21, "good-pie-align-1g": 1 << 30}
    for number, name in enumerate(names):
        (tmp_path / f"a{number}.elf").write_bytes(elf_make.VARIANTS[name].build())
    machine = arena(tmp_path / "a0.elf", tmp_path / "a1.elf")
    for number, (name, align) in enumerate(names.items()):
        places = set()
        for _ in range(6):
            said = machine.command(f"elfload a{number}")
            places.add(int(re.search(r"^ +([0-9a-f]{12})-\S+ r--/r-- ", said, re.MULTILINE)[1], 16))
        assert len(places) > 1 and {place % align for place in places} == {0}
        assert f"a{number}: exit 0" in machine.command(f"run a{number}")


def test_every_hole_is_found(arena):
    """Above the base that chance chose, then below it."""
    claims(arena("where"), "run where fill", 5)


def test_a_program_of_the_c_library_stands_elsewhere_too(tmp_path):
    (tmp_path / "own.c").write_text("""#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
int main(void)
{
    int here = 0;
    printf("%p %p %p %p %p\\n", (void *)main, (void *)&here, malloc(100), sbrk(0),
           mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}
""")
    subprocess.run([ROOT / "tools/secos-cc", "-w", "own.c", "-o", "own.elf"], cwd=tmp_path, check=True)

    def runs(*words):
        return [subprocess.run([ROOT / "tools/secos-run", *words, tmp_path / "own.elf"], stdin=subprocess.DEVNULL,
                               capture_output=True, text=True, timeout=120).stdout.split() for _ in range(2)]
    first, second = runs()
    assert len(first) == 5 and all(a != b for a, b in zip(first, second))
    first, second = runs("--options", "aslr=off")
    assert first == second and len(first) == 5
