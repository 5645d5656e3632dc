; SPDX-License-Identifier: MIT
; Make a foreign call with every register under control, and note every register
; that the handler finds and that comes back. The C half is reflect.c.
default rel
bits 64

; struct reflect_state of reflect.c: these registers, then rsp and [rsp].
STATE_RAX equ 0
STATE_RCX equ 8
STATE_RDX equ 16
STATE_RBX equ 24
STATE_RBP equ 32
STATE_RSI equ 40
STATE_RDI equ 48
STATE_R8  equ 56
STATE_R9  equ 64
STATE_R10 equ 72
STATE_R11 equ 80
STATE_R12 equ 88
STATE_R13 equ 96
STATE_R14 equ 104
STATE_R15 equ 112
STATE_RSP equ 120
STATE_TOP equ 128
STATE_BYTES equ 136

RED_ZONE_BYTES equ 128

    section .bss
    align   16
    global  reflect_in:data
    global  reflect_seen:data
    global  reflect_out:data
    global  reflect_answer:data
reflect_in:     resb STATE_BYTES
reflect_seen:   resb STATE_BYTES
reflect_out:    resb STATE_BYTES
reflect_answer: resq 1
saved_rsp:      resq 1

    section .text

%macro STORE_ALL 1
    mov     [%1 + STATE_RAX], rax
    mov     [%1 + STATE_RCX], rcx
    mov     [%1 + STATE_RDX], rdx
    mov     [%1 + STATE_RBX], rbx
    mov     [%1 + STATE_RBP], rbp
    mov     [%1 + STATE_RSI], rsi
    mov     [%1 + STATE_RDI], rdi
    mov     [%1 + STATE_R8], r8
    mov     [%1 + STATE_R9], r9
    mov     [%1 + STATE_R10], r10
    mov     [%1 + STATE_R11], r11
    mov     [%1 + STATE_R12], r12
    mov     [%1 + STATE_R13], r13
    mov     [%1 + STATE_R14], r14
    mov     [%1 + STATE_R15], r15
    mov     [%1 + STATE_RSP], rsp
%endmacro

; The handler: note what is here, answer, go back.
    global  reflect_handler:function
reflect_handler:
    STORE_ALL reflect_seen
    mov     rax, [rsp]
    mov     [reflect_seen + STATE_TOP], rax
    mov     rax, [reflect_answer]
    ret     RED_ZONE_BYTES

; void reflect_NAME(void): reflect_in through a door, reflect_out behind it.
; Clobbers  what a C function may
%macro DOOR 2                           ; name, instruction
    global  reflect_%1:function
    global  reflect_%1_return:function
reflect_%1:
    push    rbx
    push    rbp
    push    r12
    push    r13
    push    r14
    push    r15
    mov     [saved_rsp], rsp
    mov     rax, [reflect_in + STATE_RAX]
    mov     rcx, [reflect_in + STATE_RCX]
    mov     rdx, [reflect_in + STATE_RDX]
    mov     rbx, [reflect_in + STATE_RBX]
    mov     rbp, [reflect_in + STATE_RBP]
    mov     rsi, [reflect_in + STATE_RSI]
    mov     rdi, [reflect_in + STATE_RDI]
    mov     r8, [reflect_in + STATE_R8]
    mov     r9, [reflect_in + STATE_R9]
    mov     r10, [reflect_in + STATE_R10]
    mov     r11, [reflect_in + STATE_R11]
    mov     r12, [reflect_in + STATE_R12]
    mov     r13, [reflect_in + STATE_R13]
    mov     r14, [reflect_in + STATE_R14]
    mov     r15, [reflect_in + STATE_R15]
    mov     rsp, [reflect_in + STATE_RSP]
    %2
reflect_%1_return:
    STORE_ALL reflect_out
    mov     rsp, [saved_rsp]
    cld
    pop     r15
    pop     r14
    pop     r13
    pop     r12
    pop     rbp
    pop     rbx
    ret
%endmacro

    DOOR    syscall, {syscall}
    DOOR    int80, {int 0x80}

    section .note.GNU-stack noalloc noexec nowrite progbits
