# SPDX-License-Identifier: MIT
# Fuzz targets: the pure parsers under libFuzzer, ASan and UBSan.
#
# A target NAME is tests/fuzz/fuzz_NAME.c (with LLVMFuzzerTestOneInput), a seed
# corpus in tests/fuzz/corpus/NAME/, and two lines here:
#   FUZZ_TARGETS += NAME
#   FUZZ_NAME    := the sources it tests
# FUZZ_NAME_FLAGS, if set, is added to the compiler's arguments; FUZZ_NAME_FAKES are
# the fakes it needs, if not all.
# `make fuzz-NAME` runs one; after a long run `make fuzz-seeds` renews the seeds.

FUZZ_TARGETS += elf
FUZZ_elf := $(addprefix kernel/task/,elf.c elf_dynamic.c elf_image.c manifest.c)

FUZZ_TARGETS += boot_info
FUZZ_boot_info := kernel/mm/boot_info.c lib/base/src/strlcpy.c

FUZZ_TARGETS += memmap
FUZZ_memmap := kernel/mm/memmap.c

FUZZ_TARGETS += pmm heap
FUZZ_pmm := $(HOST_pmm)
FUZZ_heap := $(HOST_heap)

FUZZ_TARGETS += region
FUZZ_region := kernel/mm/region.c kernel/mm/region_tree.c

FUZZ_TARGETS += fault
FUZZ_fault := $(WORLD_SRCS)
FUZZ_fault_FLAGS := $(WORLD_FLAGS)
FUZZ_fault_FAKES := $(EXPLORE_FAKES)

FUZZ_TARGETS += line
FUZZ_line := servers/shell/line.c servers/shell/parse.c lib/base/src/strlcpy.c

FUZZ_SECONDS ?= 60
FUZZ_HEADERS := $(wildcard tests/fuzz/*.h tests/host/*.h kernel/mm/*.h kernel/task/*.h lib/base/include/base/*.h servers/shell/*.h)
FUZZ_CC      := $(shell command -v clang-14 || echo clang)

define fuzz_target
$(BUILD)/fuzz/$(1): tests/fuzz/fuzz_$(1).c $(FUZZ_$(1)) tests/fuzz/build.mk $(or $(FUZZ_$(1)_FAKES),$(wildcard tests/host/fakes/*.c)) $(FUZZ_HEADERS)
	@mkdir -p $$(@D); echo "  FUZZ    $(1)"
	$(Q)$(FUZZ_CC) -std=gnu11 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined $(FUZZ_$(1)_FLAGS) $(HOSTINC) \
	$$(filter %.c,$$^) -o $$@
endef
$(foreach t,$(FUZZ_TARGETS),$(eval $(call fuzz_target,$(t))))

# The seeds once more, as a host test and for coverage: gcc's sanitizers, no libFuzzer.
define seeds_target
$(BUILD)/host/seeds_$(1): tests/fuzz/fuzz_$(1).c tests/fuzz/replay.c $(FUZZ_$(1)) $(FUZZ_HEADERS) $(BUILD)/host/fakes.a
	@mkdir -p $(BUILD)/host/seeds/$(1); echo "  HOST    seeds_$(1)"
	$(Q)$(foreach c,tests/fuzz/fuzz_$(1).c tests/fuzz/replay.c $(FUZZ_$(1)),$(HOSTCC) $(HOST_FLAGS) $(FUZZ_$(1)_FLAGS) $(HOSTINC) -c $(c) \
	-o $(BUILD)/host/seeds/$(1)/$(notdir $(c)).o &&) $(HOSTCC) $(HOST_FLAGS) $(BUILD)/host/seeds/$(1)/*.o $(BUILD)/host/fakes.a -o $$@
endef
SEEDS_TARGETS := $(filter-out elf,$(FUZZ_TARGETS))
$(foreach t,$(SEEDS_TARGETS),$(eval $(call seeds_target,$(t))))

.PHONY: host-seeds $(SEEDS_TARGETS:%=host-seeds-%)
host-seeds: $(SEEDS_TARGETS:%=host-seeds-%)
$(SEEDS_TARGETS:%=host-seeds-%): host-seeds-%: $(BUILD)/host/seeds_%
	@$< $(wildcard tests/fuzz/corpus/$*/* $(SEEDS_MORE)/$*/*)

# Fuzz one target for FUZZ_SECONDS, from the seeds and what earlier runs found; one line says what was done. An input that
# breaks a claim is kept in $(BUILD)/fuzz/found.
.PHONY: fuzz-run fuzz-short fuzz-seeds $(FUZZ_TARGETS:%=fuzz-%)
fuzz-run: $(FUZZ_TARGETS:%=fuzz-%)
$(FUZZ_TARGETS:%=fuzz-%): fuzz-%: $(BUILD)/fuzz/%
	@mkdir -p $(BUILD)/fuzz/corpus/$* $(BUILD)/fuzz/found
	@$< -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 -verbosity=0 -artifact_prefix=$(BUILD)/fuzz/found/$*- \
	$(BUILD)/fuzz/corpus/$* $(wildcard tests/fuzz/corpus/$*) > $(BUILD)/fuzz/$*.log 2>&1 || { tail -n 40 $(BUILD)/fuzz/$*.log; false; }
	@awk '/number_of_executed/ { runs = $$2 } /new_units_added/ { new = $$2 } END { printf "%-10s %9d runs, %4d new inputs, no failure\n", \
	"$*:", runs, new }' $(BUILD)/fuzz/$*.log

fuzz-short: FUZZ_SECONDS = 5
fuzz-short: fuzz-run

# Keep the best of what was found as seeds (a few KB a target).
fuzz-seeds:
	@for t in $(filter-out elf,$(FUZZ_TARGETS)); do $(PYTHON) tests/fuzz/distill.py $$t --build $(BUILD) || exit 1; done

# Seeds that a script makes, rather than 107 binary files in the repository.
fuzz-elf: $(BUILD)/fuzz/corpus/elf/good
$(BUILD)/fuzz/corpus/elf/good: tests/tools/elf_make.py
	$(Q)$(PYTHON) $< corpus $(@D)
