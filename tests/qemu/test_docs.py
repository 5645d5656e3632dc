# SPDX-License-Identifier: MIT
"""Claim: every session that README.md and docs/ show is what the system says.
Method: type what stands behind `secos$ ` and compare the output; run the lines
behind `$ ` of the console blocks in a shell. docs/testing.md has the rules."""
import importlib.util
import os
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/tools"))
import check_docs  # noqa: E402

ANYTHING = "..."
LOG_LINE = re.compile(r"secos: ")


NUMBER = r"0x[0-9a-f]+|(?<!\w)[0-9a-f]{12}(?!\w)|\d+\.\d+|\d+"


def is_place(text):
    """Whether the number @text is an address, a page or the like: it stands for any, but
    for the same wherever the session shows it, and for no other."""
    return len(text) > 4 if text.startswith("0x") else "." not in text and (
        len(text) >= 9 or re.search(r"[a-f]", text) is not None)


def number_pattern(text):
    """0 is 0, any other number any other. A short hexadecimal number is an error
    code and means itself; a place is a group, which match() looks at."""
    if is_place(text):
        return r"(0x[0-9a-f]+)" if text.startswith("0x") else r"([0-9a-f]+)"
    if text.startswith("0x"):
        return text
    if "." in text:
        return r"\d+\.\d+"
    return "0" if text == "0" else r"\d*[1-9]\d*"


def line_pattern(line):
    """A regular expression for an expected line, and the places that its groups are."""
    pieces = re.split(rf"(\.\.\.|\s+|{NUMBER})", line.strip())
    pattern = ""
    for piece in pieces:
        if piece == ANYTHING:
            pattern += ".*"
        elif piece.isspace():
            pattern += r"\s+"
        elif re.fullmatch(NUMBER, piece):
            pattern += number_pattern(piece)
        else:
            pattern += re.escape(piece)
    return re.compile(pattern), [p for p in pieces if re.fullmatch(NUMBER, p) and is_place(p)]


def match_line(expected, line, known):
    """@known, {place in the docs: place in the system}, with what these two lines add;
    None if they differ, or one of the two has one place where the other has two."""
    pattern, places = line_pattern(expected)
    found = pattern.fullmatch(line.strip())
    if not found:
        return None
    known = dict(known)
    for told, said in zip(places, found.groups()):
        told, said = int(told, 16), int(said, 16)
        if known.setdefault(told, said) != said or list(known.values()).count(said) > 1:
            return None
    return known


def match(expected, output, known):
    """As match_line(), for lines. A line of three dots stands for any lines; the kernel's
    own log lines may come in between."""
    if not expected:
        return known if all(LOG_LINE.match(line) for line in output) else None
    if expected[0] == ANYTHING:
        tries = (match(expected[1:], output[i:], known) for i in range(len(output) + 1))
        return next((found for found in tries if found is not None), None)
    if not output:
        return None
    more = match_line(expected[0], output[0], known)
    found = match(expected[1:], output[1:], more) if more is not None else None
    if found is None and LOG_LINE.match(output[0]):
        found = match(expected, output[1:], known)
    return found


def matches(expected, output, known=None):
    """Whether lines @output are what lines @expected say; @known of the session grows."""
    found = match(expected, output, known or {})
    if found is not None and known is not None:
        known.update(found)
    return found is not None


def lines_of(text):
    return [line.strip() for line in text.replace("\r", "").split("\n") if line.strip()]


def all_sessions():
    for page in check_docs.pages():
        for first, options, steps in check_docs.sessions(page):
            yield pytest.param(options, steps, id=f"{page.name}:{first}")


def all_consoles():
    for page in check_docs.pages():
        for info, first, lines in page.blocks:
            if info == "console":
                yield pytest.param(lines, id=f"{page.name}:{first}")


def type_command(machine, typed, expected):
    """Type @typed; an expected line ^C is typed when the one before it has come."""
    if "^C" not in expected:
        return machine.command(typed)
    machine.send(typed + "\r")
    machine.expect("\n")
    begin = len(machine.log)
    before = expected[: expected.index("^C")]
    if before:
        machine.expect(line_pattern(before[-1])[0].pattern)
    machine.send("\x03")
    machine.prompt()
    return machine.log[begin : machine.log.rindex("secos$ ")]


@pytest.mark.parametrize("options, steps", list(all_sessions()))
def test_session_in_the_docs_is_true(start, options, steps):
    arguments = {key: int(value) if value.isdigit() else value for key, value in options.items()}
    machine = start(**arguments)
    machine.prompt(120)
    known = {}
    for typed, lines in steps:
        expected = lines_of("\n".join(lines))
        for number in filter(is_place, re.findall(NUMBER, typed)):  # what was typed is meant
            known.setdefault(int(number, 16), int(number, 16))
        output = lines_of(type_command(machine, typed, expected))
        assert matches(expected, output, known), f"secos$ {typed}\nthe docs:\n" + "\n".join(expected) + (
            "\nthe system:\n" + "\n".join(output) + f"\nplaces before: {known}")


def console_steps(lines):
    """[(command, [line of output])]; `$ cat NAME` with lines below makes the file."""
    steps = []
    for line in lines:
        if line.startswith("$ "):
            steps.append((line[2:], []))
        elif steps:
            steps[-1][1].append(line)
    return steps


@pytest.mark.parametrize("lines", list(all_consoles()))
def test_console_block_in_the_docs_is_true(lines, tmp_path):
    (tmp_path / "SecOS").symlink_to(ROOT)
    known = {}
    for command, output in console_steps(lines):
        shown = re.fullmatch(r"cat ([\w.-]+)", command)
        if shown and output:
            (tmp_path / shown[1]).write_text("\n".join(output) + "\n")
            continue
        done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=240, env={**os.environ})
        assert matches(lines_of("\n".join(output)), lines_of(done.stdout), known), f"$ {command}\n{done.stdout}{done.stderr}"


def test_the_comparison_itself():
    assert matches(["a 0 b 7"], ["a  0 b 12"]) and not matches(["a 0"], ["a 3"]) and not matches(["a 3"], ["a 0"])
    assert matches(["x", "...", "y"], ["x", "1", "2", "y"]) and not matches(["x", "y"], ["x", "1", "y"])
    assert matches(["error 0x7, rip 0x400078"], ["secos: log", "error 0x7, rip 0x400abc"])
    assert not matches(["error 0x7"], ["error 0x6"])
    same = ["at 0x401000", "at 0x401000"]
    assert matches(same, ["at 0x5000", "at 0x5000"]) and not matches(same, ["at 0x5000", "at 0x6000"])
    two = ["0x401000 000000402000"]
    assert matches(two, ["0x77000 000000088000"]) and not matches(two, ["0x77000 000000077000"])
    known = {}
    assert matches(["0x401000"], ["0x5000"], known) and not matches(["0x401000"], ["0x6000"], known)
    assert matches(["...", "at 0x401000", "is 0x401000"], ["at 0x5000", "at 0x6000", "is 0x6000"])


def test_figures_in_sentences_are_looked_up():
    page = check_docs.Page(ROOT / "docs/ipc.md")
    kept = check_docs.kept_rows()["ipc_roundtrip"]
    assert not list(check_docs.check_figures(page))
    page.prose = [line.replace(f"costs {kept} instructions", f"costs {kept + 1} instructions") for line in page.prose]
    assert [name for _, name, _ in check_docs.told_figures(page)] == ["ipc_roundtrip"]
    assert len(list(check_docs.check_figures(page))) == 1


@pytest.mark.skipif(importlib.util.find_spec("sphinx") is None or importlib.util.find_spec("furo") is None,
                    reason="sphinx is missing: tools/setup docs installs it")
def test_the_book_is_made_without_a_warning_and_needs_no_network(tmp_path):
    done = subprocess.run(["make", "-s", "docs-html", f"BUILD={tmp_path}"], cwd=ROOT, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=240)
    assert done.returncode == 0 and not done.stderr, done.stdout + done.stderr
    made = sorted((tmp_path / "docs").rglob("*.html"))
    wanted = [p for p in (ROOT / "docs").rglob("*.md") if p != ROOT / "docs/README.md"]
    assert len(made) > len(wanted) and (tmp_path / "docs/labs/3-regions.html").exists()
    for page in made:
        assert 'class="xref' not in page.read_text(), f"{page} has a link that leads nowhere"
        loads = re.findall(r'<(?:link|script|img)[^>]*(?:href|src)="(\w+:)?//[^"]*"', page.read_text())
        assert not loads, f"{page} loads from elsewhere"
    for style in (tmp_path / "docs").rglob("*.css"):
        assert not re.search(r"url\([\"']?(https?:)?//", style.read_text()), f"{style} loads from elsewhere"
