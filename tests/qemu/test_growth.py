# SPDX-License-Identifier: MIT
"""Claim: nothing on a hot path grows faster than the logarithm of how many there are, and
the plots of docs/performance.md show what is so.
Method: the kept figures (tests/bench/growth.json) and, up to a thousand of each, figures
measured now go through one rule, which is tried on curves that must not pass it."""
import json
import math
import re
import sys

import pytest
from machine import BUILD, ROOT

sys.path.insert(0, str(ROOT / "tests/bench"))
sys.path.insert(0, str(ROOT / "tests/tools"))
import growth  # noqa: E402
import growth_plots  # noqa: E402

KEPT = json.loads(growth.KEPT.read_text())
COUNTS = [1, 10, 100, 1000]


@pytest.fixture(scope="module")
def measured():
    return growth.measure_guest(most=1000)


@pytest.mark.parametrize("cost", [lambda n: 1126, lambda n: 2000 + 1700 * math.log10(n), lambda n: 561 if n == 1 else 90,
                                  lambda n: 1000 + 0.05 * n])
def test_the_rule_lets_constants_and_logarithms_pass(cost):
    assert growth.grows_too_fast({str(n): cost(n) for n in COUNTS}) is None


@pytest.mark.parametrize("cost", [lambda n: 1126 + n, lambda n: 4 * n, lambda n: 500 + 3 * n * math.log2(n),
                                  lambda n: 100 + 50 * math.sqrt(n), lambda n: 1126 + (n == 1000) * 200])
def test_the_rule_stops_what_grows_faster(cost):
    assert growth.grows_too_fast({str(n): cost(n) for n in COUNTS})


@pytest.mark.parametrize("name", sorted(growth.hot_curves(KEPT)))
def test_no_kept_curve_grows_faster_than_the_logarithm(name):
    curve = growth.hot_curves(KEPT)[name]
    assert max(map(int, curve)) >= growth.HOT.get(name, 16384), "the curve ends too early"
    assert growth.grows_too_fast(curve) is None


@pytest.mark.parametrize("name", ["regions", "region", "processes", "calls", "faults", "held"])
def test_no_curve_measured_now_grows_faster_than_the_logarithm(measured, name):
    assert max(map(int, measured[name])) == 1000
    assert growth.grows_too_fast(measured[name]) is None


@pytest.mark.parametrize("name", ["regions", "region", "processes", "calls", "faults", "held"])
def test_the_plots_show_what_is_measured(measured, name):
    """Another compiler makes other code: a tenth more or less is let pass."""
    for count, cost in measured[name].items():
        assert cost == pytest.approx(KEPT[name][count], rel=0.1), f"{name}, {count}: make growth KEEP=1"


@pytest.mark.skipif(not (BUILD / "bench/kernel.elf").exists(), reason="make build/bench/kernel.elf")
def test_the_heap_does_not_grow_faster_than_the_logarithm():
    curve = growth.measure_heap()["heap"]
    assert max(map(int, curve)) == 100000
    assert growth.grows_too_fast(curve) is None


def test_a_spoilt_plot_is_noticed(monkeypatch, tmp_path):
    """Lint compares the files with the figures."""
    assert growth_plots.wrong() == []
    name = "growth_faults.svg"
    text = (growth_plots.PICTURES / name).read_text()
    monkeypatch.setattr(growth_plots, "PICTURES", tmp_path)
    assert len(growth_plots.wrong()) == len(list(growth_plots.plots(KEPT)))
    growth_plots.fix()
    assert growth_plots.wrong() == [] and (tmp_path / name).read_text() == text
    (tmp_path / name).write_text(re.sub(r"\d,\d\d\d", "9", text, count=1))
    assert growth_plots.wrong() == [tmp_path / name]
