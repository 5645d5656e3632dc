# SPDX-License-Identifier: MIT
"""The commands. Each only looks, but for ring, break and program."""
import gdb

import follow
import state
from state import PAGE_SHIFT


class Secos(gdb.Command):
    """SecOS: look at processes, regions, page tables, frames and faults.

secos processes            every process and its threads
secos regions [PROCESS]    its regions, as the kernel has them
secos walk ADDRESS [PROCESS]  the page tables, entry by entry
secos frame NUMBER|ADDRESS    whose it is; an address may be physical or physmap
secos frames               how many of each kind
secos faults               what pagers have been asked and have not answered; sets $page
secos ring                 run until the other ring begins
secos break PROGRAM PLACE  stop when that program gets there (a function, FILE:LINE)
secos program NAME FILE    the symbols of a program that is not in the build folder
secos symbols              whose symbols user addresses have now

PROCESS is a number or a name; without it, the one whose space is loaded."""

    def __init__(self):
        super().__init__("secos", gdb.COMMAND_USER, gdb.COMPLETE_NONE, True)

    def invoke(self, argument, from_tty):
        if argument:
            raise gdb.GdbError(f"secos has no subcommand {argument.split()[0]!r}; `help secos` lists them")
        gdb.execute("help secos")


def command(name):
    """Make function @f(words) the command `secos name`."""
    def add(f):
        class Sub(gdb.Command):
            __doc__ = f.__doc__

            def __init__(self):
                super().__init__(f"secos {name}", gdb.COMMAND_USER)

            def invoke(self, argument, from_tty):
                try:
                    f(*gdb.string_to_argv(argument))
                except TypeError as error:
                    if "positional" not in str(error):
                        raise
                    raise gdb.GdbError(f.__doc__.split("\n")[0]) from None
        subcommands.append(Sub)
        return f
    return add


subcommands = []


def write(line=""):
    gdb.write(line + "\n")


@command("processes")
def show_processes():
    """secos processes: every process and its threads. * is the one whose space is loaded."""
    root = state.space_root()
    write("   pid name             parent regions resident   faults  threads")
    for process in state.processes():
        mine = int(process["space"]["tables"]["root"]["raw"]) & state.ADDRESS == root
        threads = [state.thread_state(t) for t in state.entries(process["threads"], "thread", "process_link")]
        write(f" {'*' if mine else ' '}{int(process['id']):4} {state.text(process['name']):16} "
              f"{int(process['parent_id']):6} {int(process['space']['regions']['count']):7} "
              f"{int(process['space']['resident']):8} {int(process['faults']):8}  {', '.join(threads) or '-'}")


@command("regions")
def show_regions(who=""):
    """secos regions [PROCESS]: its regions by address, and who pages them."""
    process = state.find_process(who)
    write(f"{state.text(process['name'])} (process {int(process['id'])})")
    write("  addresses                     now/max    pages kind       first page  binding")
    for region in state.regions(process):
        spec = region["spec"]
        base, pages = int(spec["base"]), int(spec["pages"])
        now, most = state.rights(int(spec["prot"])), state.rights(int(spec["max_prot"]))
        kind = state.REGION_KINDS.get(int(spec["kind"]), "?")
        binding = int(spec["binding"])
        write(f"  {base << PAGE_SHIFT:012x}-{(base + pages) << PAGE_SHIFT:012x}     {now}/{most} {pages:8} "
              f"{kind:10} {int(spec['first_page']):#10x}  {f'{binding:#x}' if binding else '-'}")


def entry_text(level, entry):
    if entry == 0:
        return "empty"
    if not entry & state.PRESENT:
        if entry & state.STATE_MASK == state.STATE_TRANSIT:
            return f"in transit: fault slot {entry >> state.SLOT_SHIFT} (secos faults)"
        return f"not present, state {entry & state.STATE_MASK:#x}"
    names = [name for bit, name in ((state.WRITE, "W"), (state.USER, "U"), (1 << 5, "A"), (1 << 6, "D"),
                                    (1 << 8, "G")) if entry & bit]
    names.append("-" if entry & state.NO_EXECUTE else "X")
    physical = entry & state.ADDRESS
    if level == 1 or (level < 4 and entry & state.LARGE):
        size = 1 << (PAGE_SHIFT + 9 * (level - 1))
        return f"maps {size // 1024} KiB at {physical & -size:#x}  {' '.join(names)}"
    count = entry >> state.COUNT_SHIFT & state.COUNT_MASK
    used = "pinned" if entry & state.PINNED else f"{count} entries in use"
    return f"table at {physical:#x}, {used}  {' '.join(names)}"


@command("walk")
def show_walk(address, who=""):
    """secos walk ADDRESS [PROCESS]: the page table entries that the processor would read."""
    where = state.number(f"(unsigned long)({address})")
    root = state.space_root()
    if who or where < 1 << 47:
        root = int(state.find_process(who)["space"]["tables"]["root"]["raw"]) & state.ADDRESS if who else root
    write(f"{where:#x}, from the table at {root:#x}")
    steps = state.walk(root, where)
    for level, index, at, entry in steps:
        write(f"  level {level}  [{index:3}] at {at:#x}: {entry:#018x}  {entry_text(level, entry)}")
    level, _, _, entry = steps[-1]
    if entry & state.PRESENT:
        size = 1 << (PAGE_SHIFT + 9 * (level - 1))
        physical = (entry & state.ADDRESS & -size) + (where & size - 1)
        write(f"  physical {physical:#x}; frame {physical >> PAGE_SHIFT}: {state.frame_text(physical >> PAGE_SHIFT)}")


@command("frame")
def show_frame(which):
    """secos frame NUMBER|ADDRESS: what the frame table says. Below 2^20 it is a frame's number."""
    where = state.number(f"(unsigned long)({which})")
    if where >= state.PHYSMAP and where < state.PHYSMAP + (1 << 39):
        where -= state.PHYSMAP
    index = where if where < 1 << 20 else where >> PAGE_SHIFT
    write(f"frame {index}, physical {index << PAGE_SHIFT:#x}: {state.frame_text(index)}")


@command("frames")
def show_frames():
    """secos frames: how many frames of each kind, and the conservation law."""
    count = state.value("pmm")["count"]
    kinds = state.frame_kinds()
    total = int(state.value("frame_limit"))
    low, high = count.type.range()
    rows = [(kinds[k], int(count[k])) for k in range(low, high + 1) if k in kinds and kinds[k] != "free"]
    for name, frames in rows:
        if frames:
            write(f"  {name:14} {frames:8}")
    write(f"  {'free':14} {total - sum(f for _, f in rows):8}  (of them {int(state.value('pmm')['pool_count'])} pooled)")
    write(f"  {'total':14} {total:8}")


@command("faults")
def show_faults():
    """secos faults: what pagers have been asked and have not answered. $page is the first one's page."""
    found = False
    for call in state.faults():
        if not found:
            gdb.set_convenience_variable("page", gdb.Value(int(call["page"]) << PAGE_SHIFT))
        found = True
        waiters = list(state.entries(call["waiters"], "thread", "wait_link"))
        client = waiters[0]["process"].dereference()
        page, access = int(call["page"]), int(call["access"])
        said = " ".join(name for bit, name in state.ACCESS if access & bit)
        server = call["server"]
        by = (f"delivered to {state.text(server['name'])} (process {int(server['id'])})"
              if int(call["state"]) == 2 and int(server) else "queued")
        write(f"  slot {int(call['slot'])} generation {int(call['generation'])}: {state.text(client['name'])} "
              f"(process {int(client['id'])}), page {page << PAGE_SHIFT:#x}, {said}, run {int(call['run'])}, "
              f"{len(waiters)} waiter{'s' if len(waiters) != 1 else ''}, {by}")
    if not found:
        write("  no fault is open")


@command("ring")
def run_to_ring():
    """secos ring: run until the other ring begins, and show where that is."""
    follow.change_ring()
    process = state.process_of_root(state.space_root())
    name = state.text(process["name"]) if process is not None else "no process"
    symbol = gdb.execute("info symbol $rip", to_string=True).split(" in section")[0].strip()
    write(f"ring {state.ring()}, space of {name}: {state.number('$rip'):#x} <{symbol}>")


@command("break")
def break_in(program, place):
    """secos break PROGRAM PLACE: stop when that program gets there; others run through."""
    points = follow.break_in(program, place)
    write(f"breakpoint {', '.join(str(p.number) for p in points)} at {place} in {program}")


@command("program")
def name_program(name, path):
    """secos program NAME FILE: where the symbols of a program are."""
    follow.known[name] = path
    follow.on_stop(None)


@command("symbols")
def show_symbols():
    """secos symbols: whose symbols user addresses have now."""
    write(f"user addresses: {follow.loaded or 'no symbols'}")


def install():
    Secos()
    for one in subcommands:
        one()
