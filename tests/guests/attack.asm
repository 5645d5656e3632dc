; SPDX-License-Identifier: MIT
; Attacks that have no C form. Each is a routine with the number of its SPEC in
; rdi; one that returns was not stopped.
default rel
bits 64

KERNEL_CODE   equ 0x08
USER_DATA     equ 0x1B
USER_CODE     equ 0x23
TASK          equ 0x28
BEYOND_GDT    equ 0x1003
FLAG_TRAP     equ 0x100
FLAGS_IOPL    equ 0x3000
LOW_BYTES     equ 64

    ; Addresses: constants, once relocated.
    section .data.rel.ro.attack_table progbits alloc noexec write align=8
    section .bss
    align   64
scratch: resb 8192

; ATTACK "name": the code behind it runs for `attack name:NUMBER`.
%assign attack_number 0
%macro ATTACK 1
    section .rodata.attack_names
%%name: db %1, 0
    section .data.rel.ro.attack_table
    dq %%name, attack_%+attack_number
    section .text
attack_%+attack_number:
    %assign attack_number attack_number+1
%endmacro

; One instruction that must be refused.
%macro REFUSED 2+
    ATTACK %1
    lea     rbx, [scratch]
    xor     eax, eax
    xor     ecx, ecx
    xor     edx, edx
    %2
    ret
%endmacro

    section .data.rel.ro.attack_table
    align   8
    global  attack_table:data
attack_table:

    section .text

; --- control flow -------------------------------------------------------------
ATTACK "jump"
    jmp     rdi
ATTACK "jumpbit"
    mov     ecx, edi
    mov     eax, 1
    shl     rax, cl
    jmp     rax
ATTACK "return"
    push    rdi
    ret
ATTACK "push"                           ; with a stack pointer of one's own
    mov     rsp, rdi
    push    rax
    ud2
ATTACK "sysret-stack"                   ; H3: the call itself must work
    mov     rbp, rsp
    mov     rsp, rdi
    mov     eax, 0x1000                 ; SYS_null
    syscall
    test    rax, rax
    jnz     .wrong
    mov     eax, 0x1000
    int     0x80
    test    rax, rax
    jnz     .wrong
    mov     rsp, rbp
    ret
.wrong:
    ud2
ATTACK "retf"                           ; far return to selector rdi
    push    rdi
    lea     rax, [.here]
    push    rax
    o64 retf
.here:
    ret
ATTACK "iret"
    mov     rax, rsp
    push    USER_DATA
    push    rax
    pushfq
    push    rdi
    lea     rax, [.here]
    push    rax
    iretq
.here:
    ret
ATTACK "iret-ss"                        ; a stack selector that is none
    mov     rax, rsp
    push    rdi
    push    rax
    pushfq
    push    USER_CODE
    lea     rax, [.here]
    push    rax
    iretq
.here:
    ret
ATTACK "iret-rip"
    mov     rax, rsp
    push    USER_DATA
    push    rax
    pushfq
    push    USER_CODE
    push    rdi
    iretq
ATTACK "farjump"
    lea     rbx, [scratch]
    lea     rax, [.here]
    mov     [rbx], eax
    mov     [rbx + 4], di
    jmp     far dword [rbx]
.here:
    ret
ATTACK "farcall"
    lea     rbx, [scratch]
    lea     rax, [.here]
    mov     [rbx], eax
    mov     [rbx + 4], di
    call    far dword [rbx]
.here:
    ret
ATTACK "load-ss"
    mov     ss, di
    ret

; --- software interrupts --------------------------------------------------------
ATTACK "int"
    lea     rax, [int_stubs]
    lea     rax, [rax + rdi*4]
    jmp     rax
    align   4
int_stubs:
%assign n 0
%rep 256
    db      0xCD, n                     ; int n, two bytes also for 3
    ret
    nop
  %assign n n+1
%endrep
REFUSED "int3", db 0xCC
REFUSED "into", db 0xCE
REFUSED "icebp", db 0xF1
REFUSED "ud2", ud2
ATTACK "movss-int3"
    mov     ax, ss
    mov     ss, ax
    db      0xCC
    ret
ATTACK "movss-int"
    mov     ax, ss
    mov     ss, ax
    int     0x20
    ret
ATTACK "trap-flag"
    pushfq
    or      qword [rsp], FLAG_TRAP
    popfq
    nop
attack_trap_after:
    ret
ATTACK "trap-syscall"                   ; H10: the trap comes behind the call
    pushfq
    or      qword [rsp], FLAG_TRAP
    mov     eax, 0x1000                 ; SYS_null
    popfq
    syscall
attack_trap_syscall:
    nop
    ret
ATTACK "trap-int80"
    pushfq
    or      qword [rsp], FLAG_TRAP
    mov     eax, 0x1000
    popfq
    int     0x80
attack_trap_int80:
    nop
    ret
ATTACK "read-gs"                        ; H55: a GS base into the kernel gives nothing
    wrgsbase rdi
    mov     rax, [gs:0]
    ret

; --- ports ----------------------------------------------------------------------
ATTACK "in8"
    mov     edx, edi
    in      al, dx
    ret
ATTACK "in16"
    mov     edx, edi
    in      ax, dx
    ret
ATTACK "in32"
    mov     edx, edi
    in      eax, dx
    ret
ATTACK "out8"
    mov     edx, edi
    xor     eax, eax
    out     dx, al
    ret
ATTACK "out16"
    mov     edx, edi
    xor     eax, eax
    out     dx, ax
    ret
ATTACK "out32"
    mov     edx, edi
    xor     eax, eax
    out     dx, eax
    ret
ATTACK "insb"
    mov     edx, edi
    lea     rdi, [scratch]
    insb
    ret
ATTACK "outsb"
    mov     edx, edi
    lea     rsi, [scratch]
    outsb
    ret
ATTACK "in-imm"
    in      al, 0x60
    ret
ATTACK "iopl"                           ; popf must not raise it; then in must fail
    pushfq
    or      qword [rsp], FLAGS_IOPL
    popfq
    pushfq
    pop     rax
    test    eax, FLAGS_IOPL
    jnz     .raised
    in      al, 0x60
.raised:
    ret
ATTACK "iopl-sti"
    pushfq
    or      qword [rsp], FLAGS_IOPL
    popfq
    sti
    ret
ATTACK "iopl-iret"                      ; iret at CPL 3 must not raise it either
    mov     rax, rsp
    push    USER_DATA
    push    rax
    pushfq
    or      qword [rsp], FLAGS_IOPL
    push    USER_CODE
    lea     rax, [.here]
    push    rax
    iretq
.here:
    in      al, 0x60
    ret

; --- privileged instructions ------------------------------------------------------
REFUSED "mov-from-cr0", mov rax, cr0
REFUSED "mov-from-cr2", mov rax, cr2
REFUSED "mov-from-cr3", mov rax, cr3
REFUSED "mov-from-cr4", mov rax, cr4
REFUSED "mov-from-cr8", mov rax, cr8
REFUSED "mov-to-cr0", mov cr0, rax
REFUSED "mov-to-cr2", mov cr2, rax
REFUSED "mov-to-cr3", mov cr3, rax
REFUSED "mov-to-cr4", mov cr4, rax
REFUSED "mov-to-cr8", mov cr8, rax
REFUSED "mov-from-dr0", mov rax, dr0
REFUSED "mov-from-dr7", mov rax, dr7
REFUSED "mov-to-dr0", mov dr0, rax
REFUSED "mov-to-dr7", mov dr7, rax
REFUSED "rdmsr", rdmsr
REFUSED "wrmsr", wrmsr
ATTACK "rdmsr-efer"
    mov     ecx, 0xC0000080
    rdmsr
    ret
REFUSED "hlt", hlt
REFUSED "cli", cli
REFUSED "sti", sti
REFUSED "clts", clts
REFUSED "lgdt", lgdt [rbx]
REFUSED "lidt", lidt [rbx]
REFUSED "lldt", lldt ax
REFUSED "ltr", ltr ax
REFUSED "lmsw", lmsw ax
REFUSED "invlpg", invlpg [rbx]
REFUSED "invd", invd
REFUSED "wbinvd", wbinvd
REFUSED "swapgs", swapgs
REFUSED "clac", clac
REFUSED "stac", stac
REFUSED "monitor", monitor
REFUSED "mwait", mwait
REFUSED "vmcall", vmcall
REFUSED "vmmcall", db 0x0F, 0x01, 0xD9
REFUSED "vmrun", db 0x0F, 0x01, 0xD8
REFUSED "vmxoff", vmxoff
REFUSED "stgi", db 0x0F, 0x01, 0xDC
REFUSED "rsm", rsm
REFUSED "sysexit", sysexit
REFUSED "sysret", sysret
REFUSED "sysenter", sysenter
REFUSED "rdpmc", rdpmc
REFUSED "invpcid", invpcid rax, [rbx]
REFUSED "xsetbv", xsetbv
REFUSED "xsaves", db 0x48, 0x0F, 0xC7, 0x2B
REFUSED "sgdt", sgdt [rbx]
REFUSED "sidt", sidt [rbx]
REFUSED "sldt", sldt [rbx]
REFUSED "str", str [rbx]
REFUSED "smsw", smsw [rbx]
REFUSED "lock-nop", db 0xF0, 0x90
ATTACK "fxrstor-mxcsr"                  ; reserved bits of MXCSR
    lea     rbx, [scratch]
    fxsave  [rbx]
    mov     dword [rbx + 24], 0xFFFF0000
    fxrstor [rbx]
    ret
ATTACK "ldmxcsr"
    lea     rbx, [scratch]
    mov     dword [rbx], 0xFFFF0000
    ldmxcsr [rbx]
    ret
ATTACK "x87-error"                      ; unmasked division by zero, then a wait
    fninit
    lea     rbx, [scratch]
    mov     word [rbx], 0x37B           ; ZM off
    fldcw   [rbx]
    fld1
    fldz
    fdivp
    fwait
    ret
ATTACK "x87-pending"                    ; H53: others run before the wait
    fninit
    lea     rbx, [scratch]
    mov     word [rbx], 0x37B
    fldcw   [rbx]
    fld1
    fldz
    fdivp
    mov     ebp, 20
.others:
    mov     eax, 0x1002                 ; SYS_yield
    syscall
    dec     ebp
    jnz     .others
    fwait
    ret
ATTACK "divide"
    xor     ecx, ecx
    xor     edx, edx
    div     rcx
    ret

; --- memory: rdi is the address ----------------------------------------------------
ATTACK "read"
    mov     al, [rdi]
    ret
ATTACK "write"
    mov     byte [rdi], 1
    ret
ATTACK "exec"
    call    rdi
    ret

    section .data.rel.ro.attack_table
    dq      0, 0

section .note.GNU-stack noalloc noexec nowrite progbits
