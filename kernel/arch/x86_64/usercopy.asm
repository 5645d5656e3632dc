; SPDX-License-Identifier: MIT
; The one place that opens the SMAP window.
%include "entry.inc"

    global  usercopy_raw:function
    default rel

    section .text

; uint64_t usercopy_raw(void *to, const void *from, uint64_t bytes)
; In     rdi, rsi, rdx; the range on the user's side was checked; AC clear
; Out    rax = bytes not copied: 0 on success
; Words first, then the 0-7 bytes left. A fault in either copy comes back at
; .fault with AC still open and rcx counting what is missing of that part.
usercopy_raw:
    mov     rcx, rdx
    and     edx, 7
    shr     rcx, 3
    SMAP_SITE stac
.words:
    rep movsq
    mov     ecx, edx
.bytes:
    rep movsb
    SMAP_SITE clac
    xor     eax, eax
    ret
.fault_words:
    lea     rcx, [rdx + rcx*8]
.fault_bytes:
    SMAP_SITE clac
    mov     rax, rcx
    ret
    EXCEPTION_ROW .words, .fault_words
    EXCEPTION_ROW .bytes, .fault_bytes
