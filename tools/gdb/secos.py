# SPDX-License-Identifier: MIT
"""GDB knows SecOS: `secos-run --gdb` and `make gdb` load this into GDB.

  state.py     the kernel's structures, read as GDB sees the machine
  follow.py    symbols of the program whose space is loaded; rings and breakpoints
  commands.py  what one types: help secos
"""
import pathlib
import sys

import gdb

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import commands  # noqa: E402
import follow  # noqa: E402

for setting in ("architecture i386:x86-64", "pagination off", "confirm off", "print pretty on",
                "disassembly-flavor intel"):
    gdb.execute(f"set {setting}", to_string=True)
follow.install()
commands.install()
