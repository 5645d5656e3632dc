; SPDX-License-Identifier: MIT
; The two headers by which a boot loader knows this file, both at the start of
; the image: Multiboot 1 is searched in the first 8 KiB, Multiboot 2 in 32 KiB.
;
; One ELF64 serves both. A Multiboot 1 loader cannot read ELF64, so its header
; carries the addresses itself (flag bit 16): "the file from here on is the
; image from 1 MiB on". That is true because kernel.ld keeps file offset and
; physical address in step over all segments, which check_image.py verifies.
;
; Source: Multiboot Specification 0.6.96 (§3.1); Multiboot2 Specification 2.0
; (§3.1).

MB1_MAGIC           equ 0x1BADB002
MB1_PAGE_ALIGN      equ 1 << 0      ; modules on page boundaries
MB1_MEMORY_INFO     equ 1 << 1      ; we want the memory map
MB1_HAS_ADDRESSES   equ 1 << 16
MB1_FLAGS           equ MB1_PAGE_ALIGN | MB1_MEMORY_INFO | MB1_HAS_ADDRESSES

MB2_MAGIC           equ 0xE85250D6
MB2_ARCH_I386       equ 0           ; entered in 32-bit protected mode
MB2_TAG_END         equ 0
MB2_TAG_REQUEST     equ 1
MB2_TAG_ALIGN       equ 6
MB2_TAG_BYTES       equ 8
MB2_INFO_CMDLINE    equ 1
MB2_INFO_MODULE     equ 3
MB2_INFO_MMAP       equ 6

    extern  start32
    extern  _image_load_start       ; physical, from kernel.ld
    extern  _image_load_end
    extern  _image_bss_end

    section .boot.header progbits alloc noexec nowrite align=8

mb1_header:
    dd      MB1_MAGIC
    dd      MB1_FLAGS
    dd      -(MB1_MAGIC + MB1_FLAGS)
    dd      mb1_header
    dd      _image_load_start
    dd      _image_load_end
    dd      _image_bss_end
    dd      start32

    align   8
mb2_header:
    dd      MB2_MAGIC
    dd      MB2_ARCH_I386
    dd      .end - mb2_header
    dd      -(MB2_MAGIC + MB2_ARCH_I386 + (.end - mb2_header))
.request:
    dw      MB2_TAG_REQUEST, 0
    dd      .request_end - .request
    dd      MB2_INFO_CMDLINE, MB2_INFO_MODULE, MB2_INFO_MMAP
.request_end:
    align   8
    dw      MB2_TAG_ALIGN, 0
    dd      MB2_TAG_BYTES
    dw      MB2_TAG_END, 0
    dd      MB2_TAG_BYTES
.end:
