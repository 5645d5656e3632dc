# SPDX-License-Identifier: MIT
"""Claim: wall times are told as ratios, within a round, beside counts that stay as they are;
and what docs/performance.md says of them is so in the figures that are kept.
Method: the arithmetic on made-up rounds, one real round without peers, the kept file. No
time that is measured here is compared with anything: other work on the machine changes it."""
import json
import subprocess
import sys

import pytest
from machine import BUILD, ROOT

sys.path.insert(0, str(ROOT / "tests/bench"))
sys.path.insert(0, str(ROOT / "tests/tools"))
import compare_bench  # noqa: E402
import performance_tables  # noqa: E402
import run  # noqa: E402
import wall  # noqa: E402

KEPT = json.loads(wall.KEPT.read_text())
BASELINE = json.loads((ROOT / "tests/bench/baseline.json").read_text())


def made_up(speed):
    """A round on a machine that is @speed times as fast."""
    return {who: {name: ticks / speed for name, ticks in rows.items()} for who, rows in {
        "secos": {"syscall_null": 100, "ipc_roundtrip": 1500, "spawn_exit_wait": 9000},
        "default": {"syscall_null": 600, "ipc_eventfd": 6000}, "tuned": {"syscall_null": 500, "ipc_eventfd": 3000},
        "heap secos": {"kmalloc_tight": 20, "kmalloc_mixed": 50}, "heap glibc": {"kmalloc_tight": 40, "kmalloc_mixed": 50},
    }.items()}


def test_a_ratio_is_taken_within_its_round():
    """Three machines of different speed say the same, to the digit."""
    rows, heaps = wall.reduce([made_up(1), made_up(7), made_up(0.3)])
    assert rows["ipc_roundtrip"] == {"secos": [15] * 3, "default": [60] * 3, "tuned": [30] * 3,
                                     "ours_to_default": [0.25] * 3, "ours_to_tuned": [0.5] * 3}
    assert rows["syscall_null"]["tuned"] == [5] * 3 and heaps["kmalloc_tight"] == {"glibc": [0.5] * 3}
    assert rows["spawn_exit_wait"] == {"secos": [90] * 3}, "no peer said anything"


def test_the_spread_is_median_lowest_and_highest():
    rounds = [made_up(1) for _ in range(5)]
    for found, ticks in zip(rounds, (1500, 100, 1600, 99999, 1400)):
        found["secos"]["ipc_roundtrip"] = ticks
    assert wall.reduce(rounds)[0]["ipc_roundtrip"]["secos"] == [15, 1, 1000]
    rounds[0]["secos"]["ipc_roundtrip"] = -5  # the host was busy in the wrong moment
    assert wall.reduce(rounds)[0]["ipc_roundtrip"]["secos"][1:] == [1, 1000]


@pytest.mark.skipif(not (BUILD / "bench/kernel.elf").exists(), reason="make build/bench/kernel.elf")
def test_a_round_gives_every_operation_a_ratio(tmp_path):
    out = tmp_path / "wall.json"
    words = [sys.executable, ROOT / "tests/bench/wall.py", "--no-peers", "--rounds", "1", "--out", out]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
    rows = json.loads(out.read_text())["rows"]
    wanted = {name for name, *_ in performance_tables.OPERATIONS if not name.endswith("_worst")}
    assert wanted <= rows.keys()
    assert all(value > 0 for row in rows.values() for value in row["secos"])
    assert f"| {performance_tables.OPERATIONS[0][1]} | 1 (1 to 1) |" in done.stdout


def test_the_ratios_stand_beside_counts_that_stay():
    rows = {"syscall_null": {"instructions": 49, "unit": "ticks", "target": 60}, "heap_left": {"instructions": 0, "unit": "frames"}}
    run.add_wall_ratios(rows, {"syscall_null": 150})
    assert rows["syscall_null"] == {"instructions": 49, "unit": "ticks", "target": 60, "wall_ratio": 1}
    assert "wall_ratio" not in rows["heap_left"] and "wall_ratio" not in compare_bench.counts(rows)
    assert not any("wall_ratio" in row for row in BASELINE.values()), "times are not kept among counts"


def test_the_kept_file_has_every_operation_and_every_peer():
    assert KEPT["rounds"] >= 5
    for name, _, peer in performance_tables.OPERATIONS:
        if not name.endswith("_worst"):
            wanted = {"secos"} | ({"default", "tuned", "ours_to_default", "ours_to_tuned"} if peer else set())
            assert wanted <= KEPT["rows"][name].keys(), name
            assert all(0 < low <= median <= high for median, low, high in KEPT["rows"][name].values()), name
    assert KEPT["heaps"].keys() == {"kmalloc_tight", "kmalloc_mixed"}


def median(name, who="secos"):
    return KEPT["rows"][name][who][0]


def test_what_the_page_says_of_loads_of_cr3():
    assert median("ipc_roundtrip") > 4 * 2 * median("context_switch")
    assert BASELINE["fault_pager_cold"]["instructions"] < 1.6 * BASELINE["fault_kernel"]["instructions"]
    assert median("fault_pager_cold") > 3 * median("fault_kernel")
    assert median("fault_pager_cold") > 3 * median("fault_self")


@pytest.mark.parametrize("column", ["default", "tuned"])
def test_what_the_page_says_of_linux_and_its_faults(column):
    linux = median("fault_kernel", column)
    assert median("fault_kernel") < linux < median("fault_pager_cold")
    assert median("fault_pager_cold", column) > 4 * median("fault_pager_cold")
