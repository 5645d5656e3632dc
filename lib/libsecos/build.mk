# SPDX-License-Identifier: MIT
LIBSECOS_SRCS := $(addprefix lib/libsecos/src/, \
	crt0.asm \
	syscall_stub.asm)
