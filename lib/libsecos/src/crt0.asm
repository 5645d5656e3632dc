; SPDX-License-Identifier: MIT
; The first instructions of every program: from the kernel's registers to main.

default rel
bits 64

; Offsets in struct process_start (secos/bootinfo.h).
START_ARGC   equ 0
START_ARGV   equ 8
START_RANDOM equ 16
START_FLAGS  equ 36
START_SELF_PAGER equ 1

extern main
extern exit
extern image_relocate
extern process_started
extern self_pager_start
extern __stack_chk_guard

section .text

; _start - call main and end the process with what it returns.
; In        rdi = struct process_start *, rsp aligned to 16, all else zero
; Out       does not return
; Mode      ring 3, interrupts on, on the program's own first stack page
;
; rbp stays zero, so that a walk along the frame pointers ends here.
global _start:function (_start.end - _start)
_start:
            mov     rbx, rdi
            call    image_relocate
            test    byte [rbx + START_FLAGS], START_SELF_PAGER
            jz      .no_handler
            call    self_pager_start
.no_handler:
            mov     rdi, rbx
            mov     [process_started], rdi
            ; The guard's lowest byte is zero: it stops what runs over a string.
            mov     rax, [rdi + START_RANDOM]
            xor     al, al
            mov     [__stack_chk_guard], rax

            mov     rsi, [rdi + START_ARGV]
            mov     rdi, [rdi + START_ARGC]
            lea     rdx, [rsi + rdi * 8]        ; an empty environment
            call    main

            mov     edi, eax
            call    exit
            ud2
.end:

section .note.GNU-stack noalloc noexec nowrite progbits
