#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How much code runs in ring 0: lines that are neither empty nor comment, room
by room. A kernel that only keeps mechanism stays small; --limit holds it to that."""
import argparse
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROOMS = ["boot", "kernel/abi", "kernel/arch", "kernel/arch/x86_64", "kernel/klib", "kernel/mm",
         "kernel/task", "kernel/ipc", "kernel/sys", "kernel", "lib/base"]
SUFFIXES = {".c", ".h", ".asm", ".inc"}


def code_lines(path):
    """Lines of @path that hold code."""
    text = path.read_text()
    if path.suffix in (".c", ".h"):
        text = re.sub(r'/\*.*?\*/|//[^\n]*|("(?:\\.|[^"\\])*")',
                      lambda m: m[1] or "\n" * m[0].count("\n"), text, flags=re.DOTALL)
    else:
        text = re.sub(r";[^\n]*", "", text)
    return sum(1 for line in text.splitlines() if line.strip())


def count_rooms():
    """{room: lines of code} for all that runs in ring 0."""
    counts = dict.fromkeys(ROOMS, 0)
    for top in ("boot", "kernel", "lib/base"):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix not in SUFFIXES:
                continue
            name = path.relative_to(ROOT).as_posix()
            room = max((r for r in ROOMS if name.startswith(r + "/")), key=len)
            counts[room] += code_lines(path)
    return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--brief", action="store_true", help="one line")
    arguments = parser.parse_args()
    counts = count_rooms()
    total = sum(counts.values())
    if not arguments.brief:
        for room, lines in counts.items():
            print(f"{lines:6}  {room}")
    print(f"{total:6}  lines of code in ring 0" + (f" (limit {arguments.limit})" if arguments.limit else ""))
    if arguments.limit and total > arguments.limit:
        sys.exit(f"size_report: {total} lines are more than {arguments.limit}")


if __name__ == "__main__":
    main()
