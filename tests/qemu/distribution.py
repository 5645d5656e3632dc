# SPDX-License-Identifier: MIT
"""Sources of programs that nobody here wrote: from the distribution's own source
packages, through apt, with package lists of our own. Kept in build/sources; a test
is skipped, and says why, where they cannot be had."""
import fcntl
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from machine import BUILD

SOURCES = BUILD / "sources"
FETCH_TIMEOUT = 120


def _run(*words, cwd=None):
    """Run a command that may need the network; returns its output, or skips."""
    try:
        done = subprocess.run([str(word) for word in words], cwd=cwd, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=FETCH_TIMEOUT)
    except (OSError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"{words[0]}: {error}")
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or "no word").splitlines()[-1]
        pytest.skip(f"{words[0]} could not fetch it: {said}")
    return done.stdout


def _apt_options():
    """apt with the mirrors this machine uses anyway, for sources."""
    targets = _run("apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)",
                   "Created-By: Packages")
    rows = {tuple(row.split()) for row in targets.splitlines()}
    # The release itself: a mirror of its updates may lack what they do not change.
    mirrors = sorted(f"deb-src {uri} {release} {part}" for uri, release, part in rows
                     if part in ("main", "universe") and "-" not in release)
    if not mirrors:
        pytest.skip("apt knows no mirror")
    for folder in ("lists/partial", "cache/archives/partial"):
        (SOURCES / folder).mkdir(parents=True, exist_ok=True)
    (SOURCES / "sources.list").write_text("\n".join(mirrors) + "\n")
    return ["-q", "-o", f"Dir::Etc::sourcelist={SOURCES}/sources.list", "-o", "Dir::Etc::sourceparts=-",
            "-o", f"Dir::State::lists={SOURCES}/lists", "-o", f"Dir::Cache={SOURCES}/cache",
            "-o", "APT::Sandbox::User=", "-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=20"]


def _fetch(package, target):
    options = _apt_options()
    if not any("Sources" in name for name in os.listdir(SOURCES / "lists")):
        _run("apt-get", *options, "update")
    with tempfile.TemporaryDirectory(dir=SOURCES) as folder:
        folder = pathlib.Path(folder)
        _run("apt-get", *options, "source", "--download-only", package, cwd=folder)
        (folder / "tree").mkdir()
        tarball = next(iter(sorted(folder.glob("*.orig.tar.*"))), None)
        if tarball is None:
            pytest.skip(f"{package}: no original source in its package")
        _run("tar", "-xf", tarball, "-C", folder / "tree", "--strip-components=1")
        shutil.move(folder / "tree", target)


def source(package):
    """The folder with the original source of @package."""
    target = SOURCES / package
    SOURCES.mkdir(parents=True, exist_ok=True)
    with open(SOURCES / "lock", "w") as lock:  # tests run side by side
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            _fetch(package, target)
    return target
