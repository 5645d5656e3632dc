# SPDX-License-Identifier: MIT
BASE_SRCS := $(addprefix lib/base/src/, \
	bitmap.c \
	fmt.c \
	slab.c \
	string.c)
