#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How long the kernel runs with interrupts off: the longest stretches, in instructions,
that any machine of a test run had.

    irq_off.py [--limit N] [--out FILE] [--] pytest arguments...

Runs pytest with the plugin of irq_off.c in each QEMU (environment variable
SECOS_QEMU_EXTRA) and prints one line for each place where a stretch begins: its
length, the function, and the function that ran most of it. Ends with 1 if one is
longer than --limit."""
import argparse
import bisect
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from qemu_command import BUILD  # noqa: E402

LIMIT = 20000


def build_plugin():
    """Compile the plugin; its path."""
    plugin = BUILD / "irq_off.so"
    source = ROOT / "tests/tools/irq_off.c"
    if not plugin.exists() or plugin.stat().st_mtime < source.stat().st_mtime:
        plugin.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([os.environ.get("HOST_CC", "cc"), "-O2", "-shared", "-fPIC", str(source), "-o", str(plugin)],
                       check=True)
    return plugin


def plugin_words(folder):
    """What QEMU is told to write its stretches into files in @folder."""
    return ["-plugin", f"{build_plugin()},out={folder}/irq_off"]


class Functions:
    """Names for addresses of the kernel image."""

    def __init__(self, kernel):
        text = subprocess.run(["nm", "-n", str(kernel)], capture_output=True, text=True, check=True).stdout
        rows = [(int(row.split()[0], 16), row.split()[2]) for row in text.splitlines() if row.split()[1] in "tTwW"]
        self._at = [address for address, _ in rows]
        self._names = [name for _, name in rows]

    def name(self, address):
        found = bisect.bisect_right(self._at, address) - 1
        return self._names[found] if found >= 0 else hex(address)


def read_stretches(folder, kernel):
    """[(length, begins in, hottest function)], the longest first; one row for each pair."""
    functions = Functions(kernel)
    longest = {}
    for file in pathlib.Path(folder).glob("irq_off.*"):
        for row in file.read_text().splitlines():
            length, begin, hot = (int(word, 0) for word in row.split())
            key = functions.name(begin), functions.name(hot)
            longest[key] = max(longest.get(key, 0), length)
    return sorted(((length, *key) for key, length in longest.items()), reverse=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=int, default=LIMIT, help=f"instructions; default {LIMIT}")
    parser.add_argument("--rows", type=int, default=30, help="how many to print; default 30")
    parser.add_argument("arguments", nargs="*", help="for pytest")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "SECOS_QEMU_EXTRA": " ".join(plugin_words(folder))}
        subprocess.run([sys.executable, "-m", "pytest", *arguments.arguments], env=environment)
        rows = read_stretches(folder, BUILD / "kernel.elf")
    if not rows:
        sys.exit("irq_off.py: no machine ran")
    print("instructions  begins in                       mostly in")
    for length, begin, hot in rows[:arguments.rows]:
        print(f"{length:12}  {begin:30}  {hot}")
    return 1 if rows[0][0] > arguments.limit else 0


if __name__ == "__main__":
    sys.exit(main())
