; SPDX-License-Identifier: MIT
; The way up: ring 3 goes on somewhere else, with a clean set of registers.
;
; void context_upcall(struct trap_frame *frame, uint64_t rip, uint64_t rsp,
;                     uint64_t a, uint64_t b, uint64_t c)
; In     rdi the frame that the next entry will fill, rsi and rdx where ring 3
;        goes on, rcx r8 r9 what it finds in rdi rsi rdx; GS is the kernel's
; Out    does not return. Ring 3: rcx = rip, r11 = rflags, all others zero
;
; The syscall door stores neither cs nor ss, so they must stand in the frame. C
; frames of the present call lie there: nothing of them is used any more.
%include "entry.inc"

    global  context_upcall:function
    default rel

    section .text

    align   16
context_upcall:
    mov     qword [rdi + FRAME_CS], SELECTOR_USER_CODE
    mov     qword [rdi + FRAME_SS], SELECTOR_USER_DATA
    mov     rsp, rdx
    mov     rdi, rcx
    mov     rcx, rsi
    mov     rsi, r8
    mov     rdx, r9
    mov     r11d, RFLAGS_USER_MUST
    xor     eax, eax
    xor     ebx, ebx
    xor     ebp, ebp
    xor     r8d, r8d
    xor     r9d, r9d
    xor     r10d, r10d
    xor     r12d, r12d
    xor     r13d, r13d
    xor     r14d, r14d
    xor     r15d, r15d
    swapgs
    o64 sysret
