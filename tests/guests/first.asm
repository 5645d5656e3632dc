; SPDX-License-Identifier: MIT
; H13: what a process finds in its registers at its first instruction. This is a
; program without crt0. It exits with the number of the first thing that is not as
; secos/bootinfo.h says, or with 0:
;
;    1 rax  2 rbx  3 rcx  4 rdx  5 rsi  6 rbp  8-15 r8-r15   not zero
;   16 rflags   17 rsp not aligned   18 rdi outside the stack page   19 rdi < rsp
;   20 a data selector names a segment   21 FS base   22 GS base
;   23 MXCSR    24 x87 control word   25 x87 status or tags   26 a vector register
default rel
bits 64

SYS_EXIT     equ 0x1001
STACK_AREA   equ 0x0000700000000000
PAGE         equ 0x1000
FLAGS_FIRST  equ 0x202
FLAGS_FIXED  equ 0x3FF72A               ; all but the arithmetic flags
MXCSR_FIRST  equ 0x1F80
FCW_FIRST    equ 0x37F
STATE_MXCSR  equ 24
STATE_XMM    equ 160

    section .bss
    align   64
state: resb 4096

    section .text
    global  _start:function
    global  main:function

; %1 number; the flags say "equal" where all is well.
%macro CHECK 1
    push    %1
    jne     exit_with
    add     rsp, 8
%endmacro

%macro CHECK_ZERO 2
    test    %2, %2
    CHECK   %1
%endmacro

_start:
main:
    CHECK_ZERO 1, rax
    CHECK_ZERO 2, rbx
    CHECK_ZERO 3, rcx
    CHECK_ZERO 4, rdx
    CHECK_ZERO 5, rsi
    CHECK_ZERO 6, rbp
%assign i 8
%rep 8
    CHECK_ZERO i, r %+ i
  %assign i i+1
%endrep
    pushfq
    pop     rax
    and     rax, FLAGS_FIXED
    cmp     rax, FLAGS_FIRST
    CHECK   16
    test    rsp, 15
    CHECK   17
    mov     rax, rsp                        ; the stack's top page, wherever it is,
    or      rax, PAGE - 1                   ; in its area
    xor     rax, rdi
    cmp     rax, PAGE
    setae   al
    mov     rbx, STACK_AREA
    cmp     rdi, rbx
    setb    bl
    or      al, bl
    movzx   eax, al
    CHECK_ZERO 18, eax
    xor     eax, eax
    cmp     rdi, rsp
    setb    al
    CHECK_ZERO 19, eax
    mov     eax, ds
    mov     ebx, es
    or      eax, ebx
    mov     ebx, fs
    or      eax, ebx
    mov     ebx, gs
    or      eax, ebx
    CHECK_ZERO 20, eax
    rdfsbase rax
    CHECK_ZERO 21, rax
    rdgsbase rax
    CHECK_ZERO 22, rax
    lea     rbx, [state]
    fxsave64 [rbx]
    cmp     dword [rbx + STATE_MXCSR], MXCSR_FIRST
    CHECK   23
    cmp     word [rbx], FCW_FIRST
    CHECK   24
    mov     eax, [rbx + 2]              ; status word, abridged tag
    and     eax, 0xFFFFFF
    CHECK_ZERO 25, eax
    lea     rcx, [rbx + STATE_XMM]
%rep 32
    cmp     qword [rcx], 0
    CHECK   26
    add     rcx, 8
%endrep
%assign i 0                             ; the low halves were looked at above
%rep 16
    vextractf128 xmm0, ymm %+ i, 1
    vptest  xmm0, xmm0
    CHECK   26
  %assign i i+1
%endrep
    push    0
exit_with:
    pop     rdi
    mov     eax, SYS_EXIT
    syscall
    ud2

section .note.GNU-stack noalloc noexec nowrite progbits
