# SPDX-License-Identifier: MIT
"""Claim: an image that is not sound is refused with its own reason before a frame is spent on
it, and a sound one runs with zeroes where the file ends (rows H95-H107).
Method: tests/tools/elf_make.py spoils a sound program in every way of the table; the images
are boot modules, started from the shell; the reason is the kernel's line on the log. Images
spoiled at random are compared with the second opinion of tests/tools/elf_oracle.py."""
import os
import random
import re

import elf_make
import elf_oracle
import pytest

from hostile import *  # noqa: F403
from hostile import SOAK, arena, check_oracle, claims  # noqa: F401
from machine import ROOT

TEXTS = {text: name for name, text in re.findall(
    r'\bX\((\w+),\s*\d+,\s*"([^"]*)"\)', (ROOT / "kernel/task/elf_status.h").read_text())}
MODULES_MOST = 32 - 3  # pager, shell, demand


def run_images(arena, folder, images):
    """Boot with @images, a list of bytes, and run each. Returns what happened to each: the
    name of the reason it was refused for, or the shell's line on how it ended."""
    verdicts = []
    for start in range(0, len(images), MODULES_MOST):
        some = images[start:start + MODULES_MOST]
        paths = []
        for number, image in enumerate(some, start):
            paths.append(folder / f"v{number}.elf")
            paths[-1].write_bytes(image)
        machine = arena("demand", *paths, memory=32)
        machine.command("run demand fill")  # no free frame is zero by chance
        before = machine.settled_frames()
        for number in range(start, start + len(some)):
            verdicts.append(verdict(machine, f"v{number}"))
        assert machine.settled_frames() == before
        check_oracle(machine)
        machine.close()
    return verdicts


def verdict(machine, name):
    text = machine.command(f"run {name}")
    refusal = re.search(rf"^secos: {name}: (.*)$", text, re.MULTILINE)
    if refusal:
        assert f"{name}: not a program that SecOS can run (ENOEXEC)" in text
        return TEXTS[refusal[1]]
    ended = re.search(rf"^{name}: (.*)$", text, re.MULTILINE)
    return ended[1] if ended else text


def rows():
    """The rows of the table that elf_make.py knows, with their variants."""
    found = {}
    for variant in elf_make.VARIANTS.values():
        found.setdefault(variant.row.split("-")[0], []).append(variant)
    return sorted(found.items())


@pytest.mark.parametrize("row, variants", rows(), ids=lambda value: value if isinstance(value, str) else "")
def test_h95_to_h107_images(arena, tmp_path, row, variants):
    """Row by row; an empty file cannot be a module (see test_modules.py)."""
    variants = [variant for variant in variants if variant.build()]
    got = run_images(arena, tmp_path, [variant.build() for variant in variants])
    for variant, was in zip(variants, got):
        want = f"exit {variant.exit}" if variant.status == "OK" else variant.status
        assert was == want, f"{variant.name}: {was}, not {want}"


def test_h95_cut_at_every_byte(arena):
    """The guest `pointers` spawns an image from its own memory, cut after every byte; the whole
    one runs. The host test cuts a larger one."""
    claims(arena("pointers", "hello"), "run pointers truncated", 3)


def test_random_images_get_the_oracles_verdict(arena, tmp_path):
    """Images spoiled at random; SECOS_SEED repeats a run. Those that are sound may end as they
    like."""
    seed = int(os.environ.get("SECOS_SEED", random.randrange(1 << 32)))
    rng = random.Random(seed)
    sound = [v.build() for v in elf_make.VARIANTS.values() if v.status == "OK"]
    images = [image for image in (elf_oracle.mutate(rng.choice(sound), rng) for _ in range(2 * MODULES_MOST * SOAK))
              if image]
    for image, was in zip(images, run_images(arena, tmp_path, images)):
        faults, _ = elf_oracle.judge(image)
        if faults:
            assert was in faults, f"seed {seed}: {was}, the oracle says {faults}"
        else:
            assert was.startswith(("exit", "killed")), f"seed {seed}: a sound image: {was}"
