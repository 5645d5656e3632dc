# SPDX-License-Identifier: MIT
ARCH_SRCS := $(filter-out %/asm_offsets.c,$(sort $(wildcard kernel/arch/x86_64/*.c kernel/arch/x86_64/*.asm)))
