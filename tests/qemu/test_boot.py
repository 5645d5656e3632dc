# SPDX-License-Identifier: MIT
"""Claim: the same kernel reaches the prompt on every supported machine.
Method: boot each combination for real and ask it for its memory."""
import re

import pytest


def reaches_prompt(machine, memory):
    text = machine.command("mem")
    total = re.search(r"Total memory:\s+(\d+) MB", text)
    assert total, text
    assert int(total[1]) == memory


@pytest.mark.parametrize("memory", [16, 32, 64, 128, 1024, 4096])
def test_direct_boot_reaches_the_prompt(boot, memory):
    reaches_prompt(boot(memory=memory), memory)


@pytest.mark.parametrize("memory", [16, 128, 4096])
def test_bios_iso_reaches_the_prompt(boot, memory):
    reaches_prompt(boot(boot="iso", memory=memory), memory)


@pytest.mark.parametrize("memory", [64, 256])
def test_uefi_iso_reaches_the_prompt(boot, memory):
    reaches_prompt(boot(boot="uefi", memory=memory), memory)


@pytest.mark.parametrize("path", ["direct", "iso", "uefi"])
def test_q35_reaches_the_prompt(boot, path):
    reaches_prompt(boot(boot=path, machine="q35"), 128)


@pytest.mark.parametrize("path", ["direct", "iso"])
@pytest.mark.parametrize("cpu", ["max", "qemu64", "qemu64,+smep,+smap,+umip,+fsgsbase"])
def test_cpu_models_reach_the_prompt(boot, path, cpu):
    reaches_prompt(boot(boot=path, cpu=cpu), 128)


def test_first_serial_line_comes_from_the_kernel(start):
    start().expect("SecOS")


def test_a_machine_without_long_mode_says_so(start):
    """-cpu qemu32 has no long mode: the kernel names what is missing."""
    start(cpu="qemu32").expect(r"(?i)long mode|64.bit")
