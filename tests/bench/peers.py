#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The same operations on other systems, counted the same way -> peers.json.

Linux is the distribution's own kernel, unpacked from its package, not installed; it
boots in the same QEMU with the same processor model under the same -icount, with one
program of ours (tests/bench/peers/linux.c) and nothing else. It is measured twice: as
the distribution starts it, and with everything off that SecOS does not do either.
The heap traces are those of tests/bench/traces.c, under callgrind, on the malloc of
glibc, jemalloc and mimalloc."""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/bench"))
sys.path.insert(0, str(ROOT / "tests/tools"))
import memory  # noqa: E402
import performance_tables  # noqa: E402
from machine import BUILD  # noqa: E402

CPU = memory.CPU
FOLDER = BUILD / "peers"
KEPT = ROOT / "tests/bench/peers.json"
KERNEL_PACKAGE = "linux-image-amd64"
HEAPS = {"glibc": None, "jemalloc": ("libjemalloc2", "libjemalloc.so.2"), "mimalloc": ("libmimalloc2.0", "libmimalloc.so.2")}
TUNED = "mitigations=off pti=off init_on_alloc=0 audit=0 cgroup_disable=memory transparent_hugepage=never"
COLUMNS = {"default": "", "tuned": TUNED}


def run(*words, **more):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, **more)
    if done.returncode != 0:
        sys.exit(f"bench-peers: {words[0]}: {(done.stderr or done.stdout).strip().splitlines()[-1]}")
    return done.stdout


def unpack(package):
    """Download @package, unless it is there, and unpack it beside; returns the folder."""
    target = FOLDER / package
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
            os.chmod(folder, 0o777)  # apt downloads as another user
            run("apt-get", "download", package, cwd=folder)
            run("dpkg-deb", "-x", next(pathlib.Path(folder).glob("*.deb")), f"{folder}/files")
            shutil.move(f"{folder}/files", target)
    return target


def linux_kernel():
    """(vmlinuz, package with version) of the kernel that the distribution installs today."""
    depends = run("apt-cache", "depends", KERNEL_PACKAGE)
    package = re.search(r"Depends: (linux-image-\S+)", depends)
    if not package:
        sys.exit(f"bench-peers: no package {KERNEL_PACKAGE}; apt-get update may help")
    version = re.search(r"^Version: (\S+)", run("apt-cache", "show", package[1]), re.MULTILINE)[1]
    folder = unpack(package[1])
    config = next(folder.glob("boot/config-*"))
    digest = run("sha256sum", config).split()[0][:16]
    return next(folder.glob("boot/vmlinuz-*")), f"{package[1]} {version}, configuration sha256 {digest}..."


def newc(files):
    """An initial RAM disk: {name: bytes, None for a folder or (major, minor) for a device}."""
    out = bytearray()

    def entry(name, mode, data=b"", device=(0, 0)):
        head = "070701" + "".join(f"{n:08X}" for n in (
            len(out) // 4 + 1, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name) + 1, 0))
        for part in (head.encode() + name.encode() + b"\0", data):
            out.extend(part)
            out.extend(b"\0" * (-len(out) % 4))

    for name, content in files.items():
        if content is None:
            entry(name, 0o040755)
        elif isinstance(content, tuple):
            entry(name, 0o020600, device=content)
        else:
            entry(name, 0o100755, content)
    entry("TRAILER!!!", 0)
    return bytes(out)


def initrd():
    """The RAM disk with our two programs."""
    sources = ROOT / "tests/bench/peers"
    run("gcc", "-O2", "-static", sources / "linux.c", "-o", FOLDER / "init")
    run("gcc", "-O2", "-static", "-nostdlib", "-ffreestanding", "-fno-stack-protector", "-Wl,--build-id=none",
        sources / "null.c", "-o", FOLDER / "null")
    disk = newc({"dev": None, "dev/console": (5, 1), "init": (FOLDER / "init").read_bytes(),
                 "null": (FOLDER / "null").read_bytes()})
    (FOLDER / "initrd").write_bytes(disk)
    return FOLDER / "initrd"


def boot_linux(vmlinuz, disk, options, extra=(), icount=True):
    """What Linux and our program say."""
    accel = ["tcg,thread=single", "-icount", "shift=0,sleep=off"] if icount else ["tcg"]
    words = [os.environ.get("QEMU", "qemu-system-x86_64"), "-accel", *accel, "-cpu", CPU, "-machine", "pc", "-m", "256", "-nodefaults",
             "-display", "none", "-serial", "stdio", "-no-reboot", "-kernel", vmlinuz, "-initrd", disk,
             "-append", f"console=ttyS0 quiet panic=-1 {options}".strip(), *extra]
    log = run(*words, stdin=subprocess.DEVNULL, timeout=1800)
    if "peers done" not in log:
        sys.exit(f"bench-peers: Linux did not get through\n{log[-2000:]}")
    return log


def rows_said(log):
    return {name: int(value) for name, value in re.findall(r"^peer (\w+) (\d+)", log, re.MULTILINE)}


def count_boot(vmlinuz, disk, options):
    """Instructions from reset to our program's first line, and the way down."""
    plugin, out = FOLDER / "count.so", FOLDER / "count"
    run("gcc", "-O2", "-shared", "-fPIC", ROOT / "tests/bench/peers/count.c", "-o", plugin)
    boot_linux(vmlinuz, disk, f"{options} -- boot-only".strip(), ["-plugin", f"{plugin},out={out}"])
    return int(out.read_text())


def measure_linux(vmlinuz, disk, options):
    """({row: count}, command line and version as Linux says them)."""
    log = boot_linux(vmlinuz, disk, options)
    rows = rows_said(log)
    rows["boot"] = count_boot(vmlinuz, disk, options)
    command_line, version = (re.search(rf"^linux /proc/{name} (.*?)\r?$", log, re.MULTILINE)[1] for name in ("cmdline", "version"))
    return rows, command_line, re.sub(r"\(.*\) (?=#)", "", version)


def heap_environments():
    """(heap, the environment in which a program has it)."""
    for name, package in HEAPS.items():
        environment = dict(os.environ)
        if package:
            library = next(unpack(package[0]).glob(f"usr/lib/*/{package[1]}"), None)
            if library is None:
                sys.exit(f"bench-peers: {package[0]} has no {package[1]}")
            environment["LD_PRELOAD"] = str(library)
        yield name, environment


def measure_heaps():
    """{heap: {trace: instructions}}."""
    rows = {name: memory.count_traces(BUILD / "bench/heap_peer", environment)[0]
            for name, environment in heap_environments()}
    return {name: {trace: row["instructions"] for trace, row in found.items()} for name, found in rows.items()}


def show(linux):
    """One table: ours, of the last `make bench` or the kept ones, beside theirs; and which Linux it was."""
    ours = BUILD / "bench.json"
    rows = json.loads((ours if ours.exists() else ROOT / "tests/bench/baseline.json").read_text())
    print("\n".join(["", *performance_tables.cost_lines(rows, linux), "", *performance_tables.linux_lines(linux)]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=BUILD / "peers.json")
    parser.add_argument("--keep", action="store_true", help="into tests/bench/peers.json and docs/performance.md")
    arguments = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    vmlinuz, package = linux_kernel()
    disk = initrd()
    found = {"linux": {"package": package, "cpu": CPU}, "heap": measure_heaps()}
    for column, options in COLUMNS.items():
        rows, command_line, version = measure_linux(vmlinuz, disk, options)
        found["linux"][column] = {"command_line": command_line, "rows": rows}
        found["linux"]["version"] = version
    arguments.out.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
    show(found["linux"])
    if arguments.keep:
        shutil.copyfile(arguments.out, KEPT)
        subprocess.run([sys.executable, ROOT / "tests/tools/check_docs.py", "--fix"], check=False)


if __name__ == "__main__":
    main()
