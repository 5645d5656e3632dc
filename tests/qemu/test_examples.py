# SPDX-License-Identifier: MIT
"""Claim: each example is built and run by the commands that its first comment shows.
Method: type them, in another directory, and compare what comes out."""
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.c"))
EXPECTED = {
    "temperature": "       C        F        K\n   -20.0     -4.0   253.15\n    -5.0     23.0   268.15\n"
                   "    10.0     50.0   283.15\n    25.0     77.0   298.15\n    40.0    104.0   313.15\n",
    "words": re.compile(r"\d{2,3} \d{3,4} \d{4,5}\n"),
    "threads": "pi is about 3.1416\n",
    "region": "1024 GiB, 0 pages there\npage         1 holds 0, 1 pages there\n"
              "page       128 holds 0, 2 pages there\npage     16384 holds 0, 3 pages there\n"
              "page   2097152 holds 0, 4 pages there\n",
    "bare": re.compile(r"process \d+, stack below 0x7[0-9a-f]{8}000\n"),
    "counter_server": re.compile(
        r"(client [012] was told a sum of (55|210|465)\n){3}client 0: 11 calls, sum 55, status 1\n"
        r"client 1: 21 calls, sum 210, status 2\nclient 2: 31 calls, sum 465, status 3\n"),
}


def commands(path):
    text = path.read_text()
    found = re.findall(r"^ \*      (tools/.*)$", text[:text.index("#include")], re.MULTILINE)
    return [re.sub(r"(?<![\w/])(tools/|examples/|README)", lambda m: f"{ROOT}/{m[1]}", line) for line in found]


def test_every_example_is_known_here():
    assert {path.stem for path in EXAMPLES} == {*EXPECTED, "counter_client"}


@pytest.mark.parametrize("name", EXPECTED)
def test_an_example_does_what_it_shows(name, tmp_path):
    lines = commands(ROOT / f"examples/{name}.c")
    assert len(lines) >= 2
    for line in lines:
        done = subprocess.run(line, shell=True, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=100)
        assert done.returncode == 0 and done.stderr == "", (line, done)
    expected = EXPECTED[name]
    if isinstance(expected, str):
        assert done.stdout == expected
    else:
        assert expected.fullmatch(done.stdout), done.stdout
