# SPDX-License-Identifier: MIT
"""Which ELF files cannot be programs of SecOS: used by secos-run and secos-manifest."""
import struct

ELF_EXEC, ELF_DYN, ELF_X86_64, PT_INTERP = 2, 3, 62, b"\3\0\0\0"


def why_foreign(image):
    """What says that the ELF file @image cannot be a program of SecOS, or None."""
    kind, machine = struct.unpack_from("<HH", image, 16)
    if image[4:6] != b"\2\1" or machine != ELF_X86_64:
        return "for another processor"
    if kind not in (ELF_EXEC, ELF_DYN):
        return "not a program, but an object file or the like"
    (table,) = struct.unpack_from("<Q", image, 32)
    size, count = struct.unpack_from("<HH", image, 54)
    for at in range(table, table + size * count, size or 1):
        if image[at:at + 4] == PT_INTERP:
            return "a program of this machine, which wants a dynamic linker"
    return None
