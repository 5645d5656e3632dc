#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prove what can be proved of the pure parts, with Frama-C (WP and RTE), Z3 and the
contracts that stand in the sources (/*@ ... */).

For each function below: no access outside its arguments, no undefined shift or overflow,
termination, nothing written but what the contract names, and the contract's results.
Facts about the bits of a word are beyond Frama-C's provers; Z3 proves them on bit vectors
(bits.smt2), and the contracts of ADMITTED say them. Ends with status 1 if a goal stays open."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "tests/proofs"
TIMEOUT = 60  # seconds of wall time a goal; nearly all need a tenth of one

# source: the functions that are proved, those of its headers included
PROVED = {
    "lib/base/src/bitmap.c": """bitmap_test bitmap_set bitmap_clear bitmap_lowest bitmap_weight bitmap_mask
        bitmap_set_range bitmap_clear_range bitmap_count_range bitmap_find_other bitmap_find_set bitmap_find_clear""",
    "kernel/mm/memmap.c": """checked_add checked_mul checked_align_up checked_range_inside memmap_init memmap_seek
        memmap_splice memmap_add memmap_cut memmap_remove memmap_entry_end memmap_build memmap_find memmap_end
        memmap_contains memmap_check""",
}
# Contracts about bits, taken for granted here and proved in bits.smt2.
ADMITTED = ["align_down", "align_up", "is_aligned", "is_power_of_two"]
# Not tried, and why.
LEFT_OUT = {
    "bitmap_find_run": "its end follows from how the two searches answer, which is about bits",
    "bitmap_tree_*": "that a summary leads to a member is an invariant over bits",
    "memmap_low_top": "it begins its loop again; the bound is the number of entries, by an argument about order",
    "memmap_ram_bytes": "calls memmap_low_top",
    "memmap_place_tables": "calls a function that it is given",
}


def frama_c(source, functions):
    """Goals of @source: (proved, all, [names of the open ones])."""
    words = ["frama-c", "-wp", "-wp-rte", "-wp-prover", "qed,z3", "-wp-timeout", str(TIMEOUT), "-wp-par", "2",
             "-wp-fct", ",".join(functions), source,
             "-cpp-extra-args=-Ilib/base/include -Ikernel -Ikernel/abi -include tests/proofs/builtins.h"]
    text = subprocess.run(words, cwd=ROOT, capture_output=True, text=True).stdout
    total = re.search(r"Proved goals:\s+(\d+) / (\d+)", text)
    if not total:
        sys.exit(f"prove: frama-c says\n{text[-2000:]}")
    still_open = re.findall(r"Goal (\w+) : (?!Valid)\w+", text)
    return int(total[1]), int(total[2]), still_open


def bit_vectors():
    """As frama_c, for bits.smt2: a goal is proved when its negation is unsatisfiable."""
    text = subprocess.run(["z3", f"-T:{TIMEOUT}", str(HERE / "bits.smt2")], capture_output=True, text=True).stdout
    lines = text.splitlines()
    goals = list(zip(lines[::2], lines[1::2]))
    if not goals or len(lines) % 2 != 0 or "error" in text:
        sys.exit(f"prove: z3 says\n{text}")
    return sum(answer == "unsat" for _, answer in goals), len(goals), [name for name, answer in goals if answer != "unsat"]


def main():
    subprocess.run(["why3", "config", "detect"], capture_output=True)
    results = {"tests/proofs/bits.smt2": bit_vectors()}
    for source, functions in PROVED.items():
        results[source] = frama_c(source, functions.split())
    for source, (proved, goals, still_open) in results.items():
        print(f"  {source:26} {proved:4} of {goals:4} goals proved")
        for name in still_open:
            print(f"      open: {name}")
    print(f"  {'all':26} {sum(r[0] for r in results.values()):4} of {sum(r[1] for r in results.values()):4}")
    print(f"  by bits.smt2 alone: {', '.join(ADMITTED)}")
    for name, why in LEFT_OUT.items():
        print(f"  not tried: {name}: {why}")
    return 1 if any(r[0] != r[1] for r in results.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
