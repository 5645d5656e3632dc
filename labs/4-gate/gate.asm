; SPDX-License-Identifier: MIT
; void gate_call(uint64_t in[16], uint64_t out[16]): load every register from @in,
; go through the door, store every register to @out.
; Order: rax rdi rsi rdx r10 r8 r9 rbx rbp r12 r13 r14 r15, rsp (out only).
    default rel
    bits    64
    global  gate_call:function

    section .bss
gate_out: resq 1
gate_rsp: resq 1

    section .text
gate_call:
    push    rbx
    push    rbp
    push    r12
    push    r13
    push    r14
    push    r15
    mov     [gate_out], rsi
    mov     [gate_rsp], rsp
    mov     rax, rdi
    mov     rsi, [rax + 16]
    mov     rdx, [rax + 24]
    mov     r10, [rax + 32]
    mov     r8, [rax + 40]
    mov     r9, [rax + 48]
    mov     rbx, [rax + 56]
    mov     rbp, [rax + 64]
    mov     r12, [rax + 72]
    mov     r13, [rax + 80]
    mov     r14, [rax + 88]
    mov     r15, [rax + 96]
    mov     rdi, [rax + 8]
    mov     rax, [rax]
    syscall
    mov     rcx, [gate_out]
    mov     [rcx], rax
    mov     [rcx + 8], rdi
    mov     [rcx + 16], rsi
    mov     [rcx + 24], rdx
    mov     [rcx + 32], r10
    mov     [rcx + 40], r8
    mov     [rcx + 48], r9
    mov     [rcx + 56], rbx
    mov     [rcx + 64], rbp
    mov     [rcx + 72], r12
    mov     [rcx + 80], r13
    mov     [rcx + 88], r14
    mov     [rcx + 96], r15
    xor     eax, eax
    cmp     rsp, [gate_rsp]
    setne   al
    mov     [rcx + 104], rax
    mov     rsp, [gate_rsp]
    pop     r15
    pop     r14
    pop     r13
    pop     r12
    pop     rbp
    pop     rbx
    ret
