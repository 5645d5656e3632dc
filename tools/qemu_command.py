# SPDX-License-Identifier: MIT
"""The QEMU command line for every way SecOS boots: used by secos-run and by the
tests, so that both start the same machine."""
import ctypes
import os
import pathlib
import signal
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("BUILD", "build"))
if not BUILD.is_absolute():
    BUILD = ROOT / BUILD
QEMU = os.environ.get("QEMU", "qemu-system-x86_64")
FIRMWARE = ["/usr/share/ovmf/OVMF.fd", "/usr/share/OVMF/OVMF.fd",
            "/usr/share/edk2/x64/OVMF.4m.fd", "/usr/share/edk2-ovmf/x64/OVMF.fd"]
BOOT_PATHS = ("direct", "iso", "uefi")
DEBUG_EXIT_PORT = 0xF4


def die_with_parent():
    """For preexec_fn: who is killed takes the machine along (Linux: PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class QemuError(Exception):
    """Something needed to start the machine is missing; the text is one line."""


def firmware():
    """The UEFI firmware image of this machine."""
    for path in FIRMWARE:
        if os.path.exists(path):
            return path
    raise QemuError("no UEFI firmware (package ovmf; tools/setup run installs it)")


def default_modules(build=BUILD):
    """What the shipped ISO carries: the servers and the programs, as paths."""
    listed = build / "modules"
    if not listed.exists():
        raise QemuError(f"{listed} is missing: run make first")
    return [ROOT / line for line in listed.read_text().split()]


def make_iso(path, kernel, modules, options=""):
    """Write an ISO; @modules is a list of (path, arguments)."""
    words = [f"{p}={a}" if a else str(p) for p, a in modules]
    command = [ROOT / "tools/mkiso", "-o", path, "-k", kernel, "-a", options, *words]
    done = subprocess.run([str(w) for w in command], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise QemuError(done.stderr.strip().splitlines()[-1])


def initrd(modules):
    """QEMU's notation for Multiboot modules: a comma is written twice."""
    return ",".join(f"{p} {a}".strip().replace(",", ",,") for p, a in modules)


def qemu_command(kernel, modules, options="", boot="direct", iso=None, memory=128,
                 machine="pc", cpu="max", icount=False, test_exit=True, reboot=False,
                 extra=()):
    """The argument list. The serial line is QEMU's stdin and stdout.

    modules  list of (path, arguments), for boot="direct"
    iso      the image, for boot="iso" and "uefi"
    """
    words = [QEMU, "-accel", "tcg,thread=single" if icount else "tcg", "-cpu", cpu,
             "-machine", machine, "-m", str(memory), "-nodefaults", "-display", "none",
             "-vga", "none", "-monitor", "none",
             "-chardev", "stdio,id=serial0,signal=off", "-serial", "chardev:serial0"]
    if icount:
        words += ["-icount", "shift=0,sleep=off"]
    if not reboot:
        words += ["-no-reboot"]
    if test_exit:
        words += ["-device", f"isa-debug-exit,iobase={DEBUG_EXIT_PORT:#x},iosize=4"]
    if boot == "direct":
        words += ["-kernel", str(kernel)]
        if modules:
            words += ["-initrd", initrd(modules)]
        if options:
            words += ["-append", options]
    else:
        words += ["-cdrom", str(iso)]
        if boot == "uefi":
            words += ["-bios", firmware()]
    return words + list(extra)
