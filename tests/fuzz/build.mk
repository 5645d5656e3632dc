# SPDX-License-Identifier: MIT
# Fuzz targets: the pure parsers under libFuzzer, ASan and UBSan.
#
# A target NAME is tests/fuzz/fuzz_NAME.c (with LLVMFuzzerTestOneInput), a seed
# corpus in tests/fuzz/corpus/NAME/, and two lines here:
#   FUZZ_TARGETS += NAME
#   FUZZ_NAME    := the sources it tests

FUZZ_TARGETS += elf
FUZZ_elf := kernel/task/elf.c kernel/task/manifest.c

FUZZ_TARGETS += boot_info
FUZZ_boot_info := kernel/mm/boot_info.c lib/base/src/strlcpy.c

FUZZ_TARGETS += memmap
FUZZ_memmap := kernel/mm/memmap.c

FUZZ_TARGETS += region
FUZZ_region := kernel/mm/region.c kernel/mm/region_tree.c

FUZZ_TARGETS += line
FUZZ_line := servers/shell/line.c servers/shell/parse.c lib/base/src/strlcpy.c

FUZZ_SECONDS ?= 60
FUZZ_CC      := $(shell command -v clang-14 || echo clang)

define fuzz_target
$(BUILD)/fuzz/$(1): tests/fuzz/fuzz_$(1).c $(FUZZ_$(1)) tests/fuzz/build.mk $(wildcard tests/host/fakes/*.c)
	@mkdir -p $$(@D); echo "  FUZZ    $(1)"
	$(Q)$(FUZZ_CC) -std=gnu11 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined $(HOSTINC) \
	$$(filter %.c,$$^) -o $$@
endef
$(foreach t,$(FUZZ_TARGETS),$(eval $(call fuzz_target,$(t))))

.PHONY: fuzz-run $(FUZZ_TARGETS:%=fuzz-%)
fuzz-run: $(FUZZ_TARGETS:%=fuzz-%)
$(FUZZ_TARGETS:%=fuzz-%): fuzz-%: $(BUILD)/fuzz/%
	@mkdir -p $(BUILD)/fuzz/corpus/$* $(BUILD)/fuzz/found
	@$< -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 -verbosity=0 -artifact_prefix=$(BUILD)/fuzz/found/$*- \
	$(BUILD)/fuzz/corpus/$* $(wildcard tests/fuzz/corpus/$*)

# Seeds that a script makes, rather than 107 binary files in the repository.
fuzz-elf: $(BUILD)/fuzz/corpus/elf/good
$(BUILD)/fuzz/corpus/elf/good: tests/tools/elf_make.py
	$(Q)$(PYTHON) $< corpus $(@D)
