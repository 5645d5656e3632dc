#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Say which branches of the memory managers no host test has taken.

    coverage_report.py gcovr.json unreachable.txt

For each source: branches taken, of those that could be. A line with KASSERT counts
only as what its condition does when it holds. A branch that no host test can take
stands in unreachable.txt with its reason:

    kernel/mm/vmm.c | text of the line | reason

and is listed under it. What is left is printed by line, and the exit status is 1 if
a line of unreachable.txt has become reachable, or is not there any more.
"""
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BY_DESIGN = re.compile(r"\bKASSERT\(")


def read_reasons(path):
    """[(file, text of the line, reason)]."""
    rows = [line.split(" | ") for line in path.read_text().splitlines()
            if line.strip() and not line.startswith("#")]
    for row in rows:
        if len(row) != 3:
            sys.exit(f"{path}: not 'file | text | reason': {' | '.join(row)}")
    return [tuple(cell.strip() for cell in row) for row in rows]


def statement(source, number):
    """The line, and those that go on with it up to a semicolon or brace."""
    text = ""
    for line in source[number - 1:number + 5]:
        text += " " + line.strip()
        if re.search(r"[;{]\s*(/\*.*)?$", line):
            break
    return text.strip()


def main():
    report = json.loads(pathlib.Path(sys.argv[1]).read_text())
    reasons = read_reasons(pathlib.Path(sys.argv[2]))
    used = set()
    left = []
    taken_sum = known_sum = explained_sum = 0
    print(f"{'source':<38} {'lines':>11} {'branches':>11} {'':>6}  explained")
    for file in report["files"]:
        source = (ROOT / file["file"]).read_text().splitlines()
        lines = [n for n in file["lines"] if not n["gcovr/noncode"]]
        taken = known = explained = 0
        for line in lines:
            number = line["line_number"]
            text = statement(source, number)
            missing = [b for b in line["branches"] if b["count"] == 0]
            taken_here = len(line["branches"]) - len(missing)
            if BY_DESIGN.search(text):
                missing = []
            reason = next((r for r in reasons if r[0] == file["file"] and r[1] in text), None)
            if missing and reason:
                explained += len(missing)
                used.add(reason)
            elif missing:
                known += len(missing)
                left.append(f"{file['file']}:{number}: {len(missing)} of {len(line['branches'])}: {text[:90]}")
            taken += taken_here
        known += taken
        seen = sum(n["count"] > 0 for n in lines)
        share = 100 * taken / known if known else 100
        print(f"{file['file']:<38} {seen:>5}/{len(lines):<5} {taken:>5}/{known:<5} {share:>5.1f}%  {explained or ''}")
        taken_sum, known_sum, explained_sum = taken_sum + taken, known_sum + known, explained_sum + explained
    print(f"\n{taken_sum} of {known_sum} branches that a host test can take, "
          f"{100 * taken_sum / known_sum:.1f}%; {explained_sum} explained:")
    for file, text, reason in reasons:
        print(f"  {file}: {text}\n      {reason}")
    if left:
        print("\nnot taken:")
        print("\n".join(f"  {line}" for line in left))
    stale = [r for r in reasons if r not in used]
    for file, text, _ in stale:
        print(f"unreachable.txt: {file}: {text!r} is taken, or gone")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
