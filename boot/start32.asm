; SPDX-License-Identifier: MIT
; The first instructions of SecOS: from the boot loader to 64-bit mode.
;
; In     eax = the loader's magic, ebx = physical address of its information;
;        32-bit protected mode, flat segments, paging and interrupts off
; Out    start64 with ebp = magic, ebx = information
;
; Runs where it was loaded, at 1 MiB. A processor that cannot run SecOS is told
; so on the serial line instead of being left to a triple fault.
%include "boot.inc"

    global  start32:function
    extern  start64
    extern  boot_tsc
    extern  boot_stack_top
    extern  boot_tables

; 16550 UART at COM1: offsets of its registers
COM1                equ 0x3F8
UART_DATA           equ 0
UART_DIVISOR        equ 0           ; low byte, while LCR_DLAB is set
UART_IER            equ 1
UART_FCR            equ 2
UART_LCR            equ 3
UART_LSR            equ 5
IER_NONE            equ 0
FCR_ENABLE_CLEAR    equ 0x07        ; FIFOs on, both emptied
LCR_8N1             equ 0x03
LCR_DLAB            equ 0x80
LSR_THR_EMPTY       equ 0x20
DIVISOR_115200      equ 1
WAIT_POLLS          equ 100000      ; far longer than one character takes

EFLAGS_ID           equ 1 << 21     ; changeable: CPUID exists
CPUID_EXTENDED      equ 0x80000000  ; highest extended leaf
CPUID_FEATURES      equ 0x80000001
EDX_NX              equ 1 << 20
EDX_LONG_MODE       equ 1 << 29

    bits    32
    section .boot.text progbits alloc exec nowrite align=16

start32:
    mov     ebp, eax
    rdtsc
    mov     [PHYS(boot_tsc)], eax
    mov     [PHYS(boot_tsc) + 4], edx
    cld
    mov     esp, PHYS(boot_stack_top)
    call    boot_serial_init
    mov     esi, text_hello
    call    boot_print
    call    boot_check_processor
    call    boot_build_tables

    mov     eax, CR4_PAE_BIT
    mov     cr4, eax
    mov     eax, boot_tables + TABLE_PML4
    mov     cr3, eax
    mov     ecx, MSR_EFER_NUMBER
    rdmsr
    or      eax, EFER_LME_BIT | EFER_NXE_BIT
    wrmsr
    ; The whole value, not single bits: caches on (CD, NW clear), no FPU
    ; emulation (EM, TS clear), no alignment checks for ring 3 (AM clear).
    mov     eax, CR0_VALUE
    mov     cr0, eax
    lgdt    [boot_gdt_pointer]
    jmp     SELECTOR_KERNEL_CODE:start64

; Say what is missing and stop, unless this processor can run SecOS.
; Clobbers eax ecx edx esi edi; keeps ebx.
boot_check_processor:
    pushfd
    pop     eax
    mov     ecx, eax
    xor     eax, EFLAGS_ID
    push    eax
    popfd
    pushfd
    pop     eax
    mov     esi, text_no_cpuid
    cmp     eax, ecx
    je      boot_refuse
    mov     edi, ebx                ; cpuid overwrites ebx
    mov     esi, text_no_long_mode
    mov     eax, CPUID_EXTENDED
    cpuid
    cmp     eax, CPUID_FEATURES
    jb      boot_refuse
    mov     eax, CPUID_FEATURES
    cpuid
    test    edx, EDX_LONG_MODE
    jz      boot_refuse
    mov     esi, text_no_nx
    test    edx, EDX_NX
    jz      boot_refuse
    mov     ebx, edi
    ret

; Print the text at esi and stop.
boot_refuse:
    push    esi
    mov     esi, text_refused
    call    boot_print
    pop     esi
    call    boot_print
.halt:
    cli
    hlt
    jmp     .halt

; Fill the temporary tables. One PDPT serves three entries of the PML4 at once:
;
;     PML4 [0]    --+                PDPT [0..3] -> PD 0-3: 4 GiB in 2 MiB pages
;     physmap     --+--> one PDPT    PDPT [510]  -> PD 0: the kernel image
;     kernel image--+
;
; so identity, physmap and image cost six pages. Everything is writable and
; executable until vmm_init replaces the tables.
; The pages are zero in the file. Clobbers eax ecx edx edi.
boot_build_tables:
    mov     edi, boot_tables
    lea     eax, [edi + TABLE_PDPT + PTE_TABLE_BITS]
    mov     [edi + TABLE_PML4], eax
    mov     [edi + TABLE_PML4 + PML4_INDEX(PHYSMAP_BASE) * ENTRY_BYTES], eax
    mov     [edi + TABLE_PML4 + PML4_INDEX(KERNEL_IMAGE_BASE) * ENTRY_BYTES], eax
    lea     eax, [edi + TABLE_PD + PTE_TABLE_BITS]
    mov     [edi + TABLE_PDPT + PDPT_INDEX(KERNEL_IMAGE_BASE) * ENTRY_BYTES], eax
%assign i 0
%rep TABLE_PDS
    mov     [edi + TABLE_PDPT + i * ENTRY_BYTES], eax
    add     eax, TABLE_BYTES
  %assign i i+1
%endrep
    mov     eax, PTE_LARGE_BITS
    lea     edx, [edi + TABLE_PD]
    mov     ecx, TABLE_PDS * ENTRIES
.next:
    mov     [edx], eax
    add     edx, ENTRY_BYTES
    add     eax, LARGE_PAGE
    dec     ecx
    jnz     .next
    ret

; Clobbers eax edx.
boot_serial_init:
%macro UART_SET 2
    mov     dx, COM1 + %1
    mov     al, %2
    out     dx, al
%endmacro
    UART_SET UART_IER, IER_NONE
    UART_SET UART_LCR, LCR_DLAB
    UART_SET UART_DIVISOR, DIVISOR_115200
    UART_SET UART_DIVISOR + 1, 0
    UART_SET UART_LCR, LCR_8N1
    UART_SET UART_FCR, FCR_ENABLE_CLEAR
    ret

; Send the NUL-terminated text at esi. Clobbers eax ecx edx esi.
boot_print:
    mov     ecx, WAIT_POLLS
.wait:
    mov     dx, COM1 + UART_LSR
    in      al, dx
    test    al, LSR_THR_EMPTY
    loopz   .wait
    lodsb
    test    al, al
    jz      .done
    mov     dx, COM1 + UART_DATA
    out     dx, al
    jmp     boot_print
.done:
    ret

    section .boot.rodata progbits alloc noexec nowrite align=8

; Data descriptors are not needed: 64-bit mode takes null selectors.
boot_gdt:
    dq      0
    dq      0x00AF9B000000FFFF      ; SELECTOR_KERNEL_CODE: 64-bit, ring 0
.end:
boot_gdt_pointer:
    dw      boot_gdt.end - boot_gdt - 1
    dd      boot_gdt

text_hello:         db "SecOS starts", 13, 10, 0
text_refused:       db "SecOS cannot run here: ", 0
text_no_cpuid:      db "the processor has no CPUID instruction", 13, 10, 0
text_no_long_mode:  db "the processor has no 64-bit mode "
                    db "(CPUID 80000001h, EDX bit 29)", 13, 10, 0
text_no_nx:         db "the processor has no execute-disable bit, NX "
                    db "(CPUID 80000001h, EDX bit 20)", 13, 10, 0
