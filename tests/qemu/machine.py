# SPDX-License-Identifier: MIT
"""Drive one SecOS in one QEMU over its serial line.

Nothing here sleeps: a reader thread collects what the machine says, and whoever
waits is woken by it, by the end of QEMU, or by the timeout.
"""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from qemu_command import BUILD, default_modules, die_with_parent, make_iso, qemu_command  # noqa: E402

PROMPT = "secos$ "
# A shared, emulated machine is slow at times; a correct test never waits this long.
TIMEOUT = float(os.environ.get("SECOS_TIMEOUT", "30"))


class MachineError(AssertionError):
    """The machine did not do what the test expects; carries the serial log."""


class Qmp:
    """QEMU's control socket: screendump, pmemsave, info tlb and the like."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(TIMEOUT)
        self._socket.connect(path)
        self._file = self._socket.makefile("rw")
        self._read()
        self.command("qmp_capabilities")

    def _read(self):
        while True:
            message = json.loads(self._file.readline())
            if "event" not in message:
                return message

    def command(self, name, **arguments):
        """Run a QMP command; returns its result."""
        self._file.write(json.dumps({"execute": name, "arguments": arguments}) + "\n")
        self._file.flush()
        answer = self._read()
        if "error" in answer:
            raise MachineError(f"qmp {name}: {answer['error']['desc']}")
        return answer["return"]

    def monitor(self, line):
        """Run a line of the human monitor, such as "info tlb"; returns its text."""
        return self.command("human-monitor-command", **{"command-line": line})

    def physical_memory(self, address, size):
        """Read @size bytes of physical memory."""
        with tempfile.NamedTemporaryFile() as file:
            self.command("pmemsave", val=address, size=size, filename=file.name)
            return pathlib.Path(file.name).read_bytes()

    def close(self):
        self._file.close()
        self._socket.close()


class Machine:
    """A running SecOS.

    boot      "direct", "iso" (GRUB on BIOS) or "uefi"
    memory    MiB          machine  "pc" or "q35"          cpu  QEMU's -cpu
    options   the kernel's command line; SECOS_OPTIONS adds to it
    modules   list of paths or (path, arguments); None = what the ISO ships
    kernel    its path; None = what SECOS_KERNEL names, or the image that was built
    test_exit whether there is a port that ends QEMU with a code
    extra     more arguments for QEMU
    """

    def __init__(self, boot="direct", memory=128, machine="pc", cpu="max", options="",
                 modules=None, kernel=None, icount=False, test_exit=True, extra=()):
        kernel = kernel or os.environ.get("SECOS_KERNEL")
        self.boot = boot
        options = " ".join(filter(None, (options, os.environ.get("SECOS_OPTIONS"))))
        self.options = options
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="secos-"))
        self.kernel = pathlib.Path(kernel or BUILD / "kernel.elf")
        self._text = ""
        self._cursor = 0
        self._ended = False
        self._changed = threading.Condition()
        self._qmp = None
        chosen = default_modules() if modules is None else modules
        pairs = [m if isinstance(m, tuple) else (m, "") for m in chosen]
        iso = None
        if boot != "direct":
            iso = BUILD / "secos.iso"
            if modules is not None or options or kernel:
                iso = self.folder / "secos.iso"
                make_iso(iso, self.kernel, pairs, options)
        self.words = qemu_command(
            self.kernel, pairs, options, boot, iso, memory, machine, cpu, icount, test_exit,
            extra=["-qmp", f"unix:{self.folder}/qmp,server=on,wait=off", *extra,
                   *os.environ.get("SECOS_QEMU_EXTRA", "").split()])
        self.started = time.monotonic()
        self._stderr = open(self.folder / "stderr", "w+")
        self._process = subprocess.Popen(self.words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=self._stderr, preexec_fn=die_with_parent)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    # --- the serial line ---------------------------------------------------

    def _read(self):
        while True:
            data = os.read(self._process.stdout.fileno(), 65536)
            with self._changed:
                self._ended = not data
                self._text += data.decode("utf-8", "replace")
                self._changed.notify_all()
            if not data:
                return

    @property
    def log(self):
        """All that the machine has said."""
        with self._changed:
            return self._text

    def fail(self, why):
        """Raise MachineError with @why. The log is added by conftest.py."""
        self._stderr.seek(0)
        said = self._stderr.read().strip()
        raise MachineError(why + (f"\nQEMU says: {said}" if said else ""))

    def expect(self, pattern, timeout=TIMEOUT):
        """Wait for regular expression @pattern in what the machine says after the
        last match; returns the match and moves behind it."""
        compiled = re.compile(pattern, re.MULTILINE)
        end = time.monotonic() + timeout
        with self._changed:
            while True:
                match = compiled.search(self._text, self._cursor)
                if match:
                    self._cursor = match.end()
                    return match
                left = end - time.monotonic()
                if self._ended or left <= 0:
                    break
                self._changed.wait(left)
            state = "QEMU ended" if self._ended else f"{timeout:g} s passed"
            tail = self._text[self._cursor:][-300:]
        self.fail(f"{state} without {pattern!r}; last was {tail!r}")

    def seen(self, pattern):
        """Whether @pattern has been said at any time, without waiting."""
        return re.search(pattern, self.log, re.MULTILINE) is not None

    def send(self, text):
        """Type @text, a str or bytes, as it is."""
        data = text.encode() if isinstance(text, str) else text
        try:
            self._process.stdin.write(data)
            self._process.stdin.flush()
        except BrokenPipeError:
            self.fail(f"QEMU ended before {text!r} was typed")

    def prompt(self, timeout=TIMEOUT):
        """Wait for the shell's prompt; returns what was said before it."""
        with self._changed:
            begin = self._cursor
        match = self.expect(re.escape(PROMPT), timeout)
        return self.log[begin:match.start()].replace("\r\n", "\n")

    def command(self, line, timeout=TIMEOUT):
        """Type @line at the prompt; returns its output up to the next prompt."""
        self.send(line + "\r")
        self.expect("\n", timeout)  # the end of the echo
        return self.prompt(timeout)

    # --- what tests ask of a SecOS -------------------------------------------

    def frames(self):
        """Frames by owner kind, as `frames` tells: {"user": 12, ...}."""
        text = self.command("frames")
        found = dict(re.findall(r"^\s*([a-z][a-z -]*?):?\s+(\d+)\b", text, re.MULTILINE))
        if not found:
            self.fail(f"no frame counts in {text!r}")
        return {kind: int(count) for kind, count in found.items()}

    def processes(self):
        """The rows of `ps`: [{"pid": "1", "name": "pager", ...}]."""
        head, *rows = [line.split() for line in self.command("ps").replace("mem KB", "kb").strip().splitlines()]
        return [dict(zip(head, row)) for row in rows if len(row) == len(head)]

    def image_base(self, pid):
        """Where process @pid's image begins; programs are linked to begin at 0."""
        return int(re.search(r"^ +([0-9a-f]{12})-\S+ .* image", self.command(f"regions {pid}"), re.MULTILINE)[1], 16)

    def conserved_frames(self):
        """frames() without what shell and pager hold at the moment, and without the
        split of free frames: what must be the same before and after a test. The
        heap of the shell may keep pages; a program that has ended may not."""
        frames = self.frames()
        for row in self.processes():
            if row["name"] in ("shell", "pager"):
                for kind, held in (("user", int(row["kb"]) // 4), ("page table", int(row["tables"]))):
                    frames[kind] -= held
                    frames["free"] += held
        frames.pop("pooled", None)
        return frames

    def settled_frames(self, timeout=TIMEOUT):
        """conserved_frames(), once they are the same twice in a row."""
        end = time.monotonic() + timeout
        last = self.conserved_frames()
        while time.monotonic() < end:
            now = self.conserved_frames()
            if now == last:
                return now
            last = now
        self.fail(f"the frame counts never settle: {last}")

    # --- the end ------------------------------------------------------------

    def exit_code(self, timeout=TIMEOUT):
        """Wait for QEMU's end; returns its exit code."""
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.fail(f"QEMU still runs after {timeout:g} s")
        self._reader.join(5)  # its last words
        return code

    def verdict(self, timeout=TIMEOUT):
        """Wait for the end by the debug-exit port; returns the code written to it.
        A triple fault (QEMU ends with 0) is a failure."""
        code = self.exit_code(timeout)
        if code & 1 == 0:
            self.fail(f"QEMU ended with {code}: not by the debug-exit port")
        return code >> 1

    @property
    def is_running(self):
        return self._process.poll() is None

    @property
    def qmp(self):
        """QEMU's control socket, connected at first use."""
        if self._qmp is None:
            self._qmp = Qmp(str(self.folder / "qmp"))
        return self._qmp

    def close(self):
        """End QEMU, whatever state it is in."""
        if self._qmp:
            self._qmp.close()
        if self.is_running:
            self._process.kill()
        self._process.wait()
        self._reader.join(5)
        self._process.stdin.close()
        self._process.stdout.close()
        self._stderr.close()
        shutil.rmtree(self.folder, ignore_errors=True)
