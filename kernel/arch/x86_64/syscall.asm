; SPDX-License-Identifier: MIT
; The syscall instruction: the fast door.
;
; In     rax number, rdi rsi rdx r10 r8 r9 arguments, rcx user rip, r11 user
;        rflags; rsp is still the user's, interrupts off, DF TF NT AC clear
;        (all by FMASK)
; Out    rax result; rcx and r11 as sysret leaves them; nothing else changes
;
; The frame is stored, because the call may wait and then it is all that is left of
; it. Not stored: cs and ss, which stand there since the thread began and are never
; others; rcx, r11 and the error code, which nobody reads of such a frame (vector
; says so). On the way out only what C may have clobbered is loaded
; again: rbx rbp r12-r15 are the same by the C calling convention.
;
; The two calls that messages travel by branch off to syscall_ipc.asm, which comes
; back to syscall_any with all registers as they were.
%include "entry.inc"

    extern  syscall_table
    extern  upcall_foreign_syscall
    extern  isr_return_user
    extern  syscall_ipc_call
    extern  syscall_ipc_reply_receive
    global  syscall_entry:function
    global  syscall_any:function
    global  context_resume:function
    global  context_call:function
    global  context_restart_syscall:function
    default rel

    section .text

    align   16
syscall_entry:
    swapgs
    mov     [gs:CPU_USER_RSP_SCRATCH], rsp
    mov     rsp, [gs:CPU_KERNEL_RSP]
    sub     rsp, FRAME_BYTES
    mov     [rsp + FRAME_RIP], rcx
    mov     [rsp + FRAME_RFLAGS], r11
    mov     rcx, [gs:CPU_USER_RSP_SCRATCH]
    mov     [rsp + FRAME_RSP], rcx
    mov     qword [rsp + FRAME_VECTOR], TRAP_VECTOR_SYSCALL
    mov     [rsp + FRAME_RBP], rbp
    mov     [rsp + FRAME_R12], r12
    mov     [rsp + FRAME_R13], r13
    mov     [rsp + FRAME_R14], r14
    mov     [rsp + FRAME_R15], r15
    inc     qword [gs:CPU_KERNEL_ENTRIES]
    cmp     rax, SYSCALL_IPC_CALL
    je      syscall_ipc_call
    cmp     rax, SYSCALL_IPC_REPLY_RECEIVE
    je      syscall_ipc_reply_receive
syscall_any:
    mov     [rsp + FRAME_RAX], rax
    mov     [rsp + FRAME_RDX], rdx
    mov     [rsp + FRAME_RSI], rsi
    mov     [rsp + FRAME_RDI], rdi
    mov     [rsp + FRAME_R8], r8
    mov     [rsp + FRAME_R9], r9
    mov     [rsp + FRAME_R10], r10
    mov     [rsp + FRAME_RBX], rbx
    sub     rax, SYSCALL_FIRST
    cmp     rax, SYSCALL_ROWS
    jae     .foreign
    mov     rcx, r10
    call    [abs syscall_table + rax*8]
.return:
    mov     rdi, [rsp + FRAME_RDI]
    mov     rsi, [rsp + FRAME_RSI]
    mov     rdx, [rsp + FRAME_RDX]
    mov     r10, [rsp + FRAME_R10]
    mov     r8, [rsp + FRAME_R8]
    mov     r9, [rsp + FRAME_R9]
    mov     rcx, [rsp + FRAME_RIP]
    mov     r11, [rsp + FRAME_RFLAGS]
    and     r11d, RFLAGS_USER_MAY
    or      r11d, RFLAGS_USER_MUST
    mov     rsp, [rsp + FRAME_RSP]
    swapgs
    o64 sysret
.foreign:
    mov     rcx, r10
    call    upcall_foreign_syscall
    jmp     .return

; void context_resume(struct trap_frame *frame): leave to ring 3 for good.
; A frame that came by the syscall door goes back by sysret: rcx and r11 are
; lost by the ABI there, and rip is what the processor itself saved.
    align   16
context_resume:
    mov     rsp, rdi
    cmp     qword [rsp + FRAME_VECTOR], TRAP_VECTOR_SYSCALL
    jne     isr_return_user
    mov     rcx, [rsp + FRAME_RIP]
    mov     r11, [rsp + FRAME_RFLAGS]
    and     r11d, RFLAGS_USER_MAY
    or      r11d, RFLAGS_USER_MUST
    mov     r15, [rsp + FRAME_R15]
    mov     r14, [rsp + FRAME_R14]
    mov     r13, [rsp + FRAME_R13]
    mov     r12, [rsp + FRAME_R12]
    mov     rbp, [rsp + FRAME_RBP]
    mov     rbx, [rsp + FRAME_RBX]
    mov     r10, [rsp + FRAME_R10]
    mov     r9, [rsp + FRAME_R9]
    mov     r8, [rsp + FRAME_R8]
    mov     rdi, [rsp + FRAME_RDI]
    mov     rsi, [rsp + FRAME_RSI]
    mov     rdx, [rsp + FRAME_RDX]
    mov     rax, [rsp + FRAME_RAX]
    mov     rsp, [rsp + FRAME_RSP]
    swapgs
    o64 sysret

; void context_restart_syscall(struct trap_frame *frame): the frame still holds
; number and arguments as the user gave them, so the call simply runs again.
context_restart_syscall:
    mov     rsp, rdi
    mov     rax, [rsp + FRAME_RAX]
    mov     rdi, [rsp + FRAME_RDI]
    mov     rsi, [rsp + FRAME_RSI]
    mov     rdx, [rsp + FRAME_RDX]
    mov     rcx, [rsp + FRAME_R10]
    mov     r8, [rsp + FRAME_R8]
    mov     r9, [rsp + FRAME_R9]
    sub     rax, SYSCALL_FIRST
    cmp     rax, SYSCALL_ROWS
    jae     .foreign
    lea     r11, [syscall_table]
    call    [r11 + rax*8]
.done:
    mov     [rsp + FRAME_RAX], rax
    mov     rdi, rsp
    jmp     context_resume
.foreign:
    call    upcall_foreign_syscall
    jmp     .done

; void context_call(uint64_t stack_top, void (*function)(void *), void *arg)
context_call:
    mov     rsp, rdi
    xor     ebp, ebp
    mov     rdi, rdx
    call    rsi
    ud2
