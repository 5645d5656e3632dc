# SPDX-License-Identifier: MIT
"""Claim: an image that is not sound is refused with its own reason before a frame is spent on
it, and a sound one runs with zeroes where the file ends (rows H95-H107).
Method: tests/tools/elf_make.py spoils a sound program in every way of the table; the images
are boot modules, started from the shell; the reason is the kernel's line on the log. Images
spoiled at random are judged three times: by the kernel, by the same source on the host, and by
tests/tools/elf_oracle.py, written from the documents."""
import os
import random
import re
import struct
import subprocess

import elf_make
import elf_oracle
import pytest

from hostile import *  # noqa: F403
from hostile import SOAK, arena, check_oracle, claims, guest, symbols  # noqa: F401
from machine import BUILD, ROOT

TEXTS = {text: name for name, text in re.findall(
    r'\bX\((\w+),\s*\d+,\s*"([^"]*)"\)', (ROOT / "kernel/task/elf_status.h").read_text())}
IMAGE_MOST = 64 << 10  # of the guest `judge`
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


# --- three judges ------------------------------------------------------------------------

def packed(images):
    """@images, (like, image), as the guest `judge` unpacks them."""
    bases = list({like: None for like, _ in images})
    out = struct.pack("<I", len(bases)) + b"".join(struct.pack("<I", len(b)) + b for b in bases)
    out += struct.pack("<I", len(images))
    for like, image in images:
        runs, at = [], 0
        longest = image + bytes(max(0, len(like) - len(image)))
        while at < len(image):
            if at < len(like) and image[at] == like[at]:
                at += 1
                continue
            end = at
            while end < len(image) and (end >= len(like) or longest[end] != like[end]):
                end += 1
            runs.append((at, image[at:end]))
            at = end
        out += struct.pack("<III", bases.index(like), len(image), len(runs))
        out += b"".join(struct.pack("<II", at, len(data)) + data for at, data in runs)
    return out


def judge_with(images, folder):
    """A copy of the guest `judge` that holds @images."""
    path = guest("judge")
    data = bytearray(path.read_bytes())
    archive = packed(images)
    address = symbols(path)["judge_archive"]
    for start in range(struct.unpack_from("<Q", data, 32)[0], 64 + 56 * 8, 56):
        kind, _, offset, vaddr, _, filesz, _, _ = struct.unpack_from("<IIQQQQQQ", data, start)
        if kind == 1 and vaddr <= address < vaddr + filesz:
            at = offset + address - vaddr
            assert address + len(archive) <= vaddr + filesz, "the archive is full"
            data[at:at + len(archive)] = archive
            break
    spoiled = folder / "judge.elf"
    spoiled.write_bytes(data)
    return spoiled


def host_verdicts(images):
    """What the kernel's own elf_validate says on this machine: names of enum elf_status."""
    program = BUILD / "host/test_elf_oracle"
    if not program.exists():
        subprocess.run(["make", "--no-print-directory", str(program.relative_to(ROOT))], cwd=ROOT, check=True)
    names = {number: name for name, number in elf_make.status_numbers().items()}
    return [names[int(line.split()[0])] for line in elf_oracle.verdicts(program, images)]


def test_three_judges_agree_on_every_image(arena, tmp_path):
    """400 images, sound ones and spoiled, each judged by the kernel through a real spawn, by its
    elf_validate under sanitizers on the host, and by the oracle in Python. Where one is refused
    all three refuse it, kernel and host for the same reason, which the oracle names among its
    own; what is sound is made. SECOS_SEED repeats a run."""
    seed = int(os.environ.get("SECOS_SEED", random.randrange(1 << 32)))
    rng = random.Random(seed)
    sound = [v.build() for v in elf_make.VARIANTS.values() if v.status == "OK"]
    images = [(like, like) for like in sound]
    images += [(sound[0], v.build()) for v in elf_make.VARIANTS.values() if v.status != "OK" and v.build()]
    while len(images) < 400 * SOAK:
        like = rng.choice(sound)
        image = elf_oracle.mutate(like, rng)
        if image and len(image) <= IMAGE_MOST:
            images.append((like, image))
    refused = 0
    for start in range(0, len(images), 400):
        refused += three_judges(arena, tmp_path, images[start:start + 400], f"seed {seed}")
    assert 100 < refused < len(images) - 20, "both verdicts occur"


def three_judges(arena, folder, images, where):
    machine = arena(judge_with(images, folder), icount=True)  # where pauses take no time
    text = machine.command("run judge", timeout=300)
    assert f"judged {len(images)}" in text
    statuses = dict(re.findall(r"^i(\d+) (\w+)\r?$", text, re.MULTILINE))
    reasons = dict(re.findall(r"^secos: i(\d+): (.*?)\r?$", text, re.MULTILINE))
    refused = 0
    for number, (host, (_, image)) in enumerate(zip(host_verdicts([i for _, i in images]), images)):
        faults, _ = elf_oracle.judge(image)
        status = statuses[str(number)]
        said = TEXTS[reasons[str(number)]] if str(number) in reasons else "OK"
        assert said == host, f"{where}, image {number}: the kernel says {said}, the host {host}"
        if host == "OK":
            assert not faults and status in ("OK", "ENOMEM"), f"{where}, image {number}: {status}, {faults}"
        else:
            assert host in faults and status == "ENOEXEC", f"{where}, image {number}: {status}, {host}, {faults}"
            refused += 1
    machine.close()
    return refused
