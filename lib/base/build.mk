# SPDX-License-Identifier: MIT
# Pure C for everyone: linked into the kernel, into programs and into host tests.
BASE_SRCS := $(addprefix lib/base/src/, \
	bitmap.c \
	fill.c \
	fmt.c \
	slab.c \
	string.c \
	strlcpy.c)
