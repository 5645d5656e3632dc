# SPDX-License-Identifier: MIT
SERVERS += shell
shell_SRCS := $(notdir $(sort $(wildcard servers/shell/*.c)))
