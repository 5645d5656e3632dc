#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Do the docs still tell of this tree? Run by `make lint`.

  links        every link leads to a page, every #anchor to a heading of it
  pages        every page under docs/ is reached from docs/README.md
  `paths`      a file in backticks exists (`kernel/mm/pmm.c`, `pmm.c`, `vmm_*.c`, `<arch/mmu.h>`)
  `names`      a function in backticks is defined, any other name with an underscore occurs
  `make x`     is a target; so is every make command in an ```sh block
  ```secos     blocks type only commands that the shell has
  figures      "`ROW` ... N instructions" is what tests/bench/baseline.json keeps
  docs/abi.md  lists every system call with its number, arguments, class and group

Parts between <!-- begin NAME --> and <!-- end NAME --> are written by this script:
--fix writes them anew, and the plots of docs/pictures/growth_*.svg (growth_plots.py).
Names of other systems are set in italics, not in backticks.
docs/testing.md tells how ```secos and ```console blocks are run.
"""
import argparse
import functools
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/tools"))
import growth_plots  # noqa: E402
import performance_tables  # noqa: E402
import size_report  # noqa: E402

SOURCE = {".c", ".h", ".asm", ".inc", ".py", ".mk", ".ld", ".cfg", ""}
INCLUDE_ROOTS = ("kernel", "kernel/abi", "lib/base/include", "lib/libsecos/include", "tests/host/fakes/include")
# The published interface of the memory core: docs/abi.md prints it,
# tests/host/test_published_api.c takes the address of each.
PUBLISHED = {
    "kernel/mm/pmm.h": "pmm_init pmm_alloc_frame pmm_free_frame pmm_get_total_memory pmm_get_used_memory "
                       "pmm_get_free_memory pmm_print_stats",
    "kernel/mm/heap.h": "heap_init kmalloc kmalloc_aligned kfree heap_print_stats",
    "kernel/mm/vmm.h": "vmm_init vmm_map vmm_unmap vmm_translate vmm_alloc_page vmm_space_create_user "
                       "vmm_map_in_space vmm_unmap_in_space vmm_alloc_page_in_space vmm_map_user_code_in_space "
                       "vmm_alloc_user_page_in_space vmm_alloc_user_stack_in_space vmm_translate_in_space "
                       "vmm_harden_user_space",
    "kernel/task/loader.h": "elf_unload_process",
}


# --- the tree ------------------------------------------------------------------

@functools.cache
def tree_files():
    """Every file of the project, as posix paths; without git, all but build/."""
    done = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode == 0:
        return sorted(f for f in set(done.stdout.split("\n")) if f and (ROOT / f).is_file())
    return sorted(p.relative_to(ROOT).as_posix() for p in ROOT.rglob("*")
                  if p.is_file() and not {"build", ".git"} & set(p.parts))


@functools.cache
def sources():
    """Text of all that is not documentation."""
    chosen = [f for f in tree_files() if pathlib.Path(f).suffix in SOURCE and not f.startswith(("docs/", "tests/fuzz/corpus"))]
    return {f: (ROOT / f).read_text(errors="replace") for f in chosen}


@functools.cache
def words():
    return set().union(*(re.findall(r"[A-Za-z_]\w*", text) for text in sources().values()))


@functools.cache
def functions():
    """Names followed by a parenthesis, and labels of assembly."""
    found = set()
    for path, text in sources().items():
        found |= set(re.findall(r"([A-Za-z_]\w*)\s*\(", text))
        if path.endswith((".asm", ".inc")):
            found |= set(re.findall(r"^([A-Za-z_]\w*):", text, re.MULTILINE))
    # system calls are named by their row; their handlers are sys_NAME
    return found | {name for name, *_ in syscall_rows()}


@functools.cache
def make_targets():
    found = set()
    for path, text in sources().items():
        if path == "Makefile" or path.endswith(".mk"):
            for names in re.findall(r"^([a-z][a-z0-9 -]*):(?!=)", text, re.MULTILINE):
                found |= set(names.split())
    hosts = (re.match(r"tests/host/test_(\w+)\.c$", path) for path in sources())
    return found | {f"host-test-{host[1]}" for host in hosts if host}


@functools.cache
def shell_commands():
    text = sources()["servers/shell/commands.c"]
    return set(re.findall(r'^    \{ "(\w+)",', text, re.MULTILINE))


@functools.cache
def syscall_rows():
    """(name, number, arguments, class, group) of every row of SYSCALL_LIST."""
    text = (ROOT / "kernel/abi/secos/syscall.h").read_text()
    first = int(re.search(r"#define SYS_FIRST (\w+)", text)[1], 0)
    rows = re.findall(r"^\s+X\((\w+),\s*(\w+),\s*(\d+),\s*(\w+),\s*(\w+)\)", text, re.MULTILINE)
    return [(name, first + int(offset, 0), int(count), kind, group) for name, offset, count, kind, group in rows]


# --- pages -----------------------------------------------------------------------

class Page:
    """A Markdown file: its fenced blocks, and its prose with them blanked out."""

    def __init__(self, path):
        self.path = path
        self.name = path.relative_to(ROOT).as_posix()
        self.text = path.read_text()
        self.blocks = []  # (info string, number of the first line, lines)
        prose, block = [], None
        for number, line in enumerate(self.text.split("\n"), 1):
            fence = re.match(r"```+\s*(.*)$", line)
            if block is None and fence:
                block = (fence[1].strip(), number + 1, [])
            elif block is not None and re.match(r"```+\s*$", line):
                self.blocks.append(block)
                block = None
            elif block is not None:
                block[2].append(line)
                line = ""
            prose.append("" if fence else line)
        self.prose = prose

    def headings(self):
        for line in self.prose:
            found = re.match(r"#+ (.*)", line)
            if found:
                text = re.sub(r"[`*]", "", found[1]).strip().lower()
                yield re.sub(r"[^\w\- ]", "", text).replace(" ", "-")

    def links(self):
        for number, line in enumerate(self.prose, 1):
            bare = re.sub(r"`[^`]*`", "", line)
            for target in re.findall(r"\]\(([^)\s]+)\)", bare):
                if not re.match(r"\w+:", target):
                    yield number, target

    def spans(self):
        for number, line in enumerate(self.prose, 1):
            for span in re.findall(r"(?<!`)`([^`]+)`(?!`)", line):
                yield number, span.strip()


def pages():
    names = ["README.md", "CONTRIBUTING.md"]
    names += sorted(p.relative_to(ROOT).as_posix() for p in (ROOT / "docs").rglob("*.md"))
    names += sorted(p.relative_to(ROOT).as_posix() for p in (ROOT / "labs").glob("[0-9]*/README.md"))
    return [Page(ROOT / name) for name in names if (ROOT / name).exists()]


def sessions(page):
    """The ```secos blocks of @page: [(first line, options, [(typed line, [expected line])])].
    Options follow the word, as in ```secos options="pager=kernel" memory=64."""
    found = []
    for info, first, lines in page.blocks:
        if not re.match(r"secos\b", info):
            continue
        options = dict((key, quoted or plain) for key, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|(\S+))', info))
        steps = []
        for line in lines:
            typed = re.match(r"secos\$ (.*)$", line)
            if typed:
                steps.append((typed[1], []))
            elif steps:
                steps[-1][1].append(line)
        found.append((first, options, steps))
    return found


# --- checks: each yields (line, what is wrong) --------------------------------------

def check_links(page, known):
    for number, target in page.links():
        path, _, anchor = target.partition("#")
        there = (page.path.parent / path).resolve() if path else page.path
        if not there.exists():
            yield number, f"link to {target}: no such file"
        elif anchor and there in known and anchor not in set(known[there].headings()):
            yield number, f"link to {target}: no such heading"


def is_path(span):
    return re.fullmatch(r"[\w./*{},-]+\.(c|h|asm|inc|py|md|mk|ld|cfg|yml|txt)", span) or (
        re.fullmatch(r"[\w.-]+(/[\w.*-]+)*/", span) and "//" not in span)


def expand(span):
    braces = re.search(r"\{([^}]*)\}", span)
    if not braces:
        return [span]
    return [x for part in braces[1].split(",") for x in expand(span.replace(braces[0], part, 1))]


def path_exists(span):
    if span.startswith("build/"):
        return True  # made, not kept
    pattern = re.escape(span).replace(r"\*", "[^/]*")
    pattern += ".*" if span.endswith("/") else ""
    return any(re.search(rf"(^|/){pattern}$", f) for f in tree_files())


def header_exists(name):
    return any((ROOT / root / name).exists() for root in INCLUDE_ROOTS)


def name_is_known(name):
    if name.endswith("*"):
        return any(word.startswith(name[:-1]) for word in words())
    return name in words() or name in {row[0] for row in syscall_rows()} or "sys_" + name in words()


def check_spans(page):
    for number, span in page.spans():
        header = re.fullmatch(r"<([\w./]+\.h)>", span)
        call = re.fullmatch(r"([A-Za-z_]\w*)\(.*\)", span)
        target = re.fullmatch(r"(?:\$ )?make ([a-z-]+)\b.*", span)
        if header:
            if not header_exists(header[1]):
                yield number, f"`{span}`: no such header"
        elif is_path(span):
            for one in expand(span):
                if not path_exists(one):
                    yield number, f"`{one}`: no such file"
        elif target:
            if target[1] not in make_targets():
                yield number, f"`{span}`: no such target"
        elif call:
            if call[1] not in functions():
                yield number, f"`{span}`: no such function"
        else:
            for name in re.findall(r"(?<![\w$.%-])((?:[a-z]\w*_\w+|[A-Z][A-Z0-9]*_[A-Z0-9_]+)\*?)(?![\w=])", span):
                if not name_is_known(name):
                    yield number, f"`{name}` occurs nowhere in the sources"


def check_blocks(page):
    for first, _, steps in sessions(page):
        for typed, _ in steps:
            word = typed.split()[0] if typed.split() else ""
            if word and word not in shell_commands():
                yield first, f"the shell has no command {word!r}"
    for info, first, lines in page.blocks:
        if info not in ("sh", "console"):
            continue
        for number, line in enumerate(lines, first):
            command = re.sub(r"^\$ ", "", line)
            for target in re.findall(r"(?:^|&& |; )make ([a-z][a-z_-]*)\b(?!=)", command):
                if target not in make_targets():
                    yield number, f"make {target}: no such target"
            for path in re.findall(r"(?<![\w./])((?:tools|tests|kernel|servers|lib|docs|boot)/[\w./-]+)", command):
                if not (ROOT / path.rstrip(".")).exists():
                    yield number, f"{path}: no such file"


@functools.cache
def kept_rows():
    path = ROOT / "tests/bench/baseline.json"
    return {name: row["instructions"] for name, row in json.loads(path.read_text()).items()} if path.exists() else {}


def told_figures(page):
    """(line, row of `make bench`, figure) of what @page tells outside of the generated tables: a row of a table
    that begins with the name, "`name` ... 12 instructions" within a sentence, and what a console shows."""
    generated = {n for found, _, _ in written_parts(page)
                 for n in range(page.text[:found.start()].count("\n") + 1, page.text[:found.end()].count("\n") + 2)}
    figure = r"([\d,]+(?:\.\d+)?)"
    for number, line in enumerate(page.prose, 1):
        if number in generated:
            continue
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        row = re.fullmatch(r"`(\w+)`", cells[0]) if cells else None
        told = next((m for m in (re.fullmatch(rf"{figure}( instructions.*)?", cell) for cell in cells) if m), None)
        if row and told:
            yield number, row[1], told[1]
        for found in re.finditer(rf"`(\w+)`[^`.;|]* {figure} instructions", line + " " + "".join(page.prose[number:number + 1])):
            if found.start() < len(line):
                yield number, found[1], found[2]
    for info, first, lines in page.blocks:
        for number, line in enumerate(lines, first):
            for name, told in re.findall(rf"^(\w+): .*\(kept figure: {figure}\)", line):
                yield number, name, told


def check_figures(page):
    """Decisions tell of the day on which they were made."""
    for number, name, told in () if page.name.startswith("docs/decisions/") else told_figures(page):
        kept = kept_rows().get(name)
        if kept is not None and float(told.replace(",", "")) != kept:
            yield number, f"{name}: {told} here, {kept} in tests/bench/baseline.json"


def check_ascii(page):
    for number, line in enumerate(page.text.split("\n"), 1):
        odd = [c for c in line if ord(c) > 126]
        if odd:
            yield number, f"{odd[0]!r} is not ASCII"


def check_syscalls(page):
    """The tables of docs/abi.md against SYSCALL_LIST."""
    if page.name != "docs/abi.md":
        return
    wanted = {name: (number, count, kind, group.lower()) for name, number, count, kind, group in syscall_rows()}
    group = None
    for number, line in enumerate(page.prose, 1):
        heading = re.match(r"#+ Group (\w+)", line)
        group = heading[1].lower() if heading else group
        row = re.match(r"\| (0x\w+) \| `(\w+)\(([^`]*)\)` \| (\w) \|", line)
        if not row:
            continue
        arguments = [a for a in row[3].split(",") if a.strip()]
        said = (int(row[1], 16), len(arguments), row[4], group)
        if row[2] not in wanted:
            yield number, f"{row[2]} is in no row of SYSCALL_LIST"
        elif said != wanted.pop(row[2]):
            yield number, f"{row[2]}: number, arguments, class or group differ from SYSCALL_LIST"
    for name in wanted:
        yield 1, f"system call {name} is in no table"


def check_reach(all_pages):
    """Every page of docs/ must be reached by links from docs/README.md."""
    known = {p.path: p for p in all_pages}
    todo, seen = [ROOT / "docs/README.md"], set()
    while todo:
        path = todo.pop()
        if path in seen or path not in known:
            continue
        seen.add(path)
        todo += [(path.parent / target.partition("#")[0]).resolve() for _, target in known[path].links()]
    for page in all_pages:
        if page.name.startswith("docs/") and page.path not in seen:
            yield page, 1, "no link leads here from docs/README.md"


def check_published():
    """What abi.md prints, the host test takes the address of."""
    test = sources().get("tests/host/test_published_api.c", "")
    for names in PUBLISHED.values():
        for name in names.split():
            if not re.search(rf"\b{name}\b", test):
                yield f"{name} is published, but tests/host/test_published_api.c does not take its address"


# --- the parts that this script writes -------------------------------------------------

def write_sizes():
    counts = size_report.count_rooms()
    rows = [f"| `{room}/` | {lines} |" for room, lines in counts.items()]
    return ["| room | lines of code |", "| --- | ---: |", *rows, f"| **all that runs in ring 0** | **{sum(counts.values())}** |"]


def write_statuses():
    text = (ROOT / "kernel/abi/secos/status.h").read_text()
    rows = re.findall(r'X\((\w+), (-\d+), "([^"]*)"\)', text)
    return ["| status | value | meaning |", "| --- | ---: | --- |",
            *(f"| `ST_{name}` | {value} | {meaning} |" for name, value, meaning in rows)]


def write_published():
    lines = ["```c"]
    for header, names in PUBLISHED.items():
        text = re.sub(r"/\*.*?\*/", "", (ROOT / header).read_text(), flags=re.DOTALL)
        lines.append(f"/* {header} */")
        for name in names.split():
            found = re.search(rf"^(?:MUST_CHECK )?((?:[\w*]+\s+)*[\w*]+\s*\**){name}(\([^;]*\));", text, re.MULTILINE)
            if not found:
                sys.exit(f"check_docs: no prototype of {name} in {header}")
            lines.append(re.sub(r"\s+", " ", f"{found[1]}{name}{found[2]};").replace("* ", "*").strip())
        lines.append("")
    return lines[:-1] + ["```"]


def write_figures():
    """The kept figures that docs tell of, in the order of tests/bench/run.py's targets."""
    wanted = {"syscall_null": "null system call, `syscall` door", "syscall_null_int80": "null system call, `int 0x80` door",
              "ipc_roundtrip": "call and reply between two processes",
              "fault_pager_cold": "fault through the pager, frame zeroed on the way (518 of it)",
              "fault_pager_prezeroed": "fault through the pager, frame zeroed beforehand",
              "fault_around16_per_page": "the same, 16 pages an answer, per page",
              "fault_pager_cold_no_journal": "the first of these without the fault journal (`journal=off`)",
              "fault_self": "fault answered by the process itself (`pager=self`), zeroed on the way",
              "fault_kernel": "fault answered by the kernel (`pager=kernel`), zeroed on the way",
              "pager_recovery": "the boot pager is killed: until the next fault is served, mean of 500",
              "pager_recovery_worst": "the same, worst",
              "pager_recovery_owing_worst": "the boot pager dies with the fault in hand, worst of 500",
              "region_create_destroy": "region made and destroyed", "spawn_exit_wait": "smallest program: spawn, exit, wait",
              "boot_to_prompt": "first instruction of the kernel to the prompt, 128 MiB"}
    return kept_figures(wanted)


def write_shares():
    """The same of sharing (tests/guests/benchview.c), beside what they are compared with."""
    return kept_figures({
        "fault_pager_prezeroed": "first touch of a private page, frame zeroed beforehand",
        "share_fault": "first touch of a page that the pager shares (SHARE)",
        "cow_fault": "write to a page that another side sees (COPY, with the copy)",
        "cow_fault_in_place": "write to a page that nobody else sees any more (COPY, in place)",
        "view_per_page": "a present page in a child's view, at the spawn",
        "spawn_exit_wait": "smallest program: spawn, exit, wait"})


def kept_figures(wanted):
    """Rows of the baseline as a table; @wanted is {name: what to call it}."""
    path = ROOT / "tests/bench/baseline.json"
    if not path.exists():
        return ["(No baseline is kept yet; `make bench` measures.)"]
    rows = json.loads(path.read_text())
    lines = [f"| {text} | {rows[name]['instructions']} |" for name, text in wanted.items() if name in rows]
    return ["| operation | instructions |", "| --- | ---: |", *lines]


def write_places():
    """What a fault costs where its policy stands."""
    path = ROOT / "tests/bench/baseline.json"
    rows = json.loads(path.read_text()) if path.exists() else {}
    lines = ["| option | zeroed on the way | zeroed beforehand | entries |", "| --- | ---: | ---: | ---: |"]
    for option, name, entries in (("server", "pager", 2), ("kernel", "kernel", 1), ("self", "self", 2)):
        cold = rows.get("fault_pager_cold" if name == "pager" else f"fault_{name}")
        warm = rows.get(f"fault_{name}_prezeroed")
        if cold and warm:
            lines.append(f"| `pager={option}` | {cold['instructions']} | {warm['instructions']} | {entries} |")
    return lines


# Numbers of the table of attacks that were given up.
NO_ROWS = {61, 93, 108}


def write_attacks():
    """Tests that carry the number of a row of the table of attacks."""
    rows = {}
    for path, text in sources().items():
        names = re.findall(r"^def (test_h\d+\w*)\(", text, re.MULTILINE) if path.endswith(".py") else []
        names += re.findall(r"^TEST\((h\d+\w*)\)", text, re.MULTILINE)
        for name in names:
            numbers = re.match(r"(?:test_)?(h\d+(?:_(?:to_)?h\d+)*)", name)[1]
            for first, last in re.findall(r"h(\d+)(?:_to_h(\d+))?", numbers):
                for row in range(int(first), int(last or first) + 1):
                    if row not in NO_ROWS:
                        rows.setdefault(row, []).append((path, name))
    return ["| row | test | in |", "| ---: | --- | --- |",
            *(f"| H{row} | `{name}` | `{path}` |" for row in sorted(rows) for path, name in sorted(rows[row]))]


def write_explorer():
    """What the explorer walked through (tests/explore), and what it must find."""
    folder = ROOT / "tests/explore"
    source = (folder / "explore.c").read_text()
    about = dict(re.findall(r'\{ "(\w+)",\s+"([^"]+)"', source))
    core, plain = (re.findall(rf'\{{ "(\w+)",[^}}]*\.{field} = WITHOUT', source) for field in ("steps", "answers"))
    rows = [line.split() for line in (folder / "figures.txt").read_text().splitlines() if not line.startswith("#")]
    names = re.search(r"look_names\[\] = \{(.*?)NULL", (folder / "look.c").read_text(), re.DOTALL)[1]
    bugs = re.findall(r"^what (.*)", (folder / "bugs.txt").read_text(), re.MULTILINE)
    return ["| world | steps | disturbances | states | steps between them | longest way | states by disturbances |",
            "| --- | --- | ---: | ---: | ---: | ---: | --- |",
            *(f"| {about[scope]} | {'core' if scope in core else 'all but objects' if scope in plain else 'all'} | {most} | {int(states):,} | {int(steps):,} | {depth} "
              f"| {', '.join(layers)} |" for scope, most, states, steps, depth, *layers in rows),
            "", "In every one of these states: " + ", ".join(re.findall(r'"(\w+)"', names)).replace("_", " ") + ".",
            "", f"The {len(bugs)} seeded bugs, each found: " + "; ".join(bugs) + "."]


def write_mutants():
    """The seeded bugs, and the first test that each names."""
    lines = ["| what no longer holds | rows | noticed by |", "| --- | --- | --- |"]
    for path in sorted((ROOT / "tests/mutants").glob("*.patch")):
        text = path.read_text()
        breaks, rows, test = (re.search(rf"^{field}: (.+)$", text, re.MULTILINE)[1] for field in ("Breaks", "Rows", "Tests"))
        name = test.partition("::")[2].partition("[")[0] or test.rpartition("/")[2]
        kind, _, host = test.partition(" ")
        name = {"host": f"make host-test-{host}", "image": "make lint-image"}.get(kind, name)
        lines.append(f"| {breaks} | {rows} | `{name}` |")
    return lines


WRITERS = {"mutants": write_mutants, "attacks": write_attacks, "explorer": write_explorer, "sizes": write_sizes, "statuses": write_statuses, "published": write_published, "figures": write_figures,
           **performance_tables.WRITERS, "places": write_places, "shares": write_shares}


def numbers_are_near(old, new):
    """Line counts change with every commit: only a quarter more or less is a lie."""
    a, b = (list(map(int, re.findall(r"\|\s*\**(\d+)", "\n".join(x)))) for x in (old, new))
    return len(a) == len(b) and all(abs(x - y) <= max(50, y // 4) for x, y in zip(a, b))


def written_parts(page):
    for found in re.finditer(r"<!-- begin (\w+) -->\n(.*?)<!-- end \1 -->", page.text, re.DOTALL):
        yield found, found[1], found[2].split("\n")[:-1]


def check_written(page):
    for found, name, old in written_parts(page):
        new = WRITERS[name]()
        if old != new and not (name == "sizes" and numbers_are_near(old, new)):
            yield page.text[:found.start()].count("\n") + 1, f"{name} is out of date: tests/tools/check_docs.py --fix"


def fix_figures(page, text):
    """@text, which is that of @page below its generated parts or as it was, with the kept figures in it."""
    old, new = page.text.split("\n"), text.split("\n")
    for number, name, told in () if page.name.startswith("docs/decisions/") else told_figures(page):
        kept = kept_rows().get(name)
        if kept is None or float(told.replace(",", "")) == kept:
            continue
        value = f"{kept:,}" if "," in told else str(kept)
        here = next(n for n in (number - 1, number) if re.search(rf"(?<![\d.,]){re.escape(told)}(?![\d.,]*\d)", old[n]))
        at = new.index(old[here])
        new[at] = re.sub(rf"(?<![\d.,]){re.escape(told)}(?![\d.,]*\d)", value, new[at], count=1)
    return "\n".join(new)


def fix(page):
    text = page.text
    for found, name, _ in reversed(list(written_parts(page))):
        text = text[:found.start(2)] + "\n".join(WRITERS[name]()) + "\n" + text[found.end(2):]
    text = fix_figures(page, text)
    if text != page.text:
        page.path.write_text(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fix", action="store_true", help="write the generated parts anew")
    arguments = parser.parse_args()
    all_pages = pages()
    if arguments.fix:
        growth_plots.fix()
        for page in all_pages:
            fix(page)
        all_pages = pages()
    known = {p.path: p for p in all_pages}
    wrong = []
    for page in all_pages:
        checks = [check_links(page, known), check_spans(page), check_blocks(page), check_ascii(page),
                  check_syscalls(page), check_written(page), check_figures(page)]
        wrong += [(page.name, number, what) for check in checks for number, what in check]
    wrong += [(page.name, number, what) for page, number, what in check_reach(all_pages)]
    wrong += [("docs/abi.md", 1, what) for what in check_published()]
    wrong += [(path.relative_to(ROOT).as_posix(), 1, "is not what tests/bench/growth.json says: tests/tools/check_docs.py --fix")
              for path in growth_plots.wrong()]
    for name, number, what in sorted(wrong):
        print(f"{name}:{number}: {what}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
