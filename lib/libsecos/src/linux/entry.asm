; SPDX-License-Identifier: MIT
; Where the kernel sends a foreign system call, and the program's entry point.

default rel
bits 64

extern linux_table
extern linux_missing
extern linux_traced
extern linux_start_c

LINUX_CALLS    equ 335                          ; linux.h
RED_ZONE_BYTES equ 128

section .text

; A foreign call, reflected (kernel/sys/sys_reflect.c).
; In        rax = number, arguments rdi rsi rdx r10 r8 r9 as the program set them
; Out       rax = result; rcx and r11 are lost, nothing else is
; Stack     any alignment;   rsp + 8    the program's red zone
;                            rsp        return address
;           below it, struct linux_call of linux.h grows by pushes:
;           number  rdi  rsi  rdx  r10  r8  r9  rbp  return address
%macro REFLECT 1                                ; what calls the C function
            push    rbp
            push    r9
            push    r8
            push    r10
            push    rdx
            push    rsi
            push    rdi
            push    rax
            mov     rdi, rsp
            mov     rbp, rsp
            and     rsp, -16
            %1
            mov     rsp, rbp
            pop     rdi                         ; the number: rax has the result
            pop     rdi
            pop     rsi
            pop     rdx
            pop     r10
            pop     r8
            pop     r9
            pop     rbp
            ret     RED_ZONE_BYTES
%endmacro

%macro DISPATCH 0
            cmp     rax, LINUX_CALLS
            jae     %%beyond
            lea     r11, [linux_table]
            call    [r11 + rax * 8]
            jmp     %%done
%%beyond:
            call    linux_missing
%%done:
%endmacro

global linux_entry:function (linux_entry.end - linux_entry)
            align   16
linux_entry:
            REFLECT DISPATCH
.end:

; The same, telling each call and its result.
global linux_entry_traced:function (linux_entry_traced.end - linux_entry_traced)
linux_entry_traced:
            REFLECT {call    linux_traced}
.end:

; linux_start - the entry of a program with a foreign C library.
; In        rdi = struct process_start *, rsp aligned to 16, all else zero
; Out       does not return
global linux_start:function (linux_start.end - linux_start)
linux_start:
            call    linux_start_c
            ud2
.end:

section .note.GNU-stack noalloc noexec nowrite progbits
