# SPDX-License-Identifier: MIT
"""What the kernel knows, read from outside: nothing runs in the machine for it."""
import gdb

PAGE_SHIFT = 12
PHYSMAP = 0xFFFF888000000000
PRESENT, WRITE, USER, LARGE, NO_EXECUTE = 1, 2, 4, 1 << 7, 1 << 63
PINNED, COUNT_SHIFT, COUNT_MASK = 1 << 9, 52, 0x3FF
STATE_MASK, STATE_TRANSIT, SLOT_SHIFT = 0xF, 2, 32
ADDRESS = 0x000FFFFFFFFFF000
REGION_KINDS = {1: "image", 2: "stack", 3: "heap", 4: "anonymous", 5: "file", 6: "guard", 7: "device"}
ACCESS = ((1, "read"), (2, "write"), (4, "execute"), (8, "protection"))
KINDS_MAPPED = 0x40, 0x80  # FRAME_MAPPED_X, FRAME_MAPPED_W


class NotYet(gdb.GdbError):
    """The machine has not come far enough for the question."""


def value(expression):
    """A kernel variable, whatever program's symbols are loaded besides."""
    symbol = gdb.lookup_global_symbol(expression) or gdb.lookup_static_symbol(expression)
    return symbol.value() if symbol else gdb.parse_and_eval(expression)


def number(expression):
    return int(gdb.parse_and_eval(expression)) & (1 << 64) - 1


def ring():
    return int(gdb.parse_and_eval("$cs")) & 3


def pointer_type(name):
    return gdb.lookup_type(f"struct {name}").pointer()


def at(name, address):
    """The struct @name at @address."""
    return gdb.Value(address).cast(pointer_type(name)).dereference()


def offset(name, member):
    field = next(f for f in gdb.lookup_type(f"struct {name}").fields() if f.name == member)
    return field.bitpos // 8


def entries(head, name, member):
    """The structures on list @head that hang there by @member."""
    first, node = int(head.address), head["next"]
    while int(node) and int(node) != first:
        yield at(name, int(node) - offset(name, member))
        node = node["next"]


def text(chars):
    return chars.string() if int(chars.type.sizeof) else ""


# --- processes and threads -------------------------------------------------------

def processes():
    """Every process, by slot."""
    slots = value("process_slots")
    low, high = slots.type.range()
    data = gdb.selected_inferior().read_memory(int(slots.address), 8 * (high + 1 - low))
    for index in range(low, high + 1):
        pointer = int.from_bytes(bytes(data[8 * index:8 * index + 8]), "little")
        if pointer:
            yield at("process", pointer)


def current_process():
    """The process whose thread runs, or None."""
    thread = value("cpu_boot")["current"]
    if not int(thread):
        return None
    thread = at("thread", int(thread))
    return thread["process"].dereference() if int(thread["process"]) else None


def space_root():
    return number("$cr3") & ADDRESS


def process_of_root(root):
    """The process whose tables hang below the frame @root, or None."""
    return next((p for p in processes() if int(p["space"]["tables"]["root"]["raw"]) & ADDRESS == root), None)


def find_process(word):
    """By number or name; without a word, the one whose space is loaded."""
    if not word:
        found = process_of_root(space_root())
        if found is None:
            raise gdb.GdbError("no process's space is loaded: name one (secos processes)")
        return found
    for process in processes():
        if word in (str(int(process["id"])), text(process["name"])):
            return process
    raise gdb.GdbError(f"no process {word}: secos processes lists them")


def thread_state(thread):
    states = ("suspended", "ready", "running", "waiting", "dead")
    state = states[int(thread["state"])]
    if state == "waiting" and int(thread["wait"]):
        state += f" ({thread['wait']['name'].string()})"
    return state


# --- regions ------------------------------------------------------------------------

def regions(process):
    """The regions of @process by address: the tree, walked left to right."""
    node, below = process["space"]["regions"]["root"], []
    while int(node) or below:
        while int(node):
            below.append(node)
            node = node["child"][0]
        node = below.pop()
        yield node.dereference()
        node = node["child"][1]


def region_of(process, page):
    return next((r for r in regions(process) if 0 <= page - int(r["spec"]["base"]) < int(r["spec"]["pages"])), None)


def rights(prot):
    return "".join(letter if prot & bit else "-" for letter, bit in (("r", 1), ("w", 2), ("x", 4)))


# --- page tables and frames ---------------------------------------------------------------

def physical_word(address):
    data = gdb.selected_inferior().read_memory(PHYSMAP + address, 8)
    return int.from_bytes(bytes(data), "little")


def walk(root, address):
    """[(level, index, where the entry stands, entry)] down to what maps @address."""
    table, steps = root, []
    for level in (4, 3, 2, 1):
        index = address >> (PAGE_SHIFT + 9 * (level - 1)) & 511
        entry = physical_word(table + 8 * index)
        steps.append((level, index, table + 8 * index, entry))
        if not entry & PRESENT or level == 1 or (level < 4 and entry & LARGE):
            break
        table = entry & ADDRESS
    return steps


def frame_kinds():
    """{number: "user"} of enum frame_kind."""
    fields = gdb.lookup_type("enum frame_kind").fields()
    names = {f.enumval: f.name.removeprefix("FRAME_").lower().replace("_", " ") for f in fields}
    return {kind: f"kernel {name}" if name in ("heap", "stack") else name for kind, name in names.items()}


def frame_text(index):
    """What the frame table says of frame @index."""
    if index >= int(value("frame_limit")):
        return "beyond the frame table"
    word = int((value("frame_table") + index).dereference())
    kind = frame_kinds().get(word & 0xF, f"kind {word & 0xF}")
    flags = [name for bit, name in ((4, "large"), (5, "pooled"), (6, "mapped X"), (7, "mapped W")) if word >> bit & 1]
    said = kind + (f" ({', '.join(flags)})" if flags else "")
    if kind in ("user", "page table"):
        space, page = word >> 43 & 0xFFFFF, word >> 8 & (1 << 35) - 1
        owner = next((p for p in processes() if int(p["space"]["id"]) == space), None)
        said += f", space {space}" + (f" = {text(owner['name'])} (process {int(owner['id'])})" if owner else "")
        if kind == "user":
            said += f", page {page << PAGE_SHIFT:#x}"
    elif kind == "shared":
        said += f", page {word >> 24 & 0xFFFFF} of memory object {word >> 44}, {word >> 8 & 0xFFFF} mappings"
    return said


# --- faults -------------------------------------------------------------------------------

def faults():
    """Every fault that is asked and not answered."""
    slots, fresh = value("call_slots"), int(value("call_fresh"))
    for slot in range(fresh):
        call = (slots + slot).dereference()["call"]
        if int(call) and int(call["is_fault"]) and int(call["state"]) != 0:
            yield call.dereference()
