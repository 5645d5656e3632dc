# SPDX-License-Identifier: MIT
"""Fixtures of the QEMU tests: a machine per test, frames conserved after each."""
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tools")]
from machine import TIMEOUT, Machine  # noqa: E402
from symbolize import Symbolizer  # noqa: E402

BOOT_TIMEOUT = {"direct": TIMEOUT, "iso": TIMEOUT * 2, "uefi": TIMEOUT * 4}


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "frames_change(reason): this test does not end with the frames it began with")


@pytest.fixture
def start(request):
    """start(**arguments of Machine): a machine that has just been switched on."""
    machines = []
    request.node.secos_machines = machines

    def start_machine(**arguments):
        machines.append(Machine(**arguments))
        return machines[-1]

    yield start_machine
    for machine in machines:
        machine.close()


@pytest.fixture
def boot(start, request):
    """boot(**arguments of Machine): a machine at its prompt. Before the test's end
    its frames are compared with those at the prompt, and the machine is audited."""
    watched = []

    def boot_machine(**arguments):
        machine = start(**arguments)
        machine.prompt(BOOT_TIMEOUT[machine.boot])
        if not request.node.get_closest_marker("frames_change"):
            watched.append((machine, machine.settled_frames()))
        return machine

    yield boot_machine
    for machine, before in watched:
        if machine.is_running:
            assert machine.settled_frames() == before, "frames were lost or gained"


@pytest.fixture
def machine(boot):
    """A direct-booted machine at its prompt: what most tests want."""
    return boot()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Show the serial log of a failed test, with kernel addresses explained."""
    outcome = yield
    report = outcome.get_result()
    if not report.failed:
        return
    for machine in getattr(item, "secos_machines", []):
        try:
            text = Symbolizer(machine.kernel).annotate(machine.log)
        except OSError as error:
            text = f"{machine.log}\n(no symbols: {error})"
        report.sections.append(("serial log", text.replace("\r", "")))
        report.sections.append(("QEMU", " ".join(machine.words)))
