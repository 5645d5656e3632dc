# SPDX-License-Identifier: MIT
"""Claim: instances of a program share the frames of its text and constants, which are
those of the boot module; data is each instance's own; nothing else can be seen there.
Memory objects are shared by handle, as far as its rights go, shrink and grow under those
who see them, and outlive maker, sharer and pager in every order.
Method: two instances of `hog`, page by page: the frame that `translate` names, and its
bytes read from the machine's memory. The guest `sharing`, which directs others; frames by
kind before and after each scene."""
import re
import struct

from hostile import *  # noqa: F403
from hostile import GUESTS, arena, claims, pytest  # noqa: F401

PAGE = 4096
R, W, X = 4, 2, 1


def segments(elf):
    """(flags, address, file bytes, memory size) of each PT_LOAD."""
    data = elf.read_bytes()
    at, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    for i in range(count):
        kind, flags, offset, address, _, in_file, in_memory, _ = struct.unpack_from("<IIQQQQQQ", data, at + i * size)
        if kind == 1:
            yield flags, address, data[offset:offset + in_file], in_memory


def start_hog(machine, name="hog"):
    """Start it in the background and wait for its one line; returns its process id."""
    machine.send(f"run {name} &\r")
    pid = machine.expect(rf"\[(\d+)\] {name}")[1]
    machine.expect("spinning")
    return pid


def frame_of(machine, address, pid):
    """(physical address, rights, kind) of the page at @address of process @pid."""
    said = machine.command(f"translate {address:#x} {pid}")
    found = re.search(r"-> frame (0x\w+).*?, (...), ([a-z ]+), page of 4 KB", said)
    assert found, said
    return int(found[1], 16), found[2], found[3]


def content(machine, frame):
    return machine.qmp.physical_memory(frame, PAGE)


def check_shared(machine):
    pids = [start_hog(machine), start_hog(machine)]
    bases = [machine.image_base(pid) for pid in pids]
    own = set()
    for flags, address, data, _ in segments(GUESTS / "hog.elf"):
        for offset in range(0, len(data), PAGE):
            frames = [frame_of(machine, base + address + offset, pid) for base, pid in zip(bases, pids)]
            if flags & W:
                assert frames[0][0] != frames[1][0] and frames[0][1:] == frames[1][1:]
                own.add(frames[0][1:])
                continue
            assert frames[0] == frames[1], f"{address + offset:#x} is not shared"
            assert frames[0][1:] == ("r-x" if flags & X else "r--", "module")
            assert content(machine, frames[0][0]) == data[offset:offset + PAGE].ljust(PAGE, b"\0")
    assert own == {("r--", "user"), ("rw-", "user")}, "constants, once relocated, and data"
    assert "every rule holds" in machine.command("vmcheck")
    for pid in pids:
        machine.command(f"kill {pid}")


def test_text_is_shared_between_instances(arena):
    check_shared(arena("hog"))


@pytest.mark.parametrize("path", ["iso"])
def test_text_is_shared_whoever_loaded_it(boot, path):
    check_shared(boot(boot=path))


def test_an_instance_costs_the_pages_it_may_write(arena):
    """Frames of kind user: what each instance adds is its data and its stack. Two weigh
    the same, so the text is not in it."""
    machine = arena("hog")
    counts = [machine.settled_frames()]
    pids = []
    for _ in range(3):
        pids.append(start_hog(machine))
        counts.append(machine.settled_frames())
    added = [after["user"] - before["user"] for before, after in zip(counts, counts[1:])]
    data = sum((in_memory + PAGE - 1) // PAGE for flags, _, _, in_memory in segments(GUESTS / "hog.elf") if flags & W)
    assert added[0] == added[1] == added[2] <= data + 2, added
    assert {c["module"] for c in counts} == {counts[0]["module"]}
    for pid in pids:
        machine.command(f"kill {pid}")


def spoiled(tmp_path, flags):
    """hog.elf with a byte behind the last one of its segment of @flags, in the same page."""
    data = bytearray((GUESTS / "hog.elf").read_bytes())
    at, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    for i in range(count):
        kind, its, offset, _, _, in_file, _, _ = struct.unpack_from("<IIQQQQQQ", data, at + i * size)
        if kind == 1 and its == flags:
            assert data[offset + in_file] == 0
            data[offset + in_file] = 0xC3
    path = tmp_path / "odd.elf"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("flags", [R, R | X])
def test_a_neighbours_byte_is_never_seen(arena, tmp_path, flags):
    """The file has a byte behind the segment's last: those pages are copied, and the byte
    is not there. Segments without such a byte stay shared."""
    elf = spoiled(tmp_path, flags)
    machine = arena(elf)
    pid = start_hog(machine, "odd")
    base = machine.image_base(pid)
    for its, address, data, _ in segments(elf):
        frame, _, kind = frame_of(machine, base + address + (len(data) - 1) // PAGE * PAGE, pid)
        rest = len(data) % PAGE
        assert kind == ("user" if its & W or its == flags else "module")
        assert its & W or rest == 0 or set(content(machine, frame)[rest:]) == {0}
    machine.command(f"kill {pid}")


# --- memory objects -------------------------------------------------------------------------

def test_an_object_is_shared_as_far_as_a_handle_goes(arena):
    """Writable both ways; read-only, without GRANT, without READ; a name that is stale, also
    when its slot has another tenant."""
    machine = arena("sharing")
    claims(machine, "run sharing rights", 20)
    assert machine.seen("error 0x7.*the region does not allow it"), "a write through a read-only region"


def test_maker_sharer_and_pager_end_in_every_order(arena):
    claims(arena("sharing"), "run sharing orders", 19)


def test_an_objects_pager_is_started_again_while_two_sides_work(arena):
    """Sixteen times, each time while both wait for a page, or for a copy of it."""
    claims(arena("sharing"), "run sharing restart", 6)


def test_an_object_shrinks_and_grows_under_those_who_see_it(arena):
    machine = arena("sharing")
    claims(machine, "run sharing shrink", 23)
    assert machine.seen("error 0x4.*no region there") and machine.seen("its pager failed the page")


def test_the_last_to_see_a_page_writes_in_place(arena):
    claims(arena("sharing"), "run sharing last", 8)


def test_a_process_ends_while_an_object_of_its_is_buried(arena):
    """Ten large objects are being taken apart when a process is ended whose spawn holds one:
    that one is dead, and its charges are somebody's, before the process is gone."""
    machine = arena("graves", memory=512, icount=True)
    claims(machine, "run graves", 2, timeout=120)
    assert machine.seen("graves .* its pager did not come back")
