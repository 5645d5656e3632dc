; SPDX-License-Identifier: MIT
; One system call with every register chosen, and every register looked at after.

default rel
bits 64

; enum fuzz_register
%define R(n) (n * 8)

section .text

; void fuzz_enter(const uint64_t in[R_COUNT], uint64_t out[R_COUNT], bool fast)
; out[R_SP]: how far rsp moved; out[R_BP]: 0 if rbp and r15 were kept.
global fuzz_enter:function (fuzz_enter.end - fuzz_enter)
fuzz_enter:
            push    rbx
            push    rbp
            push    r12
            push    r13
            push    r14
            push    r15
            push    rsi
            mov     [rsi + R(11)], rsp
            mov     r15, rsi
            mov     rbp, rsi
            mov     ecx, edx
            mov     rax, [rdi + R(0)]
            mov     rsi, [rdi + R(2)]
            mov     rdx, [rdi + R(3)]
            mov     r10, [rdi + R(4)]
            mov     r8, [rdi + R(5)]
            mov     r9, [rdi + R(6)]
            mov     rbx, [rdi + R(7)]
            mov     r12, [rdi + R(8)]
            mov     r13, [rdi + R(9)]
            mov     r14, [rdi + R(10)]
            mov     rdi, [rdi + R(1)]
            jecxz   .taught
            syscall
            jmp     .back
.taught:
            int     0x80
.back:
            xor     rbp, r15
            mov     r15, [rsp]
            mov     [r15 + R(12)], rbp
            sub     [r15 + R(11)], rsp
            mov     [r15 + R(0)], rax
            mov     [r15 + R(1)], rdi
            mov     [r15 + R(2)], rsi
            mov     [r15 + R(3)], rdx
            mov     [r15 + R(4)], r10
            mov     [r15 + R(5)], r8
            mov     [r15 + R(6)], r9
            mov     [r15 + R(7)], rbx
            mov     [r15 + R(8)], r12
            mov     [r15 + R(9)], r13
            mov     [r15 + R(10)], r14
            pop     rsi
            pop     r15
            pop     r14
            pop     r13
            pop     r12
            pop     rbp
            pop     rbx
            ret
.end:

; What fuzzed foreign calls are reflected to: returns at once.
global fuzz_handler:function (fuzz_handler.end - fuzz_handler)
fuzz_handler:
            ret     128
.end:

section .note.GNU-stack noalloc noexec nowrite progbits
