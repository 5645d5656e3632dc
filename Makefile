# SPDX-License-Identifier: MIT
# SecOS. `make help` says what this can do; each room lists its sources in its own build.mk.
BUILD ?= build
Q     ?= @
all: image # the first target: what plain `make` does

# --- tools: a cross GCC where there is one, the distribution's own elsewhere; CC=clang works too
ifndef CROSS # := because a shell in a recursive variable would run at every use
CROSS  := $(shell for p in x86_64-elf- x86_64-linux-gnu-; do command -v $${p}gcc >/dev/null 2>&1 && { echo $$p; exit; }; done)
endif
ifndef PYTHON
PYTHON := $(shell for p in /usr/bin/python3 python3; do $$p -c 'import pytest' >/dev/null 2>&1 && { echo $$p; exit; }; done; echo python3)
endif
ifeq ($(origin CC),default)
CC := $(CROSS)gcc
endif
LD     := $(CROSS)ld
AR     := $(CROSS)ar
NASM   ?= nasm
QEMU   ?= qemu-system-x86_64
ifndef JOBS
JOBS   := $(shell nproc 2>/dev/null || echo 2)
endif
export BUILD CC QEMU

# --- flags. -Werror belongs to `make check`: a newer compiler's new warning must not stop a student
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wpointer-arith \
	-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wundef -Wvla -Wwrite-strings -Wformat=2 \
	-Wswitch-enum -Wnull-dereference $(if $(WERROR),-Werror)
ifneq (,$(findstring clang,$(CC)))
FRAME_LIMIT := -Wframe-larger-than
WARNINGS += --target=x86_64-linux-gnu -Wcast-align -Wimplicit-fallthrough -Wno-unused-command-line-argument
else
FRAME_LIMIT := -Wstack-usage
WARNINGS += -Wcast-align=strict -Wimplicit-fallthrough=5 -Wduplicated-cond -Wlogical-op
endif
SYSTEM := -nostdinc -isystem $(shell $(CC) -print-file-name=include)
COMMON := -std=c11 -ffreestanding -fno-common -fno-strict-aliasing -fomit-frame-pointer -O2 -g \
	-fcf-protection=none -fno-asynchronous-unwind-tables -fstack-protector-strong -mstack-protector-guard=global \
	$(SYSTEM) -ffile-prefix-map=$(CURDIR)=. -fstack-usage -MMD -MP $(WARNINGS)
KERNEL_CFLAGS := $(COMMON) -fno-pic -fno-pie $(FRAME_LIMIT)=1024 -mcmodel=kernel -mno-red-zone -mgeneral-regs-only -fno-tree-slp-vectorize -fno-delete-null-pointer-checks \
	-Ikernel/abi -Ikernel -Ilib/base/include
USER_CFLAGS   := $(COMMON) -fpie $(FRAME_LIMIT)=4096 -Ikernel/abi -Ilib/base/include -Ilib/libsecos/include -Ilib/libsecos/include/std
# A server leaves the FPU alone, so that no switch has to save it for one; what it links does, too.
$(BUILD)/obj/user/servers/% $(BUILD)/obj/user/lib/%: private USER_CFLAGS += -mgeneral-regs-only
# NASM writes its absolute path into debug information: two checkouts would differ. DEBUG_ASM=1 asks for it all the same.
NASMFLAGS     := -f elf64 $(if $(DEBUG_ASM),-g -F dwarf) -Wall $(if $(WERROR),-Werror) --reproducible
LDFLAGS       := -nostdlib -static -z max-page-size=0x1000 -z noexecstack --build-id=none
# A program may stand anywhere: it relocates itself, in its data and nowhere else (libsecos/image.h).
USER_LDFLAGS  := $(LDFLAGS) -pie --no-dynamic-linker -z text

# --- the rooms
include kernel/build.mk lib/base/build.mk lib/libsecos/build.mk tests/guests/build.mk
include $(sort $(wildcard servers/*/build.mk))

kernel_objects = $(patsubst %,$(BUILD)/obj/kernel/%.o,$(1))
user_objects   = $(patsubst %,$(BUILD)/obj/user/%.o,$(1))
KERNEL_OBJECTS := $(call kernel_objects,$(KERNEL_SRCS) $(BASE_SRCS))
LIBSECOS_OBJECTS := $(call user_objects,$(LIBSECOS_SRCS) $(BASE_SRCS))
PROGRAM_ELFS := $(SERVERS:%=$(BUILD)/servers/%.elf) $(GUESTS:%=$(BUILD)/guests/%.elf)

# Everything is built anew when compiler or flags change: this file holds what they were.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(KERNEL_CFLAGS) $(USER_CFLAGS) $(NASMFLAGS) $(USER_LDFLAGS)' | cmp -s - $@ || \
	echo '$(CC) $(KERNEL_CFLAGS) $(USER_CFLAGS) $(NASMFLAGS) $(USER_LDFLAGS)' > $@

$(BUILD)/obj/kernel/%.c.o: %.c $(BUILD)/flags
	@mkdir -p $(@D); echo "  CC      $<"
	$(Q)$(CC) $(KERNEL_CFLAGS) -c $< -o $@
$(BUILD)/obj/kernel/%.asm.o: %.asm $(BUILD)/asm_offsets.inc $(BUILD)/flags
	@mkdir -p $(@D); echo "  NASM    $<"
	$(Q)$(NASM) $(NASMFLAGS) -I $(BUILD)/ -I $(dir $<) -MD $(@:.o=.d) -MP $< -o $@
	$(Q)$(CROSS)objcopy -w --strip-symbol='..@*' $@ # labels of macros would hide the routine's name in a backtrace
$(BUILD)/obj/user/%.c.o: %.c $(BUILD)/flags
	@mkdir -p $(@D); echo "  CC      $<"
	$(Q)$(CC) $(USER_CFLAGS) -c $< -o $@
$(BUILD)/obj/user/%.asm.o: %.asm $(BUILD)/flags
	@mkdir -p $(@D); echo "  NASM    $<"
	$(Q)$(NASM) $(NASMFLAGS) -I $(dir $<) -MD $(@:.o=.d) -MP $< -o $@

# The C compiler computes structure offsets and constants; NASM reads them as %define lines.
$(BUILD)/asm_offsets.inc: kernel/arch/x86_64/asm_offsets.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(Q)$(CC) $(KERNEL_CFLAGS) -MF $@.d -MT $@ -S $< -o $(BUILD)/asm_offsets.s
	$(Q)sed -n 's/.*->\([A-Za-z_0-9]*\) \$$*\(-*[0-9]*\).*/%define \1 \2/p' $(BUILD)/asm_offsets.s > $@

# Linked twice: the names of its functions, for a panic, are known after the first time.
LINK_KERNEL = $(LD) $(LDFLAGS) $(KERNEL_LDFLAGS) -T kernel/arch/x86_64/kernel.ld -Map $(BUILD)/kernel.map $(KERNEL_OBJECTS)
$(BUILD)/kernel.elf: $(KERNEL_OBJECTS) kernel/arch/x86_64/kernel.ld tools/kernel_symbols
	@echo "  LD      $@"
	$(Q)$(LINK_KERNEL) -o $(BUILD)/kernel.first
	$(Q)NM=$(CROSS)nm $(PYTHON) tools/kernel_symbols $(BUILD)/kernel.first > $(BUILD)/symbols.asm
	$(Q)$(NASM) -f elf64 --reproducible $(BUILD)/symbols.asm -o $(BUILD)/symbols.o
	$(Q)$(LINK_KERNEL) $(BUILD)/symbols.o -o $@
	$(Q)NM=$(CROSS)nm $(PYTHON) tools/kernel_symbols --check $(BUILD)/kernel.first $@

$(BUILD)/libsecos.a: $(LIBSECOS_OBJECTS)
	@echo "  AR      $@"
	$(Q)rm -f $@; $(AR) rcsD $@ $^

# A program is its objects and the part of libsecos it uses; crt0 comes in as the definition of _start.
# NAME.debug keeps what GDB wants; a module lies in RAM as a whole, so NAME.elf is without it.
define program
$(BUILD)/$(1).elf: $(call user_objects,$(2)) $(BUILD)/libsecos.a lib/libsecos/user.ld
	@mkdir -p $$(@D); echo "  LD      $$@"
	$(Q)$(LD) $(USER_LDFLAGS) -T lib/libsecos/user.ld -u _start $(call user_objects,$(2)) $(BUILD)/libsecos.a -o $$(@:.elf=.debug)
	$(Q)$(CROSS)objcopy --strip-debug $$(@:.elf=.debug) $$@
endef
$(foreach s,$(SERVERS),$(eval $(call program,servers/$(s),$(addprefix servers/$(s)/,$($(s)_SRCS)))))
$(foreach g,$(GUESTS),$(eval $(call program,guests/$(g),$(addprefix tests/guests/,$($(g)_SRCS)))))

MODULES := $(SERVERS:%=$(BUILD)/servers/%.elf) $(PROGRAMS:%=$(BUILD)/guests/%.elf)
$(BUILD)/secos.iso: $(BUILD)/kernel.elf $(MODULES) boot/grub.cfg tools/mkiso
	@echo "  ISO     $@"
	$(Q)tools/mkiso -o $@ -k $(BUILD)/kernel.elf $(MODULES)
$(BUILD)/modules: $(MODULES) # for secos-run and the tests: what the ISO carries
	@printf '%s\n' $(abspath $(MODULES)) > $@

.PHONY: all image programs iso FORCE
image: $(BUILD)/kernel.elf programs $(BUILD)/modules $(BUILD)/secos.iso
programs: $(PROGRAM_ELFS) $(BUILD)/libsecos_linux.a $(BUILD)/libsecos_threads.a
iso: ## the bootable image, BIOS and UEFI
	@tools/setup run
	@$(MAKE) --no-print-directory -j$(JOBS) $(BUILD)/secos.iso

# --- what people type: each target below installs what it needs first, then calls the real one
include tests/explore/build.mk tests/host/build.mk tests/fuzz/build.mk tests/bench/build.mk tests/targets.mk labs/build.mk
-include $(KERNEL_OBJECTS:.o=.d) $(LIBSECOS_OBJECTS:.o=.d) $(BUILD)/asm_offsets.inc.d
-include $(shell find $(BUILD)/obj/user/servers $(BUILD)/obj/user/tests -name '*.d' 2>/dev/null)
.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

.PHONY: help run gdb clean
help: ## this list
	@echo "SecOS: a microkernel whose subject is memory."; echo
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{ printf "  make %-12s %s\n", $$1, $$2 }'
	@echo; echo "CC=clang-14, BUILD=dir, WERROR=1 and Q= (show commands) may follow any of them."

run: ## boot the ISO in QEMU, console in this terminal
	@tools/setup run
	@$(MAKE) --no-print-directory -j$(JOBS) $(BUILD)/secos.iso
	@echo "SecOS on the serial console. To leave: poweroff at the prompt, or Ctrl-A, then X."
	@$(QEMU) -accel tcg -cpu max -m 128 -nodefaults -display none -vga none -serial mon:stdio -cdrom $(BUILD)/secos.iso

gdb: ## boot stopped, with GDB and the kernel's symbols
	@tools/setup run gdb
	@$(MAKE) --no-print-directory -j$(JOBS) $(BUILD)/kernel.elf programs $(BUILD)/modules
	@tools/secos-run --gdb

clean: ## remove build/
	@rm -rf $(BUILD)
