; SPDX-License-Identifier: MIT
; A message call with every register under control (tests/guests/messages.c).
default rel
bits 64

; Offsets in struct messages_state.
STATE_RAX    equ 0
STATE_RDI    equ 8
STATE_RSI    equ 16
STATE_RDX    equ 24
STATE_R10    equ 32
STATE_R8     equ 40
STATE_R9     equ 48
STATE_RBX    equ 56
STATE_R12    equ 64
STATE_R13    equ 72
STATE_R14    equ 80
STATE_RBP    equ 88
STATE_R15    equ 96

    section .text

; void messages_NAME(struct messages_state *): through the door with all registers
; as there, and what is in them afterwards back there. Nothing is shared between
; threads but what they pass.
%macro DOOR 2+
    global  %1:function (%1.end - %1)
%1:
    push    rbx
    push    rbp
    push    r12
    push    r13
    push    r14
    push    r15
    push    rdi
    mov     rax, [rdi + STATE_RAX]
    mov     rsi, [rdi + STATE_RSI]
    mov     rdx, [rdi + STATE_RDX]
    mov     r10, [rdi + STATE_R10]
    mov     r8, [rdi + STATE_R8]
    mov     r9, [rdi + STATE_R9]
    mov     rbx, [rdi + STATE_RBX]
    mov     r12, [rdi + STATE_R12]
    mov     r13, [rdi + STATE_R13]
    mov     r14, [rdi + STATE_R14]
    mov     rbp, [rdi + STATE_RBP]
    mov     r15, [rdi + STATE_R15]
    mov     rdi, [rdi + STATE_RDI]
    %2
    xchg    rdi, [rsp]
    mov     [rdi + STATE_RAX], rax
    mov     [rdi + STATE_RSI], rsi
    mov     [rdi + STATE_RDX], rdx
    mov     [rdi + STATE_R10], r10
    mov     [rdi + STATE_R8], r8
    mov     [rdi + STATE_R9], r9
    mov     [rdi + STATE_RBX], rbx
    mov     [rdi + STATE_R12], r12
    mov     [rdi + STATE_R13], r13
    mov     [rdi + STATE_R14], r14
    mov     [rdi + STATE_RBP], rbp
    mov     [rdi + STATE_R15], r15
    pop     rax
    mov     [rdi + STATE_RDI], rax
    pop     r15
    pop     r14
    pop     r13
    pop     r12
    pop     rbp
    pop     rbx
    ret
.end:
%endmacro

    DOOR messages_syscall, syscall
    DOOR messages_int80, int 0x80
