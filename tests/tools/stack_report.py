#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The largest stack frames, from the .su files that -fstack-usage leaves beside
the objects. Frames of unknown size (VLA, alloca) are refused."""
import argparse
import pathlib
import sys


def frames(folder):
    """(bytes, qualifier, place, function) of every function below @folder."""
    for path in pathlib.Path(folder).rglob("*.su"):
        for line in path.read_text().splitlines():
            place, size, qualifier = line.split("\t")
            file, *_, function = place.rsplit(":", 3)
            yield int(size), qualifier, file, function


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--limit", type=int, default=1024, help="bytes a frame may have")
    parser.add_argument("--top", type=int, default=15)
    parser.add_argument("--brief", action="store_true", help="one line")
    arguments = parser.parse_args()
    rows = sorted(set(frames(arguments.folder)), reverse=True)
    bad = [r for r in rows if r[0] > arguments.limit or r[1] == "dynamic"]
    for size, qualifier, file, function in bad if arguments.brief else rows[:arguments.top]:
        print(f"{size:6}  {qualifier:16} {file}: {function}")
    if rows:
        print(f"{rows[0][0]:6}  bytes in the largest stack frame, {rows[0][3]} (limit {arguments.limit})")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
