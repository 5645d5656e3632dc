# SPDX-License-Identifier: MIT
# The one machine we run on. asm_offsets.c is compiled for its text only.
ARCH_SRCS := $(addprefix kernel/arch/x86_64/, \
	context.c \
	cpu.c \
	gdt.c \
	idt.c \
	isr.asm \
	mmu.c \
	paging.c \
	pic.c \
	pit.c \
	power.c \
	serial.c \
	syscall.asm \
	syscall_ipc.asm \
	trap.c \
	tss.c \
	upcall.asm \
	usercopy.asm)
