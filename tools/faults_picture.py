# SPDX-License-Identifier: MIT
"""Page faults as SVG: one as a sequence diagram, a run as a time line, its pages as a map.

Every picture is a string that stands alone or in a page. Elements carry the number of
their fault in data-f (and data-t: when), which is what the script of the page uses.
"""
from html import escape

from faults_journal import KINDS, PAGE

COLOURS = {"ZERO": "#3d7cc9", "MOVE": "#8a5cc2", "SHARE": "#2f9e6e", "COPY": "#e08a1e", "object": "#1f9aa8",
           "FAIL": "#cf3b3b", "refused": "#cf3b3b", "no pager": "#cf3b3b", "no memory": "#cf3b3b", "cancelled": "#8b93a0"}
PHASES = (("ask", "#5b8def"), ("decide", "#f0a63a"), ("map", "#4caf87"))
STYLE = """
.fp{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;font-size:13px;fill:#1d2733}
.fp .h{font-weight:650;font-size:14px}.fp .s{fill:#5a6675;font-size:12px}.fp .m{font-family:ui-monospace,"DejaVu Sans Mono",monospace;font-size:12px}
.fp .life{stroke:#c3cad4;stroke-width:1.5;stroke-dasharray:3 4}.fp .head{fill:#f3f5f8;stroke:#c3cad4}
.fp .run{fill:#dfe5ee;stroke:#aab4c2}.fp .arrow{stroke:#1d2733;stroke-width:1.6;fill:none}.fp .tip{fill:#1d2733}
.fp .bad .arrow{stroke:#cf3b3b}.fp .bad .tip{fill:#cf3b3b}.fp .bad text{fill:#cf3b3b}
.fp .in{fill:#fff;font-weight:600}.fp .grid{stroke:#e3e7ed}.fp .cell{stroke:#fff;stroke-width:1}.fp .bar{stroke:none}
.fp .now{stroke:#11161d;stroke-width:2}.fp .cursor{stroke:#11161d;stroke-width:1.5}
"""


def number(value):
    """12345 -> 12 345, with thin spaces."""
    return f"{value:,}".replace(",", "\u2009")


def colour(fault):
    return COLOURS.get(fault.answer, "#8b93a0")


def svg(width, height, parts, title):
    """A picture of its own: white, and with all that it needs."""
    return (f'<svg xmlns="http://www.w3.org/2000/svg" class="fp" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
            f'height="{height:g}" role="img"><title>{escape(title)}</title><style>{STYLE}</style>'
            f'<rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>\n')


def text(x, y, what, kind="", anchor="start"):
    return f'<text x="{x:g}" y="{y:g}" class="{kind}" text-anchor="{anchor}">{escape(what)}</text>'


def rect(x, y, width, height, kind="", more=""):
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" class="{kind}" {more}/>'


# --- one fault: who does what, in order ----------------------------------------------------

LANES = (120, 400, 680)
WIDTH = 860
STEP = 100  # between two arrows
TOP = 104  # the first arrow


def _head(x, name, what):
    return (rect(x - 92, 12, 184, 46, "head", 'rx="6"') + text(x, 32, name, "h", "middle")
            + text(x, 49, what, "s", "middle"))


def _arrow(y, start, end, label, below="", bad=False):
    side = 1 if end > start else -1
    tip = end - 7 * side
    middle = (start + end) / 2
    return (f'<g class="{"bad" if bad else ""}"><path class="arrow" d="M{start + 7 * side} {y}H{tip - 6 * side}"/>'
            f'<path class="tip" d="M{tip} {y}l{-10 * side} -5v10z"/>{text(middle, y - 8, label, "", "middle")}'
            f'{text(middle, y + 17, below, "s", "middle")}</g>')


def _phase(x, y, index, ticks, words):
    name, paint = PHASES[index]
    out = rect(x - 7, y, 14, STEP, "", f'fill="{paint}" rx="2"')
    out += text(x + 18, y + STEP / 2 - 12, f"{name}  {ticks}", "h")
    for line, what in enumerate(words):
        out += text(x + 18, y + STEP / 2 + 5 + 15 * line, what, "s")
    return out


def _last(fault):
    """Label, and whether it is bad news, of the last arrow."""
    if fault.came:
        return "goes on: the instruction runs again", False
    if fault.verdict == 16:
        return "cancelled: the access is tried again", False
    return f"{fault.answer}: the process ends, or its copy fails", True


def values(fault):
    """What differs between two faults of the same kind, by name."""
    ask, decide, map_ = fault.phases
    return {"address": f"{fault.page * PAGE:#x}", "ask": number(ask), "decide": number(decide), "map": number(map_),
            "total": number(fault.resumed), "entries": str(fault.entries), "cr3": str(fault.cr3),
            "flushes": str(fault.flushes), "id": f"{fault.id >> 32}:{fault.id & 0xffffffff}"}


def kind_of(journal, fault):
    """Faults of one kind have the same diagram but for values()."""
    return (fault.shape, fault.client, fault.pager, fault.why, fault.verdict, fault.run, bool(fault.id),
            bool(fault.cr3))


def bar(y, phases):
    """The phases to scale."""
    out, left, width = [], 28.0, WIDTH - 56
    total = max(1, sum(phases))
    for (name, paint), ticks in zip(PHASES, phases):
        part = width * ticks / total
        label = f"{name} {100 * ticks / total:.0f} %"
        if ticks:
            out.append(rect(left, y, part, 22, "", f'fill="{paint}"'))
            if part > 8 * len(label):
                out.append(text(left + part / 2, y + 16, label, "in", "middle"))
        left += part
    return "".join(out)


def sequence(journal, fault, say=None):
    """The fault as a sequence diagram. @say: values() of it, or names in their place for a
    template, whose bar is left out."""
    client, kernel, pager = LANES
    shape, (last, bad) = fault.shape, _last(fault)
    drawn = say is None
    say = say or values(fault)
    bottom = TOP + STEP * (1 if shape == "kernel" else 3)
    out = [f'<path class="life" d="M{x} 58V{bottom + 42}"/>' for x in LANES[:2 if shape == "kernel" else 3]]
    out += [_head(client, journal.name(fault.client), f"process {fault.client}, ring 3"), _head(kernel, "kernel", "ring 0")]
    out.append(rect(client - 7, 72, 14, TOP - 72, "run", 'rx="2"'))
    out.append(_arrow(TOP, client, kernel, f"#PF: {fault.why} at {say['address']}", "kernel entry 1"))
    if shape == "kernel":
        words = ["nothing allows it"] if fault.verdict == 18 else ["finds the region,", f"answers itself: {fault.answer}"]
        out.append(_phase(kernel, TOP, 2, say["map"], words))
    else:
        own = shape == "self"
        out.append(_head(pager, "its handler" if own else journal.name(fault.pager), f"process {fault.pager}, ring 3"))
        out.append(_phase(kernel, TOP, 0, say["ask"], ["keeps the thread's frame"] if own else
                          ["finds region and leaf,", "writes the message"]))
        out.append(_arrow(TOP + STEP, kernel, pager, "upcall" if own else f"FAULT: {fault.why}",
                          f"reply id {say['id']}" if fault.id else ""))
        out.append(_phase(pager, TOP + STEP, 1, say["decide"], ["its policy"]))
        pages = f", {fault.run} page{'s' if fault.run != 1 else ''}" if fault.came else ""
        out.append(_arrow(TOP + 2 * STEP, pager, kernel, fault.answer + pages, "kernel entry 2"))
        out.append(_phase(kernel, TOP + 2 * STEP, 2, say["map"], ["looks again; frame,", "charge, page table"]
                          if fault.came else ["no page"]))
    out.append(_arrow(bottom, kernel, client, last, bad=bad))
    if not bad:
        out.append(rect(client - 7, bottom, 14, 36, "run", 'rx="2"'))
    low = bottom + 66
    out.append(bar(low, fault.phases) if drawn else f'<g data-bar="{low}"></g>')
    out.append(text(28, low + 42, f"{say['total']} ticks from the trap to the page", "h"))
    back = " (and one back)" if fault.cr3 and fault.came else ""
    out.append(text(WIDTH - 28, low + 42, f"kernel entries {say['entries']}  \u00b7  loads of CR3 {say['cr3']}{back}  "
                    f"\u00b7  TLB flushes {say['flushes']}", "", "end"))
    return svg(WIDTH, low + 58, out, f"A page fault of {journal.name(fault.client)}")


# --- a run: time to the right, a row for each process ----------------------------------------

LEFT = 150
ROW = 30
GAP = 16  # what is left of a pause


def axis(journal, width):
    """Time to x: pauses in which no fault is open are cut short. Returns a function and
    the places of the cuts."""
    spans = []
    for f in sorted(journal.faults, key=lambda f: f.trap):
        if spans and f.trap <= spans[-1][1]:
            spans[-1][1] = max(spans[-1][1], f.trap + f.resumed)
        else:
            spans.append([f.trap, f.trap + f.resumed])
    pauses = [(b[0] - a[1], i) for i, (a, b) in enumerate(zip(spans, spans[1:]))]
    busy = sum(e - s for s, e in spans)
    limit = max(busy * 0.05, 1)
    cuts = {i for pause, i in sorted(pauses)[-12:] if pause > limit}
    length = busy + sum(pause for pause, i in pauses if i not in cuts)
    scale = (width - GAP * len(cuts)) / max(1, length)
    marks, places, x = [], [], 0.0
    for i, (begin, end) in enumerate(spans):
        marks.append((begin, x))
        x += (end - begin) * scale
        marks.append((end, x))
        if i in cuts:
            places.append(x + GAP / 2)
            x += GAP
        elif i + 1 < len(spans):
            x += (spans[i + 1][0] - end) * scale

    def at(time):
        low, high = 0, len(marks) - 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if marks[middle][0] <= time else (low, middle)
        (t0, x0), (t1, x1) = marks[low], marks[high]
        return x0 + (x1 - x0) * (time - t0) / (t1 - t0) if t1 > t0 else x0
    return at, places


def timeline(journal, upto, width=1000):
    """All faults by time; those after @upto are pale."""
    clients = list(dict.fromkeys(f.client for f in journal.faults))
    at, cuts = axis(journal, width - LEFT - 24)
    height = 34 + ROW * len(clients) + 44
    out = [text(LEFT, 20, "time", "s"), text(LEFT - 10, 20, "faults", "s", "end")]
    for row, client in enumerate(clients):
        y = 34 + ROW * row
        count = sum(f.client == client for f in journal.faults)
        out.append(f'<path class="grid" d="M{LEFT} {y + ROW - 3}H{width - 24}"/>')
        out.append(text(14, y + 18, journal.name(client), "h") + text(LEFT - 10, y + 18, number(count), "s", "end"))
    for x in cuts:
        out.append(f'<path d="M{LEFT + x - 3:.1f} 30v{ROW * len(clients) + 4}m6 0v-{ROW * len(clients) + 4}" '
                   'stroke="#c3cad4" stroke-dasharray="2 3" fill="none"/>')
    for i, f in enumerate(journal.faults):
        y = 34 + ROW * clients.index(f.client)
        x, end = at(f.trap), at(f.trap + f.resumed)
        out.append(rect(round(LEFT + x, 2), y + 4, round(max(1.6, end - x), 2), ROW - 10, "bar",
                        f'fill="{colour(f)}" data-f="{i}" opacity="{1 if i <= upto else 0.25}"'))
    shown = journal.faults[upto]
    x = LEFT + at(shown.trap + shown.resumed)
    out.append(f'<path class="cursor" data-cursor="1" d="M{x:.2f} 26V{34 + ROW * len(clients)}"/>')
    out.append(legend(journal, LEFT, height - 16))
    if cuts:
        out.append(text(width - 24, height - 12, "dashed: pauses, cut short", "s", "end"))
    return svg(width, height, out, "Page faults by time")


def legend(journal, x, y):
    """The colours that occur."""
    out = []
    for answer in dict.fromkeys(f.answer for f in journal.faults):
        out.append(rect(x, y - 6, 10, 10, "", f'fill="{COLOURS.get(answer, "#8b93a0")}" rx="2"') + text(x + 15, y + 4, answer, "s"))
        x += 34 + 7 * len(answer)
    return "".join(out)


# --- the pages -----------------------------------------------------------------------------

CELL = 11
MAP_LEFT = 212
COLUMNS = 64
NEAR = 8  # pages without a fault that do not part two spans


def spans(journal):
    """[(client, first page, pages, kind)]: what the map shows of each process, in order."""
    touched = {}
    for f in journal.faults:
        if f.came:
            for page in range(f.page, f.page + max(1, f.run)):
                touched.setdefault((f.client, f.kind), set()).add(page)
    found = []
    for (client, kind), pages in touched.items():
        begin = last = None
        for page in sorted(pages):
            if begin is not None and page - last <= NEAR:
                last = page
                continue
            if begin is not None:
                found.append((client, begin, last - begin + 1, kind))
            begin = last = page
        found.append((client, begin, last - begin + 1, kind))
    order = list(dict.fromkeys(f.client for f in journal.faults))
    return sorted(found, key=lambda s: (order.index(s[0]), s[1]))


def page_map(journal, upto, width=1000):
    """Every page that a fault brought, as a square; painted once it is there."""
    came = {}
    for i, f in enumerate(journal.faults):
        if f.came:
            for page in range(f.page, f.page + max(1, f.run)):
                came.setdefault((f.client, page), []).append(i)
    out, y, client = [], 10, None
    for who, first, pages, kind in spans(journal):
        if who != client:
            client, y = who, y + (22 if client is not None else 12)
            out.append(text(14, y, journal.name(who), "h"))
            y += 10
        out.append(text(14, y + 10, f"{first * PAGE:#x}", "m") + text(MAP_LEFT - 12, y + 10, KINDS.get(kind, "?"), "s", "end"))
        for offset in range(pages):
            x, line = MAP_LEFT + CELL * (offset % COLUMNS) + (offset % COLUMNS) // 16 * 6, y + CELL * (offset // COLUMNS)
            by = came.get((who, first + offset))
            if by is None:
                out.append(rect(x, line, CELL, CELL, "cell", 'fill="#f3f5f8"'))
                continue
            past = [i for i in by if i <= upto]
            paint = colour(journal.faults[past[-1]]) if past else "#e3e7ed"
            main = journal.faults[by[-1]].page == first + offset
            now = ' stroke-width="2" style="stroke:#11161d"' if past and past[-1] == upto else ""
            out.append(rect(x, line, CELL, CELL, "cell", f'fill="{paint}" data-p="{" ".join(map(str, by))}"{now}'
                            + ("" if main else ' opacity="0.6"')))
        y += CELL * ((pages + COLUMNS - 1) // COLUMNS) + 5
    height = y + 34
    out.append(legend(journal, MAP_LEFT, height - 14))
    out.append(text(width - 24, height - 10, "a square is a page of 4 KiB; grey is not there yet", "s", "end"))
    return svg(width, height, out, "Pages that faults brought")
