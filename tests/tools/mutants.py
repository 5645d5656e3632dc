#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Seeded bugs: do the tests notice? Each tests/mutants/NAME.patch takes one protection out:

    Breaks: what no longer holds
    Rows: H7 H8                        rows of the table of attacks, or -
    Tests: tests/qemu/test_x.py::test_y    what must fail then; or `host NAME`, `image`

    mutants.py --check       every patch still finds its place, every test it names exists
    mutants.py [NAME ...]    apply each to a copy of the tree, build, run the tests it names;
                             if they pass, every other test. Fails if one survives.
    mutants.py --sample 2    only so many, chosen by --seed (printed), and only the named tests

The copies stand in $BUILD/mutants, one for each job, and begin with the objects of $BUILD: a
mutant compiles only what it changes. A hunk is put where its lines stand, wherever that has
moved to: with all its context, else with less, at the place nearest to where it was.
"""
import argparse
import os
import pathlib
import queue
import random
import re
import shutil
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATCHES = ROOT / "tests/mutants"
# Names begin with what is broken; so many there must be at least.
AT_LEAST = {"entry": 6, "memory": 6, "fault": 4, "ipc": 4, "elf": 4, "task": 3, "sys": 3, "": 30}
# Not part of the objects that a copy begins with.
OTHER_BUILDS = shutil.ignore_patterns("mutants", "clang", "ubsan", "kasan", "coverage", "docs", "fuzz", "sources", "*.iso")
# No test of what the shipped system does to a hostile program.
NOT_ASKED = {"test_docs.py", "test_setup.py", "test_sdk.py", "test_sanitize.py", "test_secos_cc.py", "test_c_library.py",
             "test_real_programs.py", "test_programs.py", "test_gdb.py"}


class Bad(Exception):
    """A patch that says something wrong."""


# --- patches -----------------------------------------------------------------------

class Patch:
    def __init__(self, path):
        self.name = path.stem
        text = path.read_text()
        self.fields = dict(re.findall(r"^(Breaks|Rows): (.+)$", text, re.MULTILINE))
        self.tests = re.findall(r"^Tests: (.+)$", text, re.MULTILINE)
        if set(self.fields) != {"Breaks", "Rows"} or not self.tests:
            raise Bad(f"{self.name}: wants lines `Breaks:`, `Rows:` and `Tests:`")
        self.hunks = []  # (file, its first line in the file then, lines with marks)
        file = None
        for line in text.split("\n"):
            if line.startswith("+++ b/"):
                file = line[6:]
            elif line.startswith("@@"):
                self.hunks.append((file, int(re.match(r"@@ -(\d+)", line)[1]), []))
            elif self.hunks and line[:1] in (" ", "+", "-") and not line.startswith(("--- ", "+++ ")):
                self.hunks[-1][2].append(line)
        if not self.hunks:
            raise Bad(f"{self.name}: no hunk")

    def files(self):
        return sorted({file for file, _, _ in self.hunks})

    def apply(self, tree):
        """{file: new text}; raises Bad if a hunk has no place."""
        texts = {}
        for file, first, lines in self.hunks:
            if file not in texts:
                if not (tree / file).exists():
                    raise Bad(f"{self.name}: {file} is gone")
                texts[file] = (tree / file).read_text()
            texts[file] = place(self.name, texts[file], first, lines)
        return texts


def place(name, text, first, hunk):
    """@text with @hunk applied, which began at line @first when it was written."""
    changed = [i for i, line in enumerate(hunk) if line[0] != " "]
    for context in range(3, -1, -1):
        part = hunk[max(0, changed[0] - context):changed[-1] + 1 + context]
        old = "".join(line[1:] + "\n" for line in part if line[0] != "+")
        new = "".join(line[1:] + "\n" for line in part if line[0] != "-")
        places = [m.start() for m in re.finditer(rf"(?m)^{re.escape(old)}", text)] if old else []
        if places:
            at = min(places, key=lambda start: abs(text.count("\n", 0, start) + 1 - first))
            return text[:at] + new + text[at + len(old):]
    raise Bad(f"tests/mutants/{name}.patch finds no place any more: make its lines those of the tree as it is now")


def patches(names=()):
    found = [Patch(path) for path in sorted(PATCHES.glob("*.patch"))]
    unknown = set(names) - {p.name for p in found}
    if unknown:
        sys.exit(f"mutants: no patch {', '.join(sorted(unknown))}")
    return [p for p in found if not names or p.name in names]


def host_tests():
    return " ".join(re.findall(r"^HOST_TESTS \+= (.*)$", (ROOT / "tests/host/build.mk").read_text(), re.MULTILINE)).split()


def test_exists(test):
    kind, _, name = test.partition(" ")
    if kind == "host":
        return name in host_tests()
    if test == "image":
        return True
    path, _, function = test.partition("::")
    file = ROOT / path
    return file.exists() and (not function or re.search(rf"^def {re.escape(function.partition('[')[0])}\(",
                                                         file.read_text(), re.MULTILINE))


def check():
    """What `make lint` asks."""
    wrong = []
    names = []
    for path in sorted(PATCHES.glob("*.patch")):
        try:
            patch = Patch(path)
            names.append(patch.name)
            for file, text in patch.apply(ROOT).items():
                if text == (ROOT / file).read_text():
                    wrong.append(f"{patch.name}: changes nothing in {file}")
        except Bad as why:
            wrong.append(str(why))
            continue
        wrong += [f"{patch.name}: there is no test {test}" for test in patch.tests if not test_exists(test)]
    for prefix, least in AT_LEAST.items():
        count = sum(name.startswith(prefix) for name in names)
        if count < least:
            wrong.append(f"{count} mutants {prefix or 'in all'}, at least {least} are wanted")
    for line in wrong:
        print(line)
    return 1 if wrong else 0


# --- a copy of the tree ----------------------------------------------------------------

class Copy:
    def __init__(self, build, pristine, number):
        self.pristine = pristine
        self.tree = build / "mutants" / f"tree{number}"
        self.build = self.tree / "build"
        self.log = build / "mutants" / f"log{number}"
        listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
        files = [f for f in listed.stdout.split("\n") if f and (ROOT / f).is_file()]
        if not files:
            files = [str(p.relative_to(ROOT)) for p in ROOT.rglob("*") if p.is_file() and "build" not in p.parts]
        shutil.rmtree(self.tree, ignore_errors=True)
        for file in files:
            (self.tree / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / file, self.tree / file)
        shutil.copytree(pristine, self.build)
        modules = self.build / "modules"
        stat = modules.stat()
        modules.write_text(modules.read_text().replace(str(build), str(self.build)))
        os.utime(modules, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        self.originals = {}
        self.since = 0
        # Flags differ in the path they write into debug information; that is no reason to build anew.
        self.make("build/flags")
        os.utime(self.build / "flags", (0, 0))

    def mutate(self, patch):
        """Put the changed files there; all else is as it was built."""
        self.since = time.time_ns()
        for file, text in patch.apply(self.tree).items():
            path = self.tree / file
            stat = path.stat()
            self.originals[path] = (path.read_text(), stat.st_mtime_ns)
            path.write_text(text)

    def restore(self):
        """Undo it: sources with their old times, and whatever was built since as it was."""
        for path, (text, mtime) in self.originals.items():
            path.write_text(text)
            os.utime(path, ns=(mtime, mtime))
        self.originals = {}
        for path in self.build.rglob("*"):
            if path.is_file() and path.stat().st_mtime_ns >= self.since:
                path.unlink()
                old = self.pristine / path.relative_to(self.build)
                if old.exists() and path.name != "modules":
                    shutil.copy2(old, path)

    def run(self, words, timeout=1800, **environment):
        """Run @words in the copy; (whether all was well, output)."""
        done = subprocess.run(words, cwd=self.tree, capture_output=True, text=True, errors="replace", timeout=timeout,
                              stdin=subprocess.DEVNULL,
                              env={**os.environ, "BUILD": "build", "MAKEFLAGS": "", "MAKELEVEL": "0", **environment})
        text = done.stdout + done.stderr
        with open(self.log, "a") as log:
            log.write(f"$ {' '.join(map(str, words))}\n{text}\n")
        return done.returncode == 0, text

    def make(self, *targets):
        return self.run(["make", "--no-print-directory", *targets])


def first_failure(text):
    """What a test run says is wrong, in one line."""
    found = re.search(r"^(?:FAILED|ERROR) \S*?::(\S+)(?: - (.*))?$", text, re.MULTILINE)
    if found:
        return f"{found[1]}: {(found[2] or '').strip()}"
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("make")]
    return lines[-1].strip() if lines else "no output"


def caught_by(copy, test):
    """Run one test; None if it passes, else why it does not."""
    kind, _, name = test.partition(" ")
    if kind == "host":
        well, text = copy.make(f"host-test-{name}")
    elif test == "image":
        well, text = copy.make("lint-image")
    else:
        well, text = copy.run([sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", "-q", "-x",
                               "--timeout", "240", test],
                              SECOS_OPTIONS="test", COLUMNS="200", SECOS_TIMEOUT=os.environ.get("SECOS_TIMEOUT", "30"))
        if " skipped" in text and " passed" not in text:
            return None
    return None if well else first_failure(text)


def other_tests(patch):
    named = {test.partition("::")[0] for test in patch.tests if "/" in test}
    files = [f"tests/qemu/{p.name}" for p in sorted((ROOT / "tests/qemu").glob("test_*.py")) if p.name not in NOT_ASKED]
    return [f for f in files if f in named] + [f"host {name}" for name in host_tests()] + [f for f in files if f not in named]


def judge(copy, patch, only_named):
    """(outcome, text): what became of @patch."""
    try:
        copy.mutate(patch)
        well, text = copy.make("build/kernel.elf", "programs", "build/modules")
        if not well:
            error = re.search(r"^.*(?:error:|undefined reference).*$", text, re.MULTILINE)
            return "broken", f"does not build: {error[0] if error else first_failure(text)}"
        for test in patch.tests:
            why = caught_by(copy, test)
            if why is not None:
                return "caught", f"{test}: {why}"
        if not only_named:
            for test in other_tests(patch):
                why = caught_by(copy, test)
                if why is not None:
                    return "elsewhere", f"{test}: {why}"
        return "SURVIVED", f"passes {', '.join(patch.tests)}"
    except Bad as why:
        return "broken", str(why)
    except subprocess.TimeoutExpired as why:
        return "caught", f"no end: {why}"
    finally:
        copy.restore()


def run(chosen, build, jobs, only_named):
    todo = queue.Queue()
    for patch in chosen:
        todo.put(patch)
    results = {}
    lock = threading.Lock()

    def work(number):
        copy = Copy(build, pristine, number)
        while True:
            try:
                patch = todo.get_nowait()
            except queue.Empty:
                break
            start = time.monotonic()
            outcome, text = judge(copy, patch, only_named)
            with lock:
                results[patch.name] = outcome
                print(f"{patch.name:<32} {outcome:<9} {time.monotonic() - start:5.1f} s  {text[:160]}", flush=True)
        shutil.rmtree(copy.tree, ignore_errors=True)

    pristine = build / "mutants/pristine"  # what is built meanwhile in $BUILD is of no concern here
    shutil.rmtree(build / "mutants", ignore_errors=True)
    shutil.copytree(build, pristine, ignore=OTHER_BUILDS)
    threads = [threading.Thread(target=work, args=(number,)) for number in range(min(jobs, len(chosen)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    bad = sorted(name for name in (p.name for p in chosen) if results.get(name) not in ("caught", "elsewhere"))
    print(f"{len(chosen)} mutants, {len(chosen) - len(bad)} caught" + (f"; not: {', '.join(bad)}" if bad else ""))
    return 1 if bad else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    if arguments.check:
        sys.exit(check())
    build = (ROOT / os.environ.get("BUILD", "build")).resolve()
    try:
        chosen = patches(arguments.names)
    except Bad as why:
        sys.exit(f"mutants: {why}")
    if arguments.sample:
        os.environ.setdefault("SECOS_TIMEOUT", "15")  # many mutants hang, and it is make check that waits
        print(f"a sample of {arguments.sample} of {len(chosen)}: --seed {arguments.seed}")
        chosen = random.Random(arguments.seed).sample(chosen, min(arguments.sample, len(chosen)))
    sys.exit(run(chosen, build, arguments.jobs, bool(arguments.sample)))


if __name__ == "__main__":
    main()
