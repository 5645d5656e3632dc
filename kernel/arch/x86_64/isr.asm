; SPDX-License-Identifier: MIT
; The 256 interrupt and exception stubs, and the way in and out they share.
;
; Every stub makes the stack look like struct trap_frame:
;
;     ss rsp rflags cs rip     pushed by the processor
;     error                    pushed by the processor, or 0 by the stub
;     vector                   pushed by the stub
;     rax ... r15              pushed by isr_common
;
; Interrupts are off throughout: every gate is an interrupt gate.
%include "entry.inc"

    extern  trap_user
    extern  trap_kernel
    extern  trap_ist
    extern  trap_page_fault
    extern  trap_page_fault_here
    extern  syscall_table
    extern  upcall_foreign_syscall
    global  isr_stub_table:data
    global  isr_stub_page_fault_here:function
    global  isr_return_user:function
    default rel

VECTOR_DEBUG        equ 1
VECTOR_NMI          equ 2
VECTOR_DOUBLE_FAULT equ 8
VECTOR_PAGE_FAULT   equ 14
VECTOR_MACHINE      equ 18
VECTOR_INT80        equ 0x80

; Vectors for which the processor pushes an error code: 8, 10-14, 17, 21, 29, 30.
%define HAS_ERROR(v) (v == 8 || (v >= 10 && v <= 14) || v == 17 || v == 21 || v == 29 || v == 30)
%define IS_IST(v) (v == VECTOR_DEBUG || v == VECTOR_NMI || v == VECTOR_DOUBLE_FAULT || v == VECTOR_MACHINE)

    section .text

%assign v 0
%rep 256
    align   8
isr_stub_%+v:
  %if !HAS_ERROR(v)
    push    0
  %endif
    push    v
  %if v == VECTOR_INT80
    jmp     isr_int80
  %elif v == VECTOR_PAGE_FAULT
    jmp     isr_page_fault
  %elif IS_IST(v)
    jmp     isr_ist
  %else
    jmp     isr_common
  %endif
  %assign v v+1
%endrep

; Ordinary exceptions and interrupts. The saved CS decides where they came from;
; the value of GS base never does, since ring 3 can set it.
isr_common:
    PUSH_REGISTERS
    cld
    SMAP_SITE clac
    test    byte [rsp + FRAME_CS], 3
    jz      .kernel
    swapgs
    inc     qword [gs:CPU_KERNEL_ENTRIES]
    mov     rdi, rsp
    call    trap_user
    jmp     isr_return_user
.kernel:
    mov     rdi, rsp
    call    trap_kernel
    POP_REGISTERS
    add     rsp, 16
    iretq

; A page fault: the same, but for the way from ring 3, which is the one that
; counts (kernel/ipc/page_fault.c).
isr_page_fault:
    PUSH_REGISTERS
    cld
    SMAP_SITE clac
    test    byte [rsp + FRAME_CS], 3
    jz      isr_common.kernel
    swapgs
    inc     qword [gs:CPU_KERNEL_ENTRIES]
.from_user:
    mov     rdi, cr2
    mov     rsi, [rsp + FRAME_ERROR]
    mov     rdx, rsp
    call    trap_page_fault
    jmp     isr_return_user

; A page fault where the kernel answers the common one itself (pager=kernel): its
; gate leads here instead. The answer is a C function that waits for nobody, so of
; the frame only what such a function may change is stored; the rest follows if it
; has no answer.
;
;     ss rsp rflags cs rip     pushed by the processor
;     error vector
;     rax ... r11              0 .. 64 (HERE_BYTES)
;     rbx ... r15              only without an answer
HERE_BYTES          equ 9 * 8
HERE_ERROR          equ HERE_BYTES + FRAME_ERROR - FRAME_VECTOR
HERE_CS             equ HERE_BYTES + FRAME_CS - FRAME_VECTOR
HERE_RFLAGS         equ HERE_BYTES + FRAME_RFLAGS - FRAME_VECTOR

    align   8
isr_stub_page_fault_here:
    push    VECTOR_PAGE_FAULT
    PUSH_SCRATCH
    cld
    SMAP_SITE clac
    test    byte [rsp + HERE_CS], 3
    jz      .kernel
    swapgs
    inc     qword [gs:CPU_KERNEL_ENTRIES]
    mov     rdi, cr2
    mov     rsi, [rsp + HERE_ERROR]
    call    trap_page_fault_here
    test    al, al
    jz      .no_answer
    and     qword [rsp + HERE_RFLAGS], RFLAGS_USER_MAY
    or      qword [rsp + HERE_RFLAGS], RFLAGS_USER_MUST
    POP_SCRATCH
    jmp     isr_return_user.popped
.no_answer:
    PUSH_PRESERVED
    jmp     isr_page_fault.from_user
.kernel:
    PUSH_PRESERVED
    jmp     isr_common.kernel

; int 0x80, the door we teach. Same table and same calling sequence as the
; syscall door; every register but rax comes back from the frame.
isr_int80:
    PUSH_REGISTERS
    cld
    SMAP_SITE clac
    swapgs
    inc     qword [gs:CPU_KERNEL_ENTRIES]
    sub     rax, SYSCALL_FIRST
    cmp     rax, SYSCALL_ROWS
    jae     .foreign
    mov     rcx, r10
    lea     r11, [syscall_table]
    call    [r11 + rax*8]
    mov     [rsp + FRAME_RAX], rax
    jmp     isr_return_user
.foreign:
    mov     rcx, r10
    call    upcall_foreign_syscall
    mov     [rsp + FRAME_RAX], rax

; Back to ring 3 by the frame at rsp. Falls in from isr_int80.
isr_return_user:
    and     qword [rsp + FRAME_RFLAGS], RFLAGS_USER_MAY
    or      qword [rsp + FRAME_RFLAGS], RFLAGS_USER_MUST
    POP_REGISTERS
.popped:
    add     rsp, 16
    swapgs
.iretq:
    iretq
    EXCEPTION_ROW .iretq, isr_bad_return

; iretq refused the frame: trap_kernel sent us here with the frame of the
; refused return at rsp - nothing of it was consumed - and GS is the user's.
    extern  trap_bad_return
isr_bad_return:
    swapgs
    mov     rsp, [gs:CPU_KERNEL_RSP]
    sub     rsp, FRAME_BYTES
    mov     rdi, rsp
    call    trap_bad_return
    ud2

; #DB, NMI, #DF and #MC may interrupt ring 0 at any instruction, also between
; swapgs and the switch of stacks. They run on stacks of their own, whose top
; word holds this CPU's struct cpu *, and put back the GS base they found.
;
;     IST stack top - 8    struct cpu *
;     IST stack top - 16   ss, the first word of the frame
;
; A #DB from ring 3 (TF was set) is an exception like any other: its frame moves
; to the thread's own stack, so that the thread can be ended from there.
isr_ist:
    PUSH_REGISTERS
    cld
    SMAP_SITE clac
    cmp     qword [rsp + FRAME_VECTOR], VECTOR_DEBUG
    jne     .paranoid
    test    byte [rsp + FRAME_CS], 3
    jz      .paranoid
    swapgs
    inc     qword [gs:CPU_KERNEL_ENTRIES]
    mov     rsi, rsp
    mov     rsp, [gs:CPU_KERNEL_RSP]
    sub     rsp, FRAME_BYTES
    mov     rdi, rsp
    mov     ecx, FRAME_BYTES / 8
    rep movsq
    mov     rdi, rsp
    call    trap_user
    jmp     isr_return_user
.paranoid:
    mov     ecx, MSR_GS_BASE_NUMBER
    rdmsr
    shl     rdx, 32
    or      rax, rdx
    mov     r12, rax
    mov     rax, [rsp + FRAME_BYTES]
    mov     rdx, rax
    shr     rdx, 32
    wrmsr
    mov     rdi, rsp
    call    trap_ist
    mov     rax, r12
    mov     rdx, r12
    shr     rdx, 32
    mov     ecx, MSR_GS_BASE_NUMBER
    wrmsr
    POP_REGISTERS
    add     rsp, 16
    iretq

    section .rodata
    align   8
isr_stub_table:
%assign v 0
%rep 256
    dq      isr_stub_%+v
  %assign v v+1
%endrep
