# SPDX-License-Identifier: MIT
BASE_SRCS := $(sort $(wildcard lib/base/src/*.c))
