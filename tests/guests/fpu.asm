; SPDX-License-Identifier: MIT
; Hold a processor state of one's own for a while and look whether it stayed.
default rel
bits 64

; Offsets in struct fpu_state of fpu.c.
STATE_YMM    equ 0
STATE_X87    equ 512                    ; eight doubles
STATE_MXCSR  equ 576
STATE_FCW    equ 580
STATE_FS     equ 584
STATE_GS     equ 592

SYS_YIELD    equ 0x1002 ; secos/syscall.h
YIELDS       equ 4

    section .text

; void fpu_hold(const struct fpu_state *in, struct fpu_state *out, uint64_t spins,
;               uint64_t has_avx, uint64_t has_fsgsbase)
; The state of *in is loaded, @spins loops pass, and what is there then is stored
; in *out. No instruction between touches any of it; others run in the yields.
    global  fpu_hold:function
fpu_hold:
    test    rcx, rcx
    jz      .load_sse
  %assign i 0
  %rep 16
    vmovdqu ymm %+ i, [rdi + STATE_YMM + i*32]
    %assign i i+1
  %endrep
    jmp     .load_rest
.load_sse:
  %assign i 0
  %rep 16
    movdqu  xmm %+ i, [rdi + STATE_YMM + i*32]
    %assign i i+1
  %endrep
.load_rest:
    fninit
  %assign i 7
  %rep 8
    fld     qword [rdi + STATE_X87 + i*8]
    %assign i i-1
  %endrep
    fldcw   [rdi + STATE_FCW]
    ldmxcsr [rdi + STATE_MXCSR]
    test    r8, r8
    jz      .spin
    mov     rax, [rdi + STATE_FS]
    wrfsbase rax
    mov     rax, [rdi + STATE_GS]
    wrgsbase rax
.spin:
    dec     rdx
    jnz     .spin
    mov     r10, rcx
    mov     r9d, YIELDS
.yield:
    mov     eax, SYS_YIELD
    syscall
    dec     r9d
    jnz     .yield
    mov     rcx, r10
    test    r8, r8
    jz      .store
    rdfsbase rax
    mov     [rsi + STATE_FS], rax
    rdgsbase rax
    mov     [rsi + STATE_GS], rax
    xor     eax, eax
    wrfsbase rax
    wrgsbase rax
.store:
    stmxcsr [rsi + STATE_MXCSR]
    fnstcw  [rsi + STATE_FCW]
  %assign i 0
  %rep 8
    fstp    qword [rsi + STATE_X87 + i*8]
    %assign i i+1
  %endrep
    fninit
    test    rcx, rcx
    jz      .store_sse
  %assign i 0
  %rep 16
    vmovdqu [rsi + STATE_YMM + i*32], ymm %+ i
    %assign i i+1
  %endrep
    ret
.store_sse:
  %assign i 0
  %rep 16
    movdqu  [rsi + STATE_YMM + i*32], xmm %+ i
    %assign i i+1
  %endrep
    ret

section .note.GNU-stack noalloc noexec nowrite progbits
