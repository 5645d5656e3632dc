# SPDX-License-Identifier: MIT
"""Claim: tools/secos-manifest says of a manifest what the kernel says of it, and its exit
status tells a refusal from a question that cannot be answered.
Method: the spoiled images of tests/tools/elf_make.py, whose verdict elf_validate() is held to
by its own tests; and the programs that are shipped."""
import subprocess

import elf_make
import pytest

from machine import BUILD, ROOT
from test_elf_refused import TEXTS

TOOL = ROOT / "tools/secos-manifest"
WORDS = {name: text for text, name in TEXTS.items()}
ABOUT_MANIFESTS = ("MANIFEST_", "NOTE_", "ENTRY_HINT")


def manifest(*words):
    return subprocess.run([TOOL, *map(str, words)], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("name", sorted(
    name for name, variant in elf_make.VARIANTS.items()
    if variant.status == "OK" or variant.status.startswith(ABOUT_MANIFESTS)))
def test_the_tool_agrees_with_the_kernel(tmp_path, name):
    variant = elf_make.VARIANTS[name]
    path = tmp_path / "program.elf"
    path.write_bytes(variant.build())
    done = manifest("--check", path)
    assert done.stdout == ""
    if variant.status == "OK":
        assert (done.returncode, done.stderr) == (0, "")
    else:
        assert done.returncode == 1, done.stderr
        assert done.stderr.startswith(f"secos-manifest: {path}: {WORDS[variant.status]}"), done.stderr
        assert done.stderr.count("\n") == 1


def test_what_is_shipped_is_printed():
    done = manifest(BUILD / "servers/shell.elf", BUILD / "guests/tree.elf")
    assert done.returncode == 0 and done.stderr == ""
    shell, tree = done.stdout.split("tree.elf: ")
    assert "groups     basic ipc memory process serve console inspect power\n" in shell
    assert "manifest version 2" in tree and "stack      131072 bytes\n" in tree


def test_exit_codes():
    assert manifest("--check", BUILD / "servers/pager.elf").returncode == 0
    assert manifest("--allow", "basic,memory,console", BUILD / "servers/shell.elf").returncode == 1
    for words in ([], ["/none"], [ROOT / "Makefile"], ["/bin/true"], ["--allow", "nosuch", BUILD / "servers/shell.elf"], ["--nosuch"]):
        done = manifest(*words)
        assert done.returncode == 2 and done.stderr and "Traceback" not in done.stderr, words
    assert "exits with 0" in " ".join(manifest("--help").stdout.split()).lower()
