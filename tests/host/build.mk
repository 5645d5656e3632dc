# SPDX-License-Identifier: MIT
# Host tests: the kernel's own sources, under ASan and UBSan, on this machine.
#
# A test NAME is tests/host/test_NAME.c and two lines here:
#   HOST_TESTS += NAME
#   HOST_NAME  := the sources it tests
# HOST_NAME_FLAGS, if set, is added to the compiler's arguments for all of them,
# HOST_NAME_LINK to the linker's.

# Calls of an allocator from another file come to tests/host/fail.h.
FAIL_LINK := $(foreach f,pmm_alloc_frame pmm_alloc_kind pmm_alloc_zeroed pmm_alloc_large pmm_alloc_run kmalloc kmalloc_aligned \
	pool_alloc,-Wl,--wrap=$f)

HOST_TESTS += check
HOST_check :=

HOST_TESTS += elf manifest elf_oracle
HOST_elf := $(addprefix kernel/task/,elf.c elf_dynamic.c elf_image.c manifest.c)
HOST_manifest := kernel/task/manifest.c
HOST_elf_oracle := $(addprefix kernel/task/,elf.c elf_dynamic.c elf_image.c manifest.c)

HOST_TESTS += place random numbers
HOST_place := kernel/task/place.c
HOST_random :=
HOST_numbers :=

HOST_TESTS += paging region
HOST_paging := kernel/arch/x86_64/paging.c
HOST_TESTS += vmm vmm_claims
HOST_vmm := $(wildcard kernel/mm/vmm*.c) $(HOST_paging) $(addprefix kernel/mm/,tlb.c region.c region_tree.c blocks.c frame.c heap.c memmap.c \
	pmm.c pmm_report.c pmm_start.c quota.c) $(addprefix lib/base/src/,bitmap.c fill.c slab.c)
HOST_vmm_claims := $(HOST_vmm)
HOST_region := kernel/mm/region.c kernel/mm/region_tree.c
HOST_TESTS += large
HOST_large := $(HOST_vmm)
HOST_TESTS += audits
HOST_audits := $(HOST_vmm)
HOST_TESTS += edges
HOST_edges := $(HOST_vmm)
HOST_edges_LINK := $(FAIL_LINK)
HOST_TESTS += fail
HOST_fail := $(HOST_vmm) kernel/task/handle.c kernel/task/kernel_stack.c
HOST_fail_LINK := $(FAIL_LINK)
HOST_TESTS += published_api
HOST_published_api := $(HOST_vmm) kernel/mm/pmm_init.c
HOST_published_api_FLAGS := -Werror=incompatible-pointer-types

HOST_TESTS += malloc
HOST_malloc := $(addprefix lib/libsecos/src/,malloc.c heap_chunk.c) lib/base/src/slab.c lib/base/src/fmt.c
HOST_malloc_FLAGS := $(foreach f,malloc calloc realloc reallocarray aligned_alloc free abort errno,-D$f=secos_$f)

HOST_TESTS += boot_info
HOST_boot_info := kernel/mm/boot_info.c lib/base/src/strlcpy.c

HOST_TESTS += bitmap string memmap quota pmm heap
HOST_bitmap := lib/base/src/bitmap.c
HOST_string :=
HOST_memmap := kernel/mm/memmap.c
HOST_quota := kernel/mm/quota.c
HOST_pmm := $(addprefix kernel/mm/,pmm.c pmm_start.c pmm_report.c blocks.c frame.c memmap.c) $(addprefix lib/base/src/,bitmap.c fill.c)
HOST_heap := $(HOST_pmm) lib/base/src/slab.c
HOST_heap_LINK := $(FAIL_LINK)

# The fault path in a small world, at random: see tests/explore/build.mk.
HOST_TESTS += fault journal
HOST_fault := $(WORLD_SRCS)
HOST_fault_FLAGS := $(WORLD_FLAGS)
HOST_journal := $(WORLD_SRCS)
HOST_journal_FLAGS := $(WORLD_FLAGS)

HOST_TESTS += fmt parse line policy report libc
HOST_fmt := lib/base/src/fmt.c
HOST_parse := servers/shell/parse.c
HOST_line := servers/shell/line.c lib/base/src/strlcpy.c
HOST_policy := servers/pager/policy.c
HOST_report := servers/shell/report.c servers/shell/format.c lib/base/src/fmt.c
HOST_libc := tests/host/libc_under_test.c

# --- how they are built; nothing to change below for a new test -------------

HOSTCC ?= gcc
# HOST_COVERAGE=1: count branches instead, in code as it is written (make coverage).
HOST_CHECKS := $(if $(HOST_COVERAGE),-O0 --coverage,-O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined)
HOST_FLAGS := -std=gnu11 -g -fno-omit-frame-pointer -fno-common -Wall -Wextra -Wno-unused-parameter -Wno-format-overflow \
	-Wno-format-truncation $(HOST_CHECKS) $(if $(WERROR),-Werror)
HOSTINC += -Itests/host/fakes/include -Itests/host -Ikernel/abi -Ikernel -Ilib/base/include -Ilib/libsecos/include -I.
HOST_FAKES := $(patsubst %,$(BUILD)/host/%.o,$(wildcard tests/host/fakes/*.c))

$(BUILD)/host/fakes.a: $(HOST_FAKES)
	$(Q)rm -f $@ && ar rcsD $@ $^

$(BUILD)/host/tests/host/fakes/%.o: tests/host/fakes/% tests/host/build.mk
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(HOST_FLAGS) $(HOSTINC) -MMD -MP -c $< -o $@

# $(1) = test: its objects stand in a folder of their own, since flags may differ.
define host_test
$(BUILD)/host/$(1)/%.o: % tests/host/build.mk
	@mkdir -p $$(@D)
	$(Q)$(HOSTCC) $(HOST_FLAGS) $(HOST_$(1)_FLAGS) $(HOSTINC) -MMD -MP -c $$< -o $$@

$(BUILD)/host/test_$(1): $(patsubst %,$(BUILD)/host/$(1)/%.o,tests/host/test_$(1).c $(HOST_$(1))) $(BUILD)/host/fakes.a
	@echo "  HOST    $(1)"
	$(Q)$(HOSTCC) $(HOST_FLAGS) $(HOST_$(1)_LINK) $$^ -o $$@
endef
$(foreach t,$(HOST_TESTS),$(eval $(call host_test,$(t))))
-include $(shell find $(BUILD)/host -name '*.d' 2>/dev/null)

.PHONY: host-tests host-tests-only $(HOST_TESTS:%=host-test-%)
host-tests: ## host tests only; one of them: make host-test-NAME
	@tools/setup test
	@$(SUBMAKE) host-tests-only
host-tests-only: $(HOST_TESTS:%=host-test-%)
$(HOST_TESTS:%=host-test-%): host-test-%: $(BUILD)/host/test_%
	@UBSAN_OPTIONS=print_stacktrace=1 timeout 300 $<
