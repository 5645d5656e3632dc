# SPDX-License-Identifier: MIT
"""The tables of docs/performance.md, from the kept figures: tests/bench/baseline.json
(make bench), peers.json (make bench-peers), wall.json (make bench-wall) and growth.json
(make growth). Imported by check_docs.py."""
import json
import pathlib

BENCH = pathlib.Path(__file__).resolve().parents[1] / "bench"
# Our row, what it is, and the peer's row that does the same.
OPERATIONS = [
    ("syscall_null", "null system call, `syscall` door", "syscall_null"),
    ("syscall_null_int80", "null system call, `int 0x80` door", None),
    ("syscall_reflected", "foreign system call, reflected to the process", None),
    ("context_switch", "switch between two threads, with the system call", None),
    ("ipc_roundtrip", "call and reply between two processes", "ipc_eventfd"),
    ("ipc_general", "the same off the direct path (a deadline)", "ipc_pipe"),
    ("fault_pager_cold", "fault through the ring-3 pager, frame zeroed on the way", "fault_uffd_copy"),
    ("fault_pager_prezeroed", "the same, frame zeroed beforehand", None),
    ("fault_around4_per_page", "the same, 4 pages an answer, per page", None),
    ("fault_around16_per_page", "the same, 16 pages an answer, per page", "fault_populate_per_page"),
    ("fault_around64_per_page", "the same, 64 pages an answer, per page", None),
    ("fault_kernel", "fault answered by the kernel (`pager=kernel`)", "fault_kernel"),
    ("fault_self", "fault answered by the process (`pager=self`)", "fault_segv_mprotect"),
    ("share_fault", "read of a shared page, shown by the pager", None),
    ("cow_fault", "write to a shared page, copied", None),
    ("cow_fault_in_place", "write to a shared page that nobody else holds", None),
    ("region_create_destroy", "region made and destroyed, untouched", "region_create_destroy"),
    ("spawn_exit_wait", "smallest program: spawn, exit, wait", "spawn_exit_wait"),
    ("pager_recovery", "pager killed, until the next fault is served: mean", None),
    ("pager_recovery_worst", "the same, worst of 500", None),
    ("irq_off_worst", "longest time with interrupts off", None),
    ("boot_to_prompt", "kernel's first instruction to the prompt, 128 MiB", "boot"),
]
MEMORY = [
    ("pmm_seq", "frame taken and given back, in order"),
    ("pmm_churn50", "the same at random, 50 % of RAM in use"),
    ("pmm_churn90", "the same, 90 %"),
    ("pmm_churn99", "the same, 99 %"),
    ("pmm_huge", "2 MiB frame taken and given back"),
    ("huge_recovered50", "2 MiB frames left after churn at 50 %, percent of the ideal"),
    ("huge_recovered75", "the same at 75 %"),
    ("huge_recovered90", "the same at 90 %"),
    ("pmm_metadata", "bytes of bitmap, counts and sets for a frame"),
    ("heap_held_mixed", "bytes held for a byte asked for, blocks of 16 to 2,048"),
    ("heap_held_large", "the same, 5 to 100 KiB"),
    ("heap_left", "frames left when everything is freed"),
]
HEAPS = [("kmalloc_tight", "64 bytes, freed at once"), ("kmalloc_mixed", "16 to 2,048 bytes among 16,384 live blocks")]

KERNEL_HEAP = [(name, f"kmalloc, kfree: {text}") for name, text in HEAPS]


def load(name):
    path = BENCH / name
    return json.loads(path.read_text()) if path.exists() else {}


def say(value):
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def verdict(row):
    """The target, and by how much it is missed."""
    target = row.get("target")
    if target is None:
        return "-"
    met = row["instructions"] >= target if row.get("at_least") else row["instructions"] <= target
    return say(target) if met else f"{say(target)}, missed by {say(round(abs(row['instructions'] - target), 2))}"


def quoted(name):
    """What others are said to need for row @name: marked, for no command of ours says it."""
    text = load("quoted.json")["rows"].get(name)
    return f"*{text}*" if text else "-"


def cost_lines(rows, linux):
    """The table of operations: ours, as bench.json has them, beside Linux's, as peers.json has them."""
    lines = ["| operation | SecOS | target | Linux, default | Linux, tuned | Linux's operation | *others, quoted* |",
             "| --- | ---: | ---: | ---: | ---: | --- | --- |"]
    for name, text, peer in OPERATIONS:
        if name in rows:
            columns = [say(linux.get(c, {}).get("rows", {}).get(peer)) if peer else "-" for c in ("default", "tuned")]
            lines.append(f"| {text} | {say(rows[name]['instructions'])} | {verdict(rows[name])} | {' | '.join(columns)} |"
                         f" {PEER_OPERATIONS.get(peer, '-')} | {quoted(name)} |")
    return lines


def write_costs():
    return cost_lines(load("baseline.json"), load("peers.json").get("linux", {}))


def write_quoted():
    return [f"- {who}: {source}." for who, source in load("quoted.json")["sources"].items()]


PEER_OPERATIONS = {
    "syscall_null": "getpid", "ipc_eventfd": "two eventfds, two processes", "ipc_pipe": "two pipes, two processes",
    "fault_uffd_copy": "userfaultfd, UFFDIO_COPY by another process", "fault_populate_per_page": "MAP_POPULATE",
    "fault_kernel": "anonymous page, in the kernel", "fault_segv_mprotect": "SIGSEGV, mprotect",
    "region_create_destroy": "mmap, munmap", "spawn_exit_wait": "vfork, exec, wait",
    "boot": "reset to init and off again, busy waiting included",
}
WALL_PEER_OPERATIONS = {**PEER_OPERATIONS, "boot": "reset to init"}


def say_time(value, digits):
    value = float(f"{value:.{digits}g}")
    return f"{value:,.0f}" if value >= 100 else f"{value:g}"


def say_spread(values):
    """Median, and the rounds' lowest and highest with fewer digits: they are no better known."""
    return f"{say_time(values[0], 3)} ({say_time(values[1], 2)} to {say_time(values[2], 2)})" if values else "-"


def wall_lines(found):
    """The table of wall times of @found, as wall.json has it."""
    lines = ["| operation | SecOS | Linux, default | Linux, tuned | SecOS for 1 of Linux, tuned | Linux's operation |",
             "| --- | ---: | ---: | ---: | ---: | --- |"]
    memory = [(f"{name}_kernel", text, None) for name, text in (*MEMORY, *KERNEL_HEAP)]
    for name, text, peer in [*OPERATIONS, *memory]:
        row = found.get("rows", {}).get(name)
        if row:
            columns = " | ".join(say_spread(row.get(key)) for key in ("secos", "default", "tuned", "ours_to_tuned"))
            lines.append(f"| {text} | {columns} | {WALL_PEER_OPERATIONS.get(peer, '-')} |")
    return lines


def write_wall():
    found = load("wall.json")
    if not found:
        return ["(`make bench-wall KEEP=1` has not been run.)"]
    return [*wall_lines(found), "", f"Medians of {found['rounds']} rounds, with the lowest and the highest. {found['qemu']} on {found['host']};"
            f" {found['linux'].split(',')[0]}."]


def write_wallheaps():
    """How long our heap takes for 1 of each other's."""
    heaps = load("wall.json").get("heaps", {})
    names = sorted(next(iter(heaps.values()), {}))
    lines = [f"| allocated and freed | {' | '.join(f'for 1 of {name}' for name in names)} |", f"| --- |{' ---: |' * len(names)}"]
    return lines + [f"| {text} | {' | '.join(say_spread(heaps[trace].get(name)) for name in names)} |"
                    for trace, text in HEAPS if trace in heaps]


def write_memory():
    rows = load("baseline.json")
    return ["| operation | SecOS | target | *others, quoted* |", "| --- | ---: | ---: | --- |",
            *(f"| {text} | {say(rows[name]['instructions'])} | {verdict(rows[name])} | {quoted(name)} |" for name, text in MEMORY if name in rows)]


def write_heaps():
    rows, heaps = load("baseline.json"), load("peers.json").get("heap", {})
    names = sorted(heaps)
    lines = [f"| allocated and freed | SecOS kmalloc | target | {' | '.join(names)} | *others, quoted* |",
             f"| --- | ---: | ---: |{' ---: |' * len(names)} --- |"]
    for name, text in HEAPS:
        if name in rows:
            columns = " | ".join(say(heaps[heap].get(name)) for heap in names)
            lines.append(f"| {text} | {say(rows[name]['instructions'])} | {verdict(rows[name])} | {columns} | {quoted(name)} |")
    return lines


def write_linux():
    return linux_lines(load("peers.json").get("linux"))


def linux_lines(linux):
    """Which Linux it was."""
    if not linux:
        return ["(`make bench-peers` has not been run.)"]
    return [f"- package {linux['package']}", f"- {linux['version']}", f"- processor {linux['cpu']}, 256 MiB",
            *(f"- {column}: `{linux[column]['command_line']}`" for column in ("default", "tuned"))]


GROWTH = [("regions", "region made and destroyed, among N regions"), ("region", "fault, regions touched in turn, of N"),
          ("processes", "spawn, exit, wait, beside N processes"), ("calls", "call and reply, beside N processes"),
          ("faults", "fault served, N wait for another pager"), ("held", "fault served by the pager that owes N others"),
          ("heap", "kfree and kmalloc of one of N blocks")]


def write_growth():
    rows = load("growth.json")
    counts = [str(10 ** n) for n in range(6)]
    lines = [f"| instructions for | {' | '.join(f'N = {int(n):,}' for n in counts)} |", f"| --- |{' ---: |' * len(counts)}"]
    for name, text in GROWTH:
        if name in rows:
            lines.append(f"| {text} | {' | '.join(say(rows[name].get(n)) for n in counts)} |")
    return lines


def ram_name(mib):
    return f"{mib} MiB" if mib < 1024 else f"{mib // 1024} GiB"


RAM_COSTS = {"syscall_null": "null call", "ipc_roundtrip": "call, reply", "fault_pager_cold": "fault", "region_create_destroy": "region",
             "spawn_exit_wait": "spawn, exit, wait", "pmm_seq": "frame"}


def write_ram():
    rows = load("growth.json").get("ram", [])
    lines = [f"| RAM | start to prompt | page tables | tables of the PMM, with the image | {' | '.join(RAM_COSTS.values())} |",
             f"| ---: | ---: | ---: | ---: |{' ---: |' * len(RAM_COSTS)}"]
    for row in rows:
        costs = " | ".join(say(row.get("costs", {}).get(name)) for name in RAM_COSTS)
        lines.append(f"| {ram_name(row['memory_mib'])} | {say(row['instructions'])} |"
                     f" {row['page_table_frames']} frames | {say(row['kernel_image_frames'])} frames | {costs} |")
    return lines


def write_startup():
    """For docs/frames.md."""
    rows = [row for row in load("growth.json").get("ram", []) if row["memory_mib"] in (16, 128, 1024, 4096, 16384)]
    lines = ["| RAM | frames | instructions | times the RAM | times the instructions |", "| ---: | ---: | ---: | ---: | ---: |"]
    for row in rows:
        lines.append(f"| {ram_name(row['memory_mib'])} | {say(row['frames'])} | {say(row['instructions'])} |"
                     f" {say(row['memory_mib'] // rows[0]['memory_mib'])} | {row['instructions'] / rows[0]['instructions']:.1f} |")
    return lines


def write_kinds():
    found = load("growth.json")
    rows = [row for row in found.get("ram", []) if row["memory_mib"] in (16, 128, 1024, 16384) and "kinds" in row]
    kinds = list(rows[0]["kinds"]) if rows else []
    lines = [f"| frames of kind | {' | '.join(ram_name(row['memory_mib']) for row in rows)} |", f"| --- |{' ---: |' * len(rows)}"]
    lines += [f"| {kind} | {' | '.join(say(row['kinds'][kind]) for row in rows)} |" for kind in kinds]
    sizes = ", ".join(f"{name} {say(size)}" for name, size in found.get("images", {}).items())
    return [*lines, "", f"Bytes: {sizes}. The smallest RAM that reaches the prompt: {found.get('smallest_mib')} MiB."]


WRITERS = {"wall": write_wall, "wallheaps": write_wallheaps, "startup": write_startup, "kinds": write_kinds, "growth": write_growth, "ram": write_ram, "costs": write_costs, "quoted": write_quoted, "memory": write_memory, "heaps": write_heaps, "linux": write_linux}
