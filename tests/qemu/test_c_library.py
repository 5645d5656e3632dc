# SPDX-License-Identifier: MIT
"""Claim: a program against the C standard prints on SecOS what it prints on the
host, and ends with the same status.
Method: each file of tests/programs is compiled by secos-cc and by the host's
compiler; both run with NAME.in as standard input, or none."""
import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CC, RUN = str(ROOT / "tools/secos-cc"), str(ROOT / "tools/secos-run")
PROGRAMS = sorted((ROOT / "tests/programs").glob("*.c"))
HOST_CC = os.environ.get("HOSTCC") or shutil.which("gcc") or "cc"
# The host's time zone and locale must not decide what is printed.
ENVIRONMENT = {"PATH": os.environ["PATH"], "TZ": "UTC", "LC_ALL": "C"}


def compile_program(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def run_program(words, source, **more):
    """(output, status) of a program; a signal counts as a shell counts it."""
    given = source.with_suffix(".in")
    with open(given if given.exists() else os.devnull, "rb") as stdin:
        done = subprocess.run([str(word) for word in words], stdin=stdin, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=120, **more)
    status = done.returncode if done.returncode >= 0 else 128 - done.returncode
    return done.stdout.decode("utf-8", "replace"), status


@pytest.mark.parametrize("source", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_prints_what_it_prints_on_the_host(source, tmp_path):
    compile_program(HOST_CC, "-O2", "-g0", "-w", source, "-o", tmp_path / "host", "-lm", "-pthread")
    compile_program(CC, "-O2", "-g0", "-w", source, "-o", tmp_path / "program.elf", "-lm", "-pthread")
    expected = run_program([tmp_path / "host"], source, env=ENVIRONMENT)
    assert run_program([RUN, "--timeout", "100", tmp_path / "program.elf"], source) == expected


def test_there_are_at_least_fifty_programs():
    assert len(PROGRAMS) >= 50
