# SPDX-License-Identifier: MIT
# The explorer: the kernel's own fault, IPC and memory code in a small world, every
# interleaving of it. The same world under random steps is tests/host/test_fault.c
# and tests/fuzz/fuzz_fault.c.

# All of a room but what starts the machine or talks to devices.
EXPLORE_KERNEL := $(filter-out $(addprefix kernel/ipc/,console.c modules.c supervisor.c spawn%),$(wildcard kernel/ipc/*.c)) \
	$(addprefix kernel/task/,call.c charge.c handle.c permission.c process.c sched.c thread.c) \
	$(filter-out $(addprefix kernel/mm/,vmm.c vmm_audit.c vmm_boot.c),$(wildcard kernel/mm/vmm*.c)) \
	$(addprefix kernel/mm/,frame.c quota.c region.c region_tree.c tlb.c) \
	kernel/arch/x86_64/paging.c kernel/sys/region_range.c lib/base/src/strlcpy.c
EXPLORE_WORLD := $(addprefix tests/explore/,world.c step.c act.c act_pager.c look.c look_memory.c machine.c door.c host_gs.c)
EXPLORE_FAKES := $(addprefix tests/host/fakes/,mmu.c ram.c)
EXPLORE_SRCS  := $(EXPLORE_KERNEL) $(EXPLORE_WORLD) $(EXPLORE_FAKES) $(addprefix tests/explore/,heap_arena.c snapshot.c describe.c \
	keys.c states.c walk.c explore.c)

# The world for others: with every object of the kernel in malloc, for AddressSanitizer.
WORLD_SRCS := $(EXPLORE_KERNEL) $(EXPLORE_WORLD) tests/explore/heap_malloc.c
WORLD_FLAGS := -Itests/explore/include

EXPLORE_FLAGS := -std=gnu11 -O3 -g -fno-omit-frame-pointer -fno-common -fno-strict-aliasing -fno-delete-null-pointer-checks -Wall -Wextra \
	-Wno-unused-parameter $(if $(WERROR),-Werror) $(WORLD_FLAGS)
EXPLORE_OBJECTS := $(EXPLORE_SRCS:%=$(BUILD)/explore/%.o)

$(BUILD)/explore/%.c.o: %.c tests/explore/build.mk
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(EXPLORE_FLAGS) $(HOSTINC) -MMD -MP -c $< -o $@

$(BUILD)/explore/explore: $(EXPLORE_OBJECTS) tests/explore/kernel_state.ld
	@echo "  HOST    explore"
	$(Q)$(HOSTCC) $(EXPLORE_FLAGS) $(EXPLORE_OBJECTS) -Wl,-T,tests/explore/kernel_state.ld -o $@
-include $(EXPLORE_OBJECTS:.o=.d)

EXPLORE_RUN = BUILD=$(BUILD) EXPLORE_CC='$(HOSTCC) $(EXPLORE_FLAGS) $(HOSTINC)' EXPLORE_OBJECTS='$(EXPLORE_OBJECTS)' \
	EXPLORE_KERNEL='$(EXPLORE_KERNEL)' $(PYTHON) tests/explore/run.py

.PHONY: explore explore-short explore-bugs explore-bugs-only explore-update explore-update-short
explore: ## every interleaving of the fault path in small worlds
	@tools/setup test
	@$(SUBMAKE) $(BUILD)/explore/explore
	@$(EXPLORE_RUN) walk
explore-short: $(BUILD)/explore/explore
	@$(EXPLORE_RUN) walk --short
explore-bugs: ## bugs that the explorer must find
	@tools/setup test
	@$(SUBMAKE) explore-bugs-only
explore-bugs-only: $(BUILD)/explore/explore
	@$(EXPLORE_RUN) bugs --jobs $(JOBS)
explore-update explore-update-short: $(BUILD)/explore/explore
	@$(EXPLORE_RUN) walk $(if $(filter %-short,$@),--short) --update
