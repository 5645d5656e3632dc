#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run the explorer: `run.py walk` through its worlds, `run.py bugs` to see that it finds what is wrong.

  walk [--short]   every state of every scope, or of those that take seconds; what is found must be near
                   what tests/explore/figures.txt says (--update writes it anew), so that no page tells old numbers
  bugs [NAME ...]  for each bug of tests/explore/bugs.txt: edit a copy of the source, build, explore, and see
                   that one of the invariants named there is found broken

make sets the compiler, its flags and the objects in the environment (tests/explore/build.mk).
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shlex
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FIGURES = HERE / "figures.txt"
BUGS = HERE / "bugs.txt"
LINE = re.compile(r"(\w+) +(\d+) states +(\d+) transitions +(\d+) deep, (\d+|all) disturbances.*\n"
                  r" +states by disturbances:([\d ]+);")
# Scopes of the short walk and their disturbances; the long one takes explore.c's own.
SHORT = {"half": None, "tiny": None, "races": 2, "alone": 1, "pair": 0, "crowd": 0, "team": 0, "poor": 0}


def explorer():
    return pathlib.Path(os.environ["BUILD"]) / "explore/explore"


def read_figures():
    """{(scope, disturbances or "all"): (states, transitions, depth, states by disturbances...)}"""
    rows = [line.split() for line in FIGURES.read_text().splitlines() if line and line[0] != "#"]
    return {(scope, most): tuple(map(int, rest)) for scope, most, *rest in rows}


def write_figures(figures):
    head = "\n".join(line for line in FIGURES.read_text().splitlines() if line.startswith("#"))
    rows = [" ".join(map(str, (*key, *value))) for key, value in sorted(figures.items())]
    FIGURES.write_text(head + "\n" + "\n".join(rows) + "\n")


def are_near(old, new):
    """A change of the kernel's steps changes the counts a little; more than a third is another protocol."""
    return all(abs(a - b) * 3 <= max(a, b) for a, b in zip(old[:3], new[:3]))


def walk_one(scope, most):
    """Explore @scope. Returns its figures, or None after printing what is broken."""
    env = dict(os.environ, **({} if most is None else {"EXPLORE_DISTURBANCES": str(most)}))
    done = subprocess.run([explorer(), scope], env=env, capture_output=True, text=True, check=False)
    print(done.stdout + done.stderr, end="", flush=True)
    found = LINE.match(done.stdout)
    if done.returncode != 0 or not found:
        return None
    _, states, transitions, depth, disturbances, layers = found.groups()
    return (scope, disturbances), (int(states), int(transitions), int(depth), *map(int, layers.split()))


def walk(args):
    names = subprocess.run([explorer(), "--names"], capture_output=True, text=True, check=True).stdout.split()
    scopes = subprocess.run([explorer(), "--scopes"], capture_output=True, text=True, check=True).stdout.split()
    known = read_figures()
    good = True
    for scope in SHORT if args.short else scopes:
        result = walk_one(scope, SHORT[scope] if args.short else None)
        if result is None:
            good = False
            continue
        key, figures = result
        if not are_near(known.get(key, figures), figures) and not args.update:
            print(f"explore: figures.txt has {known.get(key)} for this: make explore-update, and see what has changed")
            good = False
        known[key] = figures
    if args.update:
        write_figures(known)
    if good:
        print(f"{len(names)} invariants hold in every state: {' '.join(names)}")
    return good


class Bug:
    """One paragraph of bugs.txt."""

    def __init__(self, text):
        lines = text.strip("\n").splitlines()
        fields = dict(line.split(" ", 1) for line in lines if line[0] not in "+-")
        self.name, self.what, self.file = fields["bug"], fields["what"], fields["file"]
        self.scope, self.disturbances = fields["walk"].split()
        self.found = fields["found"].split()
        self.old = "".join(line[1:] + "\n" for line in lines if line[0] == "-")[:-1]
        self.new = "".join(line[1:] + "\n" for line in lines if line[0] == "+")[:-1]
        self.folder = pathlib.Path(os.environ.get("BUILD", "build")) / "explore/bugs" / self.name

    def edit(self):
        """Put the edited file, and what includes it, into the bug's folder. Returns the .c files there."""
        text = (ROOT / self.file).read_text()
        if text.count(self.old) != 1:
            raise ValueError(f"{self.name}: its lines occur {text.count(self.old)} times in {self.file}")
        name = pathlib.Path(self.file).name
        users = [self.file] if self.file.endswith(".c") else [
            file for file in os.environ["EXPLORE_KERNEL"].split() if f'"{name}"' in (ROOT / file).read_text()]
        for file in {self.file, *users}:
            path = self.folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace(self.old, self.new) if file == self.file else (ROOT / file).read_text())
        return users

    def build(self):
        build, objects = os.environ["BUILD"], os.environ["EXPLORE_OBJECTS"].split()
        compiler = shlex.split(os.environ["EXPLORE_CC"])
        for file in self.edit():
            copy = self.folder / file
            subprocess.run([*compiler, "-w", f"-iquote{pathlib.Path(file).parent}", "-c", copy, "-o", f"{copy}.o"],
                           check=True)
            objects[objects.index(f"{build}/explore/{file}.o")] = f"{copy}.o"
        subprocess.run([*compiler, *objects, "-Wl,-T,tests/explore/kernel_state.ld", "-o", self.folder / "explore"],
                       check=True)

    def try_it(self):
        """Returns (whether it was found as it should be, what to print)."""
        try:
            self.build()
        except (ValueError, subprocess.CalledProcessError) as error:
            return False, f"{self.name}: {error}"
        env = dict(os.environ, EXPLORE_DISTURBANCES=self.disturbances)
        done = subprocess.run([self.folder / "explore", self.scope], env=env, capture_output=True, text=True,
                              timeout=600, check=False)
        found = re.search(r"VIOLATED: (\w+) \(scope \w+, among (\d+) states\)", done.stdout)
        if not found:
            return False, f"{self.name}: NOT FOUND\n{done.stdout}{done.stderr}"
        steps = len(re.findall(r"^ +\d+\. ", done.stdout, re.MULTILINE))
        good = found.group(1) in self.found
        text = f"{self.name:28} {found.group(1):28} {steps:2} steps, {int(found.group(2)):6} states"
        return good, text if good else f"{text}\n  but bugs.txt expects one of: {' '.join(self.found)}\n{done.stdout}"


def read_bugs():
    text = "".join(line for line in BUGS.read_text().splitlines(keepends=True) if line[0] != "#")
    return [Bug(part) for part in re.split(r"\n\n(?=bug )", text.strip("\n")) if part.strip()]


def bugs(args):
    chosen = [bug for bug in read_bugs() if not args.names or bug.name in args.names]
    found = 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for good, text in pool.map(Bug.try_it, chosen):
            print(text, flush=True)
            found += good
    print(f"{found} of {len(chosen)} seeded bugs found")
    return found == len(chosen)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("walk")
    one.add_argument("--short", action="store_true")
    one.add_argument("--update", action="store_true")
    one.set_defaults(run=walk)
    one = commands.add_parser("bugs")
    one.add_argument("names", nargs="*")
    one.add_argument("--jobs", type=int, default=1)
    one.set_defaults(run=bugs)
    args = parser.parse_args()
    os.chdir(ROOT)
    return 0 if args.run(args) else 1


if __name__ == "__main__":
    sys.exit(main())
