# SPDX-License-Identifier: MIT
# A kernel that watches itself: sources and flags that the shipped image never
# has. Each is switched on for a build folder of its own:
#
#   make BUILD=build/ubsan UBSAN=1    undefined behaviour in C ends in a panic
#   make BUILD=build/kasan KASAN=1    so does an access to memory nobody owns
#   make BUILD=build/fail FAIL=1      boot option fail=sweep: see fail.c
#
# `make sanitize` builds them and runs the QEMU tests on them. No other
# source knows of this room: what it must see is routed through it by the linker
# (--wrap), so that the code under test is, line for line, the code we ship.

CHECK_WRAP :=
CHECK_SRCS :=

ifneq (,$(UBSAN))
CHECK_SRCS += ubsan.c
CHECK_CFLAGS += -fsanitize=undefined -fno-sanitize=float-cast-overflow
endif

ifneq (,$(KASAN))
CHECK_SRCS += kasan.c
CHECK_CFLAGS += -DPMM_WATCHED -fsanitize=kernel-address --param asan-instrumentation-with-call-threshold=0 --param asan-globals=1 \
	--param asan-stack=0
CHECK_WRAP += heap_init slab_env_get_frame kmalloc kmalloc_aligned kfree pool_alloc pool_free pmm_alloc_frame \
	pmm_alloc_kind pmm_alloc_zeroed pmm_alloc_large pmm_alloc_run pmm_free_frame pmm_free_large pmm_free_run \
	pmm_pool_refill_one pmm_release_reserved memset memcpy memmove fill_words usercopy_in usercopy_out
# These work in memory that belongs to nobody: see kasan.c.
KASAN_BLIND := tests/check/kasan.c kernel/mm/heap.c kernel/mm/pmm.c $(addprefix lib/base/src/,slab.c string.c fill.c)
$(KASAN_BLIND:%=$(BUILD)/obj/kernel/%.o): private KERNEL_CFLAGS += -fno-sanitize=kernel-address
endif

ifneq (,$(FAIL))
ifneq (,$(KASAN))
$(error KASAN=1 and FAIL=1 wrap the same functions: one build folder each)
endif
CHECK_SRCS += fail.c
CHECK_WRAP += pmm_alloc_frame pmm_alloc_kind pmm_alloc_zeroed pmm_alloc_large pmm_alloc_run kmalloc kmalloc_aligned \
	pool_alloc spawn_call process_destroy process_init
endif

ifneq (,$(UBSAN)$(KASAN)$(FAIL))
CHECK_SRCS += selftest.c
CHECK_WRAP += modules_init
KERNEL_CFLAGS += $(CHECK_CFLAGS)
# Instrumented frames are larger; nobody ships them.
KERNEL_CFLAGS := $(filter-out $(FRAME_LIMIT)=%,$(KERNEL_CFLAGS))
KERNEL_LDFLAGS += $(CHECK_WRAP:%=--wrap=%)
endif
KERNEL_SRCS += $(CHECK_SRCS:%=tests/check/%)
