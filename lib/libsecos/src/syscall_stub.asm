; SPDX-License-Identifier: MIT
; The two doors as C functions, and the one IPC stub behind ipc.c.

default rel
bits 64

; Offsets in struct ipc_message (secos/ipc.h).
MESSAGE_REPLY_ID equ 0
MESSAGE_LABEL    equ 8
MESSAGE_WORDS    equ 16
MESSAGE_BADGE    equ 56
MESSAGE_SLOT     equ 64

section .text

; Both doors want the same: number in rax, arguments in rdi rsi rdx r10 r8 r9.
; In        rdi = number, rsi = address of six arguments
; Out       rax = result
; Clobbers  rcx rdi rsi rdx r8 r9 r10 r11, as any C function may
%macro SYSCALL_DOOR 2                           ; name, instruction
global %1:function (%1.end - %1)
%1:
            mov     rax, rdi
            mov     rcx, rsi
            mov     rdi, [rcx]
            mov     rsi, [rcx + 8]
            mov     rdx, [rcx + 16]
            mov     r10, [rcx + 24]
            mov     r8, [rcx + 32]
            mov     r9, [rcx + 40]
            %2
            ret
.end:
%endmacro

SYSCALL_DOOR syscall_fast, {syscall}
SYSCALL_DOOR syscall_int80, {int 0x80}

; ipc_exchange - send *m in the message registers and store what comes back.
; In        rdi = number, rsi = endpoint | handle to give << 32,
;           rdx = struct ipc_message *, rcx = deadline
; Out       rax = status, *m = the message received (zero on failure)
; Clobbers  what a C function may; rbx and r12-r15 are saved
global ipc_exchange:function (ipc_exchange.end - ipc_exchange)
ipc_exchange:
            push    rbx
            push    r12
            push    r13
            push    r14
            push    r15
            mov     r15, rdx                    ; the kernel keeps r15 and r14
            mov     r14, rcx
            mov     rax, rdi
            mov     rdi, rsi
            mov     rsi, [r15 + MESSAGE_LABEL]
            mov     rdx, [r15 + MESSAGE_WORDS]
            mov     r10, [r15 + MESSAGE_WORDS + 8]
            mov     r8, [r15 + MESSAGE_WORDS + 16]
            mov     r9, [r15 + MESSAGE_WORDS + 24]
            mov     rbx, [r15 + MESSAGE_WORDS + 32]
            mov     r12, [r15 + MESSAGE_REPLY_ID]
            mov     r13, [r15 + MESSAGE_SLOT]
            syscall
            mov     [r15 + MESSAGE_REPLY_ID], rdi
            mov     [r15 + MESSAGE_LABEL], rsi
            mov     [r15 + MESSAGE_WORDS], rdx
            mov     [r15 + MESSAGE_WORDS + 8], r10
            mov     [r15 + MESSAGE_WORDS + 16], r8
            mov     [r15 + MESSAGE_WORDS + 24], r9
            mov     [r15 + MESSAGE_WORDS + 32], rbx
            mov     [r15 + MESSAGE_BADGE], r12
            mov     [r15 + MESSAGE_SLOT], r13
            pop     r15
            pop     r14
            pop     r13
            pop     r12
            pop     rbx
            ret
.end:

section .note.GNU-stack noalloc noexec nowrite progbits
