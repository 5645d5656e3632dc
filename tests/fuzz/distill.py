#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Keep the best few inputs that a fuzzer has found as seeds in the repository.

    distill.py NAME [--build build] [--files 12] [--bytes 4096]

libFuzzer tells which features (edges and counts) each input of its corpus
reaches; the inputs are taken greedily, most new features for their size first, until
the limits are met. Seeds made by hand, whose names do not begin with "found-",
stay and count first.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def features(binary, folders):
    """{path: set of features} of every input in @folders."""
    with tempfile.TemporaryDirectory() as empty:
        control = pathlib.Path(empty, "control")
        (pathlib.Path(empty) / "out").mkdir()
        subprocess.run([binary, "-set_cover_merge=1", f"-merge_control_file={control}", f"{empty}/out", *folders],
                       check=True, capture_output=True)
        lines = control.read_text(errors="replace").splitlines()
    count = int(lines[0])
    paths = [pathlib.Path(line) for line in lines[2:2 + count]]
    found = {}
    for line in lines[2 + count:]:
        word, *numbers = line.split()
        if word == "FT":
            found[paths[int(numbers[0])]] = set(map(int, numbers[1:]))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name")
    parser.add_argument("--build", default="build", type=pathlib.Path)
    parser.add_argument("--files", default=12, type=int)
    parser.add_argument("--bytes", default=4096, type=int)
    given = parser.parse_args()
    seeds = ROOT / "tests/fuzz/corpus" / given.name
    seeds.mkdir(parents=True, exist_ok=True)
    grown = given.build / "fuzz/corpus" / given.name
    found = features(given.build / "fuzz" / given.name, [seeds, grown])

    covered = set()
    for path, reached in found.items():
        if path.parent == seeds and not path.name.startswith("found-"):
            covered |= reached
    candidates = {p: f for p, f in found.items() if p.parent != seeds or p.name.startswith("found-")}
    chosen, used = [], 0
    while candidates and len(chosen) < given.files:
        best = max(candidates, key=lambda p: len(candidates[p] - covered) / (256 + p.stat().st_size))
        reached = candidates.pop(best)
        if not reached - covered or used + best.stat().st_size > given.bytes:
            continue
        chosen.append(best.read_bytes())
        covered |= reached
        used += len(chosen[-1])
    for old in seeds.glob("found-*"):
        old.unlink()
    for number, data in enumerate(chosen):
        (seeds / f"found-{number:02}").write_bytes(data)
    everything = set().union(*found.values()) if found else set()
    print(f"{given.name}: {len(chosen)} seeds, {used} bytes, {len(covered)} of {len(everything)} features")
    return 0


if __name__ == "__main__":
    sys.exit(main())
