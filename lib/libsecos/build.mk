# SPDX-License-Identifier: MIT
# What a ring-3 program links.
LIBSECOS_SRCS := $(addprefix lib/libsecos/src/, \
	assert.c \
	console.c \
	crt0.asm \
	exit.c \
	heap_chunk.c \
	heap_pages.c \
	image.c \
	ipc.c \
	malloc.c \
	manifest.c \
	number.c \
	print.c \
	self_pager.c \
	sort.c \
	status.c \
	stdio.c \
	string.c \
	syscall_stub.asm)

include lib/libsecos/linux.mk
