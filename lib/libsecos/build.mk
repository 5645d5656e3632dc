# SPDX-License-Identifier: MIT
LIBSECOS_SRCS := $(sort $(wildcard lib/libsecos/src/*.c lib/libsecos/src/*.asm))
