# SPDX-License-Identifier: MIT
SERVERS += pager
pager_SRCS := $(notdir $(sort $(wildcard servers/pager/*.c)))
