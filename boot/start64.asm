; SPDX-License-Identifier: MIT
; 64-bit mode, to the higher half, to C.
;
; In     ebp = the loader's magic, ebx = physical address of its information;
;        the temporary tables of start32.asm, interrupts off
; Out    kernel_main(magic, information) on the boot stack, every data segment
;        null, never to return
;
; .bss is not cleared here: both Multiboot specifications oblige the loader to
; do it.
%include "boot.inc"

    global  start64:function
    global  boot_tsc:data
    global  boot_stack_guard:data
    global  boot_stack_top:data
    global  boot_tables:data
    extern  kernel_main

    bits    64
    section .boot.text progbits alloc exec nowrite align=16

start64:
    xor     eax, eax
    mov     ds, eax
    mov     es, eax
    mov     ss, eax
    mov     fs, eax
    mov     gs, eax
    mov     rax, start_high
    jmp     rax

    section .text
start_high:
    mov     rsp, boot_stack_top
    mov     edi, ebp
    mov     esi, ebx
    xor     ebp, ebp                ; the end of every chain of frames
    call    kernel_main
.halt:
    cli
    hlt
    jmp     .halt

    section .bss align=4096

boot_stack_guard:
    resb    TABLE_BYTES             ; left unmapped by vmm_init
    resb    BOOT_STACK_BYTES
boot_stack_top:

boot_tsc:           resq 1          ; time stamp of the first instruction

    section .boot_tables progbits alloc noexec write align=4096
boot_tables:        times TABLES * TABLE_BYTES db 0
