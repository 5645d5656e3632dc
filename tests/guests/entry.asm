; SPDX-License-Identifier: MIT
; Go through a door with every register under control, and look at every register
; on the far side. The C half (entry.c) fills entry_in and compares entry_out.
default rel
bits 64

; Offsets in struct entry_state of entry.c: fifteen registers, then these.
STATE_RAX    equ 0
STATE_RCX    equ 8
STATE_RDX    equ 16
STATE_RBX    equ 24
STATE_RBP    equ 32
STATE_RSI    equ 40
STATE_RDI    equ 48
STATE_R8     equ 56
STATE_R9     equ 64
STATE_R10    equ 72
STATE_R11    equ 80
STATE_R12    equ 88
STATE_R13    equ 96
STATE_R14    equ 104
STATE_R15    equ 112
STATE_FLAGS  equ 120
STATE_RSP    equ 128                    ; in: 0 = the program's own
STATE_RIP    equ 136                    ; out: where the door leads back to
STATE_YMM    equ 144
STATE_BYTES  equ STATE_YMM + 16*32
FLAGS_PLAIN  equ 0x202

    section .bss
    align   64
    global  entry_in:data
    global  entry_out:data
entry_in:   resb STATE_BYTES
entry_out:  resb STATE_BYTES
saved_rsp:  resq 1

    section .text

%macro LOAD_ALL 0
  %assign i 0
  %rep 16
    vmovdqu ymm %+ i, [entry_in + STATE_YMM + i*32]
    %assign i i+1
  %endrep
    mov     rax, [entry_in + STATE_RSP]
    test    rax, rax
    cmovz   rax, rsp
    push    qword [entry_in + STATE_FLAGS]
    popfq
    mov     rsp, rax
    mov     rax, [entry_in + STATE_RAX]
    mov     rcx, [entry_in + STATE_RCX]
    mov     rdx, [entry_in + STATE_RDX]
    mov     rbx, [entry_in + STATE_RBX]
    mov     rbp, [entry_in + STATE_RBP]
    mov     rsi, [entry_in + STATE_RSI]
    mov     rdi, [entry_in + STATE_RDI]
    mov     r8, [entry_in + STATE_R8]
    mov     r9, [entry_in + STATE_R9]
    mov     r10, [entry_in + STATE_R10]
    mov     r11, [entry_in + STATE_R11]
    mov     r12, [entry_in + STATE_R12]
    mov     r13, [entry_in + STATE_R13]
    mov     r14, [entry_in + STATE_R14]
    mov     r15, [entry_in + STATE_R15]
%endmacro

%macro STORE_ALL 0
    mov     [entry_out + STATE_RAX], rax
    mov     [entry_out + STATE_RCX], rcx
    mov     [entry_out + STATE_RDX], rdx
    mov     [entry_out + STATE_RBX], rbx
    mov     [entry_out + STATE_RBP], rbp
    mov     [entry_out + STATE_RSI], rsi
    mov     [entry_out + STATE_RDI], rdi
    mov     [entry_out + STATE_R8], r8
    mov     [entry_out + STATE_R9], r9
    mov     [entry_out + STATE_R10], r10
    mov     [entry_out + STATE_R11], r11
    mov     [entry_out + STATE_R12], r12
    mov     [entry_out + STATE_R13], r13
    mov     [entry_out + STATE_R14], r14
    mov     [entry_out + STATE_R15], r15
    mov     [entry_out + STATE_RSP], rsp
    mov     rsp, [saved_rsp]
    pushfq
    pop     qword [entry_out + STATE_FLAGS]
    push    FLAGS_PLAIN
    popfq
  %assign i 0
  %rep 16
    vmovdqu [entry_out + STATE_YMM + i*32], ymm %+ i
    %assign i i+1
  %endrep
%endmacro

; void entry_NAME(void): from entry_in through the door to entry_out.
; Clobbers  what a C function may
%macro DOOR 2+
    global  %1:function
%1:
    push    rbx
    push    rbp
    push    r12
    push    r13
    push    r14
    push    r15
    mov     [saved_rsp], rsp
    lea     rax, [%%back]
    mov     [entry_out + STATE_RIP], rax
    LOAD_ALL
    %2
%%back:
    STORE_ALL
    pop     r15
    pop     r14
    pop     r13
    pop     r12
    pop     rbp
    pop     rbx
    ret
%endmacro

%macro MOV_SS_SYSCALL 0
    mov     r15, ss
    mov     ss, r15
    syscall
%endmacro

%macro MOV_SS_INT80 0
    mov     r15, ss
    mov     ss, r15
    int     0x80
%endmacro

DOOR entry_syscall, syscall
DOOR entry_int80, int 0x80
DOOR entry_movss_syscall, MOV_SS_SYSCALL
DOOR entry_movss_int80, MOV_SS_INT80

; void entry_selectors(uint16_t selector, uint64_t out[4]): LAR, LSL, VERR, VERW;
; out holds what came back, or 0 where the processor said no.
    global  entry_selectors:function
entry_selectors:
    xor     eax, eax
    xor     ecx, ecx
    lar     rcx, di
    cmovnz  rcx, rax
    mov     [rsi], rcx
    xor     ecx, ecx
    lsl     rcx, di
    cmovnz  rcx, rax
    mov     [rsi + 8], rcx
    verr    di
    setz    al
    mov     [rsi + 16], rax
    verw    di
    setz    al
    mov     [rsi + 24], rax
    ret

section .note.GNU-stack noalloc noexec nowrite progbits
