# SPDX-License-Identifier: MIT
"""What SecOS's shell prints for `faults export` (docs/journal.md), read."""
from dataclasses import dataclass, field

VERSION = 1
PAGE = 4096
VERDICTS = {1: "ZERO", 2: "MOVE", 3: "SHARE", 4: "COPY", 5: "FAIL", 16: "cancelled", 17: "object", 18: "refused",
            19: "no pager", 20: "no memory"}
KINDS = {0: "no region", 1: "image", 2: "stack", 3: "heap", 4: "anonymous", 5: "file", 6: "guard", 7: "device"}
PLACEMENTS = {0: "a server", 1: "the kernel", 2: "the process itself"}
FAULT_FIELDS = ("sequence", "client", "page", "access", "verdict", "run", "kind", "region", "pager", "id", "trap",
                "delivered", "replied", "resumed", "entries", "cr3", "flushes")
REGION_FIELDS = ("process", "id", "first", "pages", "kind", "prot", "source", "pager")
HEX = {"page", "id", "first"}


class JournalError(Exception):
    """The text is no export, or not a whole one; one line."""


@dataclass
class Fault:
    """One row; times are ticks since the trap, 0 = did not happen."""
    sequence: int
    client: int
    page: int
    access: int
    verdict: int
    run: int
    kind: int
    region: int
    pager: int
    id: int
    trap: int
    delivered: int
    replied: int
    resumed: int
    entries: int
    cr3: int
    flushes: int

    @property
    def answer(self):
        return VERDICTS.get(self.verdict, f"verdict {self.verdict}")

    @property
    def why(self):
        return "write" if self.access & 2 else "execute" if self.access & 4 else "read"

    @property
    def came(self):
        """Whether it ended with the page there."""
        return self.verdict in (1, 2, 3, 4, 17)

    @property
    def shape(self):
        """Who took part: "server", "self" or "kernel"."""
        if self.delivered == 0:
            return "kernel"
        return "self" if self.pager == self.client else "server"

    @property
    def phases(self):
        """(ask, decide, map) in ticks; what did not happen is 0."""
        if self.delivered == 0:
            return 0, 0, self.resumed
        replied = self.replied or self.resumed
        return self.delivered, replied - self.delivered, self.resumed - replied


@dataclass
class Region:
    process: int
    id: int
    first: int
    pages: int
    kind: int
    prot: int
    source: int
    pager: int


@dataclass
class Journal:
    placement: int
    system: str
    faults: list = field(default_factory=list)
    names: dict = field(default_factory=dict)
    regions: list = field(default_factory=list)

    def name(self, process):
        """"shell", or "process 7" for one that nobody remembers."""
        return "kernel" if process == 0 else self.names.get(process) or f"process {process}"

    @property
    def placed(self):
        return PLACEMENTS.get(self.placement, "?")


def _row(kind, names, words, number):
    if len(words) != len(names):
        raise JournalError(f"line {number}: @{kind.__name__.lower()} has {len(words)} fields, not {len(names)}")
    try:
        return kind(**{n: int(w, 16 if n in HEX else 10) for n, w in zip(names, words)})
    except ValueError:
        raise JournalError(f"line {number}: not a number among {' '.join(words)!r}") from None


def _end(journal, words, number):
    if len(words) != 1 or not words[0].isdigit():
        raise JournalError(f"line {number}: @end without a count")
    if int(words[0]) != len(journal.faults):
        raise JournalError(f"line {number}: {words[0]} faults were exported, {len(journal.faults)} of them are here")


def parse(text):
    """The last export in @text, which may hold anything else before and after."""
    found, journal = None, None
    for number, line in enumerate(text.splitlines(), 1):
        word, *rest = line.strip().split() or [""]
        if word == "@journal":
            if len(rest) < 2 or not rest[0].isdigit() or not rest[1].isdigit():
                raise JournalError(f"line {number}: @journal without version and placement")
            if int(rest[0]) != VERSION:
                raise JournalError(f"line {number}: format {rest[0]}; this tool reads format {VERSION}")
            journal = Journal(int(rest[1]), " ".join(rest[2:]))
        elif journal is None:
            continue
        elif word == "@process" and len(rest) >= 3 and rest[0].isdigit():
            journal.names[int(rest[0])] = " ".join(rest[2:])
        elif word == "@region":
            journal.regions.append(_row(Region, REGION_FIELDS, rest, number))
        elif word == "@fault":
            journal.faults.append(_row(Fault, FAULT_FIELDS, rest, number))
        elif word == "@end":
            _end(journal, rest, number)
            found, journal = journal, None
    if journal is not None:
        raise JournalError("the export has no end: the line was cut off")
    if found is None:
        raise JournalError("no export here; type `faults export` in SecOS's shell and keep what it prints")
    if not found.faults:
        raise JournalError("the export holds no fault (was the machine booted with journal=off?)")
    return found
