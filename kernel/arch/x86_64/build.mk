# SPDX-License-Identifier: MIT
ARCH_SRCS := $(addprefix kernel/arch/x86_64/, \
	context.asm \
	cpu.c \
	fpu.c \
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
	trap.c \
	tss.c \
	usercopy.asm)
