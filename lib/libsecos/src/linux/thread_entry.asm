; SPDX-License-Identifier: MIT
; The first and the last instructions of a thread (thread.c).

default rel
bits 64

; Offsets in struct thread_child; its registers begin with struct linux_call.
CHILD_RDI    equ 8
CHILD_RSI    equ 16
CHILD_RDX    equ 24
CHILD_R10    equ 32
CHILD_R8     equ 40
CHILD_R9     equ 48
CHILD_RBP    equ 56
CHILD_RETURN equ 64
CHILD_STACK  equ 72

; Native numbers (secos/syscall.h); thread.c asserts them.
SYS_region_destroy equ 0x1021
SYS_thread_exit    equ 0x1039

extern linux_thread_enter

section .text

; linux_thread_begin - return from clone in the new thread.
; In        rdi = struct thread_child *, which is also the stack; 16-byte aligned
; Out       at the maker's return address, with rax = 0 and the stack that clone
;           was given; rbx and r12-r15 are not the maker's
global linux_thread_begin:function (linux_thread_begin.end - linux_thread_begin)
linux_thread_begin:
            mov     rbx, rdi
            call    linux_thread_enter
            mov     rdi, [rbx + CHILD_RDI]
            mov     rsi, [rbx + CHILD_RSI]
            mov     rdx, [rbx + CHILD_RDX]
            mov     r10, [rbx + CHILD_R10]
            mov     r8, [rbx + CHILD_R8]
            mov     r9, [rbx + CHILD_R9]
            mov     rbp, [rbx + CHILD_RBP]
            mov     r11, [rbx + CHILD_RETURN]
            mov     rsp, [rbx + CHILD_STACK]
            xor     eax, eax
            jmp     r11
.end:

; linux_thread_leave - end this thread without touching its stack any more.
; In        rdi = word to clear or 0, rsi = lock to let go of,
;           rdx = first page to unmap, rcx = how many (0 = none)
; Out       does not return
global linux_thread_leave:function (linux_thread_leave.end - linux_thread_leave)
linux_thread_leave:
            mov     r8, rdi
            mov     r9, rsi
            test    rcx, rcx
            jz      .unmapped
            mov     rdi, rdx
            mov     rsi, rcx
            mov     eax, SYS_region_destroy
            syscall
.unmapped:
            test    r8, r8
            jz      .cleared
            mov     dword [r8], 0
.cleared:
            mov     byte [r9], 0
            xor     edi, edi
            mov     eax, SYS_thread_exit
            syscall
            ud2
.end:

section .note.GNU-stack noalloc noexec nowrite progbits
