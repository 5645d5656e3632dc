# SPDX-License-Identifier: MIT
"""The plots of docs/performance.md, docs/pictures/growth_*.svg, from tests/bench/growth.json.
Imported by check_docs.py, which says when they no longer match and draws them anew.

A plot is a card with its own background, dark where the reader's system is: it can be
read on any page. The horizontal axis is always logarithmic, so that growth with the
logarithm is a straight line, and constant cost a level one."""
import json
import math
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs/pictures"
WIDTH, HEIGHT = 784, 360
LEFT, RIGHT, TOP, BOTTOM = 108, 214, 44, 58  # around the plot; names stand on the right

STYLE = """<style>
.g{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;font-size:13px}
.g .card{fill:#ffffff;stroke:#c9d0da}.g text{fill:#1d2733}.g .title{font-size:15px;font-weight:650}.g .axis{fill:#4b5765}
.g .grid{stroke:#e3e7ed}.g .frame{stroke:#7d8896;fill:none}.g .line{fill:none;stroke-width:2.2}
.g .c0{stroke:#1f5fa8}.g .c1{stroke:#b0500c}.g .c2{stroke:#1b7a4a}.g .c3{stroke:#7c3aa5}.g .c4{stroke:#0b7480}.g .c5{stroke:#8a2b45}
.g .d0{fill:#1f5fa8}.g .d1{fill:#b0500c}.g .d2{fill:#1b7a4a}.g .d3{fill:#7c3aa5}.g .d4{fill:#0b7480}.g .d5{fill:#8a2b45}
@media (prefers-color-scheme:dark){
.g .card{fill:#171c23;stroke:#3a4451}.g text{fill:#e6eaf0}.g .axis{fill:#aeb8c5}.g .grid{stroke:#2b333d}.g .frame{stroke:#77828f}
.g .c0{stroke:#7db5f5}.g .c1{stroke:#f2a365}.g .c2{stroke:#6fcf9d}.g .c3{stroke:#cda0ee}.g .c4{stroke:#66cbd6}.g .c5{stroke:#ee8fa9}
.g .d0{fill:#7db5f5}.g .d1{fill:#f2a365}.g .d2{fill:#6fcf9d}.g .d3{fill:#cda0ee}.g .d4{fill:#66cbd6}.g .d5{fill:#ee8fa9}}
</style>"""
MARKS = ["M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0", "M-4,-4h8v8h-8z", "M0,-5.5l5.5,5.5l-5.5,5.5l-5.5,-5.5z",
         "M0,-5l5,9h-10z", "M0,5l5,-9h-10z", "M-5,-2h3v-3h4v3h3v4h-3v3h-4v-3h-3z"]


def ram_name(mib):
    return f"{mib} MiB" if mib < 1024 else f"{mib // 1024} GiB"


def curve(found, name):
    return sorted((int(count), cost) for count, cost in found[name].items())


def ram_curve(found, name):
    return [(row["memory_mib"], row["costs"][name]) for row in found["ram"]]


def plots(found):
    """(file, title, name of the horizontal axis, whether cost is logarithmic too, [(name, points)])."""
    yield ("growth_start", "Start-up and RAM", "RAM", True,
           [("kernel's first instruction|to the prompt", [(row["memory_mib"], row["instructions"]) for row in found["ram"]])])
    yield ("growth_ram", "Operations and RAM", "RAM", True,
           [("spawn, exit, wait", ram_curve(found, "spawn_exit_wait")),
            ("region made, destroyed", ram_curve(found, "region_create_destroy")),
            ("fault through the pager", ram_curve(found, "fault_pager_cold")),
            ("call and reply", ram_curve(found, "ipc_roundtrip")),
            ("null system call", ram_curve(found, "syscall_null")),
            ("frame taken, given back", ram_curve(found, "pmm_seq"))])
    yield ("growth_regions", "Regions of a space", "regions", False,
           [("region made and|destroyed among them", curve(found, "regions")), ("fault in one of them", curve(found, "region"))])
    yield ("growth_processes", "Processes", "processes alive", True,
           [("spawn, exit, wait", curve(found, "processes")), ("call and reply", curve(found, "calls"))])
    yield ("growth_faults", "Waiting faults", "threads that wait for a page", False,
           [("a fault, they wait for|a pager not started yet", curve(found, "faults")),
            ("a fault of the pager|that owes them theirs", curve(found, "held"))])
    yield ("growth_heap", "Size of the kernel's heap", "live blocks of 16 to 2,048 bytes", False,
           [("kfree and kmalloc of|one of them at random", [point for point in curve(found, "heap") if point[0] >= 10])])


def nice_top(most):
    """A round number above @most, and the step of its grid."""
    step = 10 ** math.floor(math.log10(most))
    while most / step < 4:
        step /= 2 if step != 10 ** math.floor(math.log10(step)) * 5 else 2.5
    return math.ceil(most * 1.08 / step) * step, step


class Axes:
    """Where a point stands."""

    def __init__(self, points, log_cost):
        counts, costs = [c for c, _ in points], [c for _, c in points]
        self.first, self.last = math.log10(min(counts)), math.log10(max(counts))
        self.log_cost = log_cost
        if log_cost:
            self.low, self.high = math.floor(math.log10(min(costs))), math.ceil(math.log10(max(costs)))
            self.ticks = [10 ** n for n in range(self.low, self.high + 1)]
        else:
            self.low, (self.high, step) = 0, nice_top(max(costs))
            self.ticks = [step * n for n in range(int(self.high / step + 0.5) + 1)]

    def x(self, count):
        return LEFT + (WIDTH - LEFT - RIGHT) * (math.log10(count) - self.first) / (self.last - self.first)

    def y(self, cost):
        value = math.log10(cost) if self.log_cost else cost
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - self.low) / (self.high - self.low)


def draw_frame(axes, axis, counts):
    """Grid, numbers and names of the axes."""
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    for tick in axes.ticks:
        y = axes.y(tick)
        yield f'<path class="grid" d="M{LEFT},{y:.1f}H{right}"/>'
        yield f'<text class="axis" x="{LEFT - 8}" y="{y + 4.5:.1f}" text-anchor="end">{tick:,.0f}</text>'
    for count in counts:
        x = axes.x(count)
        name = ram_name(count) if axis == "RAM" else f"{count:,}"
        yield f'<path class="grid" d="M{x:.1f},{TOP}V{bottom}"/>'
        yield f'<text class="axis" x="{x:.1f}" y="{bottom + 19}" text-anchor="middle">{name}</text>'
    yield f'<path class="frame" d="M{LEFT},{TOP}V{bottom}H{right}"/>'
    yield f'<text class="axis" x="{(LEFT + right) / 2:.0f}" y="{HEIGHT - 16}" text-anchor="middle">{axis} (logarithmic)</text>'
    cost = "instructions (logarithmic)" if axes.log_cost else "instructions"
    middle = (TOP + bottom) / 2
    yield f'<text class="axis" transform="translate(20,{middle:.0f}) rotate(-90)" text-anchor="middle">{cost}</text>'


def draw_curve(axes, n, points):
    path = "L".join(f"{axes.x(count):.1f},{axes.y(cost):.1f}" for count, cost in points)
    yield f'<path class="line c{n}" d="M{path}"/>'
    for count, cost in points:
        yield (f'<path class="d{n}" transform="translate({axes.x(count):.1f},{axes.y(cost):.1f})" d="{MARKS[n]}">'
               f"<title>{count:,}: {cost:,}</title></path>")


def draw_names(axes, curves):
    """Each curve's name and last figure where it ends, moved apart where they would overlap."""
    placed = []
    for n, (name, points) in sorted(enumerate(curves), key=lambda pair: (axes.y(pair[1][1][-1][1]), pair[0])):
        lines = [*name.split("|"), f"{points[0][1]:,} to {points[-1][1]:,}" if points[0][1] != points[-1][1] else f"{points[-1][1]:,}"]
        height = 16 * len(lines)
        top = axes.y(points[-1][1]) - height / 2
        if placed:
            top = max(top, placed[-1][0] + placed[-1][1] + 6)
        placed.append((top, height, n, lines))
    for i in range(len(placed) - 1, -1, -1):  # not below the card
        limit = (placed[i + 1][0] if i + 1 < len(placed) else HEIGHT - 8) - placed[i][1] - 4
        placed[i] = (min(placed[i][0], limit), *placed[i][1:])
    for top, _, n, lines in placed:
        yield f'<path class="d{n}" transform="translate({WIDTH - RIGHT + 18},{top + 9:.1f})" d="{MARKS[n]}"/>'
        for row, line in enumerate(lines):
            kind = ' class="axis"' if row == len(lines) - 1 else ""
            yield f'<text{kind} x="{WIDTH - RIGHT + 30}" y="{top + 13 + 16 * row:.1f}">{line}</text>'


def draw(title, axis, log_cost, curves):
    points = [point for _, some in curves for point in some]
    axes = Axes(points, log_cost)
    counts = sorted({count for count, _ in points})
    if axis == "RAM":
        counts = [count for count in counts if count not in (128, 8192)]  # their names would touch
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" class="g" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img">',
             f"<title>{title}: instructions</title>", STYLE,
             f'<rect class="card" x="0.5" y="0.5" width="{WIDTH - 1}" height="{HEIGHT - 1}" rx="8"/>',
             f'<text class="title" x="{LEFT}" y="27">{title}</text>',
             *draw_frame(axes, axis, counts)]
    for n, (_, some) in enumerate(curves):
        parts += draw_curve(axes, n, some)
    return "\n".join([*parts, *draw_names(axes, curves), "</svg>", ""])


def drawn():
    """{path: what should be in it}."""
    found = json.loads((ROOT / "tests/bench/growth.json").read_text())
    return {PICTURES / f"{name}.svg": draw(*words) for name, *words in plots(found)}


def wrong():
    """The plots that do not match the kept figures."""
    return [path for path, text in drawn().items() if not path.exists() or path.read_text() != text]


def fix():
    for path, text in drawn().items():
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
