; SPDX-License-Identifier: MIT
; Messages through the fast door: ipc_call and ipc_reply_receive.
;
; Without a deadline there may be a direct path, on which the message never sees memory. It waits in registers that C
; preserves while an upcall decides where it goes and makes the other thread the
; current one, and moves on into that thread's registers:
;
;                label  word 0  1    2    3    4
;      user      rsi    rdx     r10  r8   r9   rbx
;      upcall    r12    rbp     r13  r14  r15  rbx
;      user      rsi    rdx     r10  r8   r9   rbx       of the other thread
;
; The thread that waits now has in its frame what is its own: rip, rflags, rsp,
; rbp, r12-r15. The rest are outputs of its call, written by whoever ends the wait.
;
; In     as syscall_entry left it: rax number, rsp the frame with these registers
;        stored, interrupts off
; Out    to the other thread, or, where the direct path is none, to syscall_any
;        with every register as it was
%include "entry.inc"

    extern  syscall_any
    extern  isr_return_user
    extern  upcall_ipc_call
    extern  upcall_ipc_reply_receive
    global  syscall_ipc_call:function
    global  syscall_ipc_reply_receive:function
    default rel

    section .text

; (rdi handle) -> rax frame of the receiver, rdx where its reply id and badge are
    align   16
syscall_ipc_call:
    test    r14, r14
    jnz     syscall_any
    mov     r12, rsi
    mov     rbp, rdx
    mov     r13, r10
    mov     r14, r8
    mov     r15, r9
    call    upcall_ipc_call
    jmp     syscall_ipc_pass

; (rdi handle, rsi reply id) -> as above. Label and word 0 are a verdict, if it is a
; fault that is answered.
    align   16
syscall_ipc_reply_receive:
    test    r14, r14
    jnz     syscall_any
    mov     [rsp + FRAME_RSI], rsi
    mov     [rsp + FRAME_RDX], rdx
    xchg    rsi, r12
    mov     rbp, rdx
    mov     r13, r10
    mov     r14, r8
    mov     r15, r9
    call    upcall_ipc_reply_receive

; The message goes to the thread whose frame is at rax, with the two words at rdx
; as reply id and badge.
syscall_ipc_pass:
    mov     rsp, rax
    mov     rdi, [rdx]
    mov     rsi, r12
    mov     r12, [rdx + 8]
    mov     rdx, rbp
    mov     r10, r13
    mov     r8, r14
    mov     r9, r15
    xor     eax, eax
    xor     r13d, r13d
    cmp     qword [rsp + FRAME_VECTOR], TRAP_VECTOR_SYSCALL
    jne     .by_frame
    mov     rcx, [rsp + FRAME_RIP]
    mov     r11, [rsp + FRAME_RFLAGS]
    and     r11d, RFLAGS_USER_MAY
    or      r11d, RFLAGS_USER_MUST
    mov     rbp, [rsp + FRAME_RBP]
    mov     r14, [rsp + FRAME_R14]
    mov     r15, [rsp + FRAME_R15]
    mov     rsp, [rsp + FRAME_RSP]
    swapgs
    o64 sysret
.by_frame:
    cmp     qword [rsp + FRAME_VECTOR], TRAP_VECTOR_NONE
    je      .undo
    mov     [rsp + FRAME_RAX], rax ; it came by int 0x80
    mov     [rsp + FRAME_RDI], rdi
    mov     [rsp + FRAME_RSI], rsi
    mov     [rsp + FRAME_RDX], rdx
    mov     [rsp + FRAME_R10], r10
    mov     [rsp + FRAME_R8], r8
    mov     [rsp + FRAME_R9], r9
    mov     [rsp + FRAME_RBX], rbx
    mov     [rsp + FRAME_R12], r12
    mov     [rsp + FRAME_R13], r13
    jmp     isr_return_user

; No direct path: everything but label and words, which are back where they were,
; is in the caller's own frame.
.undo:
    mov     rsp, [gs:CPU_KERNEL_RSP]
    sub     rsp, FRAME_BYTES
    mov     rax, [rsp + FRAME_RAX]
    mov     rdi, [rsp + FRAME_RDI]
    mov     rbp, [rsp + FRAME_RBP]
    mov     r12, [rsp + FRAME_R12]
    mov     r13, [rsp + FRAME_R13]
    mov     r14, [rsp + FRAME_R14]
    mov     r15, [rsp + FRAME_R15]
    jmp     syscall_any
