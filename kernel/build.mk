# SPDX-License-Identifier: MIT
# The kernel image, room by room. Adding a file is adding a line.

BOOT_SRCS := \
	boot/multiboot.asm \
	boot/start32.asm \
	boot/start64.asm

include kernel/arch/x86_64/build.mk

KERNEL_SRCS := $(BOOT_SRCS) $(ARCH_SRCS) $(addprefix kernel/, \
	main.c \
	klib/log.c \
	klib/panic.c \
	klib/stack_guard.c \
	mm/boot_info.c \
	mm/frame.c \
	mm/heap.c \
	mm/memmap.c \
	mm/pmm.c \
	mm/quota.c \
	mm/region.c \
	mm/vmm.c \
	task/elf.c \
	task/manifest.c \
	task/process.c \
	task/sched.c \
	task/spawn.c \
	task/thread.c \
	task/usercopy.c \
	ipc/endpoint.c \
	ipc/fault.c \
	ipc/handle.c \
	ipc/notification.c \
	ipc/supervisor.c \
	sys/syscall.c)
