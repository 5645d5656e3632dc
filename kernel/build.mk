# SPDX-License-Identifier: MIT
# The kernel image, room by room.
BOOT_SRCS := $(sort $(wildcard boot/*.asm boot/*.c))
include kernel/arch/x86_64/build.mk
KERNEL_SRCS := $(BOOT_SRCS) $(ARCH_SRCS) $(sort $(wildcard kernel/main.c kernel/klib/*.c kernel/mm/*.c kernel/task/*.c kernel/ipc/*.c kernel/sys/*.c))
