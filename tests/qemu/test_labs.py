# SPDX-License-Identifier: MIT
"""Claim: each lab can be failed and can be solved: without what it takes away, its checker
fails and says why; with it, the checker passes. And a student's tree is not touched.
Method: lab prove for each; start one in a folder of the test, solve it with the functions
of this tree, and spoil it in ways that are harder to see."""
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LABS = sorted(p.name for p in (ROOT / "labs").glob("[0-9]*-*"))


def lab(*words, status=0, **environment):
    done = subprocess.run([sys.executable, str(ROOT / "tools/lab"), *map(str, words)], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=500, env={**os.environ, **environment})
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_there_are_eight():
    assert len(LABS) >= 8 and len(lab("list").splitlines()) == len(LABS)


@pytest.mark.parametrize("name", LABS)
def test_without_it_the_checker_fails_and_with_it_it_passes(name):
    said = lab("prove", name.split("-")[0])
    assert "NOT SOLVED" in said and re.search(r"solved \(seed 1: ", said)


# What a student may well write: (lab, file, what stands there, what he writes instead).
MISTAKES = [
    (1, "kernel/mm/pmm.c", "    pmm.count[word & KINDS_INDEX_MASK]--;\n    pmm_put(index);", "    pmm_put(index);"),
    (2, "kernel/arch/x86_64/paging.c", "        if (above != NULL) {\n            *above += PTE_COUNT_ONE;\n        }\n", ""),
    (3, "kernel/mm/region.c", "           && lower->prot == upper->prot && ", "           && "),
    (6, "kernel/mm/vmm_user.c", "            vmm_release_frame(&batch, page, old);\n", ""),
    (7, "kernel/mm/vmm_user.c", "            quota_uncharge(space->quota, charged - done);\n", ""),
    (8, "labs/8-lru/lru.c", "        *lru_find(lru, *victim) = lru->entry[at].chain;\n", ""),
]


@pytest.mark.parametrize("number, file, right, wrong", MISTAKES, ids=lambda value: value if isinstance(value, int) else "")
def test_a_copy_is_checked_and_a_small_mistake_is_found(number, file, right, wrong, tmp_path):
    text = (ROOT / file).read_text()
    if text.count(right) != 1:
        pytest.skip(f"{file} has changed: this mistake must be made anew")
    work = {"SECOS_LABS": str(tmp_path)}
    before = subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True).stdout
    assert "taken away" in lab("start", number, **work)
    assert "is there already" in lab("start", number, status=1, **work)
    copy = next(tmp_path.iterdir())
    (copy / file).write_text(text.replace(right, wrong))
    said = lab("check", number, status=1, **work)
    assert "NOT SOLVED" in said and f"make check-lab N={number} SEED=1" in said, said
    after = subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True).stdout
    assert after == before
    shutil.rmtree(copy)


def test_most_mistakes_can_still_be_made():
    assert sum((ROOT / file).read_text().count(right) == 1 for _, file, right, _ in MISTAKES) >= 4


def test_what_is_wrong_is_said_in_one_line():
    for words in (("start",), ("start", 99), ("check", 0)):
        said = lab(*words, status=1)
        assert said.startswith("lab: ") and said.count("\n") == 1
