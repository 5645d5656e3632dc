# SPDX-License-Identifier: MIT
"""Claim: tools/secos-faults draws what the journal holds: one file, well formed, that needs no
network; and it says in one line what is wrong with anything else.
Method: real runs are drawn and the pictures read as XML; exports are spoiled."""
import json
import os
import re
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

from machine import ROOT

TOOL = ROOT / "tools/secos-faults"
SVG = "{http://www.w3.org/2000/svg}"


def tool(*words, given="", status=0):
    """Run the tool; returns what it wrote (standard error, where it must fail)."""
    done = subprocess.run([str(TOOL), *map(str, words)], input=given, capture_output=True, text=True, timeout=300)
    assert done.returncode == status, done.stderr
    return done.stderr if status else done.stdout


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """What the shell said after a few programs, one of which was refused a page."""
    path = tmp_path_factory.mktemp("faults") / "log"
    tool("--run", "run faultdemo", "--run", "run overflow", "--icount", "--save", path, "-o", path.with_suffix(".html"))
    return path


def words(picture):
    """Every text of an SVG."""
    return ["".join(t.itertext()) for t in ElementTree.fromstring(picture).iter(f"{SVG}text")]


def faults(log):
    return [line.split() for line in log.read_text().splitlines() if line.startswith("@fault ")]


def test_the_page_stands_alone_and_holds_every_fault(log):
    page = log.with_suffix(".html").read_text()
    assert not re.findall(r"""(?:src|href)=|url\(|@import|fetch\(|XMLHttp""", page)
    assert set(re.findall(r"https?://[\w./]+", page)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"\{\{\w+\}\}", page), "a part was not filled in"
    data = json.loads(re.search(r'id="data" type="application/json">(.*?)</script>', page)[1].replace("<\\/", "</"))
    rows = faults(log)
    assert [f["n"] for f in data["faults"]] == [int(row[1]) for row in rows]
    assert all(f["t"] < len(data["templates"]) and len(f["v"]) == len(data["names"]) for f in data["faults"])
    for template in data["templates"]:
        ElementTree.fromstring(template)
    assert page.count("data-f=") == len(rows)


def test_a_fault_is_drawn_with_its_own_figures(log):
    row = next(row for row in faults(log) if 1 << 32 <= int(row[3], 16) < 1 << 33)  # of a region
    said = words(tool(log, "--draw", "sequence", "--fault", row[1]))
    delivered, replied, resumed = (int(row[i]) for i in (12, 13, 14))
    assert f"#PF: read at 0x{row[3]}000" in said
    assert {f"ask  {delivered}", f"decide  {replied - delivered}", f"map  {resumed - replied}"} <= set(said)
    assert "faultdemo" in said and "pager" in said and "ZERO, 1 page" in said


@pytest.mark.parametrize("place, lanes", [("server", ["faultdemo", "kernel", "pager"]), ("kernel", ["faultdemo", "kernel"]),
                                          ("self", ["faultdemo", "kernel", "its handler"])])
def test_each_placement_has_its_picture(place, lanes):
    said = words(tool("--run", "run faultdemo", "--options", f"pager={place}", "--of", "faultdemo", "--draw", "sequence"))
    assert [word for word in said if word in ("faultdemo", "kernel", "pager", "its handler")] == lanes


def test_a_refused_fault_is_drawn_as_one(log):
    row = next(row for row in faults(log) if row[5] == "18")
    assert any("refused: the process ends" in word for word in words(tool(log, "--draw", "sequence", "--fault", row[1])))


def test_time_line_and_map_hold_every_fault(log):
    rows = faults(log)
    line = ElementTree.fromstring(tool(log, "--draw", "timeline"))
    bars = [r for r in line.iter(f"{SVG}rect") if "data-f" in r.attrib]
    assert len(bars) == len(rows)
    for bar in bars:
        assert 0 <= float(bar.get("x")) and float(bar.get("x")) + float(bar.get("width")) <= 1000
    pages = {(row[2], row[3]) for row in rows if row[5] == "1"}
    cells = [r for r in ElementTree.fromstring(tool(log, "--draw", "map")).iter(f"{SVG}rect") if "data-p" in r.attrib]
    assert len(cells) == len(pages)


def test_only_one_program(log):
    assert "shell" not in words(tool(log, "--of", "faultdemo", "--draw", "timeline"))
    assert tool(log, "--of", "nobody", status=1) == "secos-faults: no fault of a process called 'nobody' here\n"


@pytest.mark.parametrize("text, why", [
    ("", "no export here"), ("secos$ faults\n", "no export here"), ("@journal 1 0 x\n", "no end"),
    ("@journal 2 0 x\n@end 0\n", "format 2"), ("@journal\n", "without version"),
    ("@journal 1 0 x\n@end 0\n", "holds no fault"), ("@journal 1 0 x\n@end 3\n", "3 faults were exported, 0 of them"),
    ("@journal 1 0 x\n@fault 1 2 3\n@end 1\n", "@fault has 3 fields, not 17"),
    ("@journal 1 0 x\n@fault " + "x " * 17 + "\n@end 1\n", "not a number"), ("@journal 1 0 x\n@end\n", "@end without")])
def test_what_is_no_export_is_refused_in_one_line(text, why):
    said = tool("-", given=text, status=1)
    assert why in said and said.startswith("secos-faults: ") and said.count("\n") == 1


def test_other_mistakes(log, tmp_path):
    assert "No such file" in tool(tmp_path / "nothing", status=1)
    assert "no fault 999999" in tool(log, "--fault", 999999, status=1)
    assert "secos-faults:" in tool(log, "-o", tmp_path / "no/such/folder", status=1)
    assert "name a LOG" in tool(status=2) and "name a LOG" in tool(log, "--run", "mem", status=2)
    assert "before its prompt" in tool("--run", "poweroff", status=1)
    assert "journal=off" in tool("--run", "mem", "--options", "journal=off", status=1)
    assert "sequence diagram" in tool("--help")
    assert tool("--run", "run nosuch", status=1).startswith("secos-faults: run: no module called nosuch")
    assert "no such command" in tool("--run", "nonsense", status=1)
    assert tool("--run", "sleep 60", "--timeout", "3", status=1) == "secos-faults: gave up after 3 s\n"


def test_no_files_are_left_behind(tmp_path):
    """Neither when it ended well nor when it gave up."""
    for words in (("mem",), ("sleep 60", "--timeout", "3")):
        subprocess.run([str(TOOL), "--run", *words], capture_output=True, timeout=300, env={**os.environ, "TMPDIR": str(tmp_path)})
    assert not list(tmp_path.iterdir())


def test_the_last_whole_export_counts(log):
    text = log.read_text()
    both = "noise\n" + text + "\nsecos: more noise\n" + text.replace("@journal 1 0", "@journal 1 1")
    assert "faults go to the kernel" in tool("-", given=both)
