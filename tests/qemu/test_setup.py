# SPDX-License-Identifier: MIT
"""Claim: what a machine lacks is installed or named, and never waited for; and the
image does not depend on when and where it is made.
Method: run tools/setup with a PATH that holds little; make the ISO twice."""
import hashlib
import os
import pathlib
import re
import shutil
import subprocess

import pytest
from machine import BUILD, default_modules, make_iso

ROOT = pathlib.Path(__file__).resolve().parents[2]
SETUP = str(ROOT / "tools/setup")
BASICS = "sh env uname sed head sort printf cat mktemp tail rm id make tr".split()


@pytest.fixture
def poor(tmp_path):
    """A PATH with the basics and what poor(name, script) adds; returns run()."""
    for name in BASICS:
        os.symlink(shutil.which(name), tmp_path / name)

    def run(*words, **scripts):
        for name, text in scripts.items():
            file = tmp_path / name.replace("_", "-")
            file.write_text(f"#!/bin/sh\n{text}\n")
            file.chmod(0o755)
        environment = {"PATH": str(tmp_path), "HOME": "/"}
        return subprocess.run([SETUP, *words], env=environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=30)
    return run


def test_missing_tools_are_named(poor):
    done = poor("--check", "run")
    assert done.returncode == 1
    for name in ("nasm", "QEMU", "xorriso"):
        assert name in done.stderr


def test_without_apt_the_person_is_told(poor):
    done = poor("run")
    assert done.returncode == 1 and "not Debian or Ubuntu" in done.stderr
    assert "qemu-system-x86" in done.stderr and "xorriso mtools" in done.stderr


def people_type():
    """Targets of `make help`, but for those that need no tool."""
    said = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True).stdout
    found = re.findall(r"^  make ([a-z-]+)", said, re.MULTILINE)
    return sorted(set(found) - {"help", "clean", "labs"})


@pytest.mark.parametrize("target", people_type())
def test_what_people_type_looks_for_tools_first(poor, tmp_path, target):
    """And builds nothing before: what comes out is one line, not pages."""
    (tmp_path / "make").unlink()  # a machine on which everything is called but make itself is missing
    done = subprocess.run([shutil.which("make"), target, f"BUILD={tmp_path}/build", "N=1"], cwd=ROOT, stdin=subprocess.DEVNULL,
                          env={"PATH": str(tmp_path), "HOME": "/"}, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and "setup: missing: " in done.stderr and not done.stdout, done
    assert not list(tmp_path.glob("build/*")), "something was built before the tools were looked for"


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to get as far as apt-get")
def test_missing_packages_are_asked_of_apt(poor, tmp_path):
    done = poor("run", apt_get=f'echo "$DEBIAN_FRONTEND $*" >>{tmp_path}/said; exit 1', apt_cache="exit 0")
    said = (tmp_path / "said").read_text()
    assert done.returncode == 1 and "could not" in done.stderr or "failed" in done.stderr
    assert said.startswith("noninteractive") and "qemu-system-x86" in said and "nasm" in said


def test_an_old_qemu_is_named(tmp_path):
    fake = tmp_path / "qemu"
    fake.write_text("#!/bin/sh\necho QEMU emulator version 6.2.0\n")
    fake.chmod(0o755)
    done = subprocess.run([SETUP, "--check", "run"], env={**os.environ, "QEMU": str(fake)},
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and done.stderr == "setup: QEMU 6.2.0 is too old: 7.0 or newer is needed\n"


def test_the_iso_is_reproducible(tmp_path):
    modules = [(path, "") for path in default_modules()]
    make_iso(tmp_path / "again.iso", BUILD / "kernel.elf", modules)
    digests = {hashlib.sha256(path.read_bytes()).hexdigest()
               for path in (tmp_path / "again.iso", BUILD / "secos.iso")}
    assert len(digests) == 1
