# SPDX-License-Identifier: MIT
# What the memory managers cost: the kernel's sources, compiled with the kernel's
# flags, in a program of the host, and the kernel's own objects with one more.

TRACE_SRCS := $(addprefix kernel/mm/,blocks.c frame.c memmap.c pmm.c pmm_report.c pmm_start.c) \
	$(addprefix lib/base/src/,bitmap.c fill.c slab.c string.c) tests/bench/traces.c tests/bench/heap_host.c
# A program of the host lies below 2 GiB; an instruction is as long there, and there are as many.
TRACE_CFLAGS = $(filter-out -mcmodel=kernel $(FRAME_LIMIT)=%,$(KERNEL_CFLAGS))

$(BUILD)/bench/host/%.c.o: %.c $(BUILD)/flags
	@mkdir -p $(@D); echo "  CC      $<"
	$(Q)$(CC) -Itests/bench/include $(TRACE_CFLAGS) -I. -c $< -o $@
$(BUILD)/bench/host/traces_host.o: tests/bench/traces_host.c tests/bench/traces.h $(BUILD)/flags
	@mkdir -p $(@D); echo "  CC      $<"
	$(Q)$(HOSTCC) -std=gnu11 -O1 -g -fno-pie -Wall -Wextra -fno-stack-protector -Itests/bench/include -Ikernel/abi -Ikernel \
	-Ilib/base/include -c $< -o $@
$(BUILD)/bench/traces: $(TRACE_SRCS:%=$(BUILD)/bench/host/%.o) $(BUILD)/bench/host/traces_host.o
	@echo "  LD      $@"
	$(Q)$(HOSTCC) -no-pie $^ -o $@


# The objects of the shipped image, and these two in front of its first process.
TRACE_KERNEL_OBJECTS := $(call kernel_objects,tests/bench/traces.c tests/bench/traces_kernel.c)
$(BUILD)/bench/kernel.elf: $(BUILD)/kernel.elf $(TRACE_KERNEL_OBJECTS)
	@echo "  LD      $@"
	@mkdir -p $(@D)
	$(Q)$(LD) $(LDFLAGS) $(KERNEL_LDFLAGS) --wrap=modules_init -T kernel/arch/x86_64/kernel.ld $(KERNEL_OBJECTS) \
	$(TRACE_KERNEL_OBJECTS) -o $@
-include $(patsubst %.c,$(BUILD)/bench/host/%.c.d,$(TRACE_SRCS)) $(TRACE_KERNEL_OBJECTS:.o=.d)

# The heap traces on somebody else's malloc (make bench-peers).
$(BUILD)/bench/host/heap_peer.o: tests/bench/peers/heap.c tests/bench/traces.h $(BUILD)/flags
	@mkdir -p $(@D); echo "  CC      $<"
	$(Q)$(HOSTCC) -std=gnu11 -O2 -g -fno-pie -Wall -Wextra -fno-stack-protector -Itests/bench/include -Ikernel/abi -Ikernel \
	-Ilib/base/include -c $< -o $@
$(BUILD)/bench/heap_peer: $(BUILD)/bench/host/tests/bench/traces.c.o $(BUILD)/bench/host/heap_peer.o
	@echo "  LD      $@"
	$(Q)$(HOSTCC) -no-pie $^ -o $@
