# SPDX-License-Identifier: MIT
# libsecos_linux.a: what stands between a C library made for Linux and SecOS.
#
#   linux.o      src/linux, malloc and what they need of libsecos and lib/base,
#                linked into one object. It calls nothing of the C library but the
#                names in linux_needs, and shows a program only those in
#                linux_shows: no function of ours can meet one of a stranger's.
#   the others   ordinary members: malloc's standard names, manifests, and the
#                native calls for programs that use both worlds
#
# libsecos_threads.a: the manifest of programs that make threads, and nothing else.
#
# All of it without vector registers: see src/linux/linux.h, L1.

LINUX_LAYER := $(addprefix lib/libsecos/src/linux/, \
	calls.c \
	console.c \
	entry.asm \
	fd.c \
	file.c \
	futex.c \
	lock.c \
	memory.c \
	names.c \
	process.c \
	random.c \
	signal.c \
	start.c \
	thread.c \
	thread_entry.asm \
	time.c) \
	$(addprefix lib/libsecos/src/, console.c heap_chunk.c heap_pages.c image.c malloc.c) $(BASE_SRCS)
LINUX_MEMBERS := $(addprefix lib/libsecos/src/, ipc.c linux/malloc_names.c linux/manifest.c status.c syscall_stub.asm)
LINUX_SRCS    := $(filter lib/libsecos/src/linux/%,$(LINUX_LAYER) $(LINUX_MEMBERS)) lib/libsecos/src/linux/manifest_threads.c
linux_objects  = $(patsubst %,$(BUILD)/obj/linux/%.o,$(1))
linux_mallocs := malloc calloc realloc reallocarray aligned_alloc free malloc_usable_size
linux_shows   := linux_start $(addprefix __secos_,$(linux_mallocs))
linux_needs   := main __libc_start_main __errno_location abort __stack_chk_guard __stack_chk_fail _GLOBAL_OFFSET_TABLE_ image_layout _text_start

$(BUILD)/obj/linux/%.c.o: %.c $(BUILD)/flags
	@mkdir -p $(@D); echo "  CC      $< (linux)"
	$(Q)$(CC) $(USER_CFLAGS) -mgeneral-regs-only -DLIBSECOS_LINUX -c $< -o $@
$(BUILD)/obj/linux/%.asm.o: %.asm $(BUILD)/flags
	@mkdir -p $(@D); echo "  NASM    $< (linux)"
	$(Q)$(NASM) $(NASMFLAGS) -I $(dir $<) -MD $(@:.o=.d) -MP $< -o $@

$(BUILD)/linux.o: $(call linux_objects,$(LINUX_LAYER)) lib/libsecos/linux.mk
	@echo "  LD      $@"
	$(Q)$(LD) -r $(call linux_objects,$(LINUX_LAYER)) -o $@.all
	$(Q)$(CROSS)objcopy $(foreach n,$(linux_mallocs),--redefine-sym $(n)=__secos_$(n)) $(foreach n,$(linux_shows),--keep-global-symbol=$(n)) $@.all $@
	$(Q)rm -f $@.all
	$(Q)more=$$($(CROSS)nm -u $@ | awk '{print $$2}' | grep -vxF $(addprefix -e ,$(linux_needs))); \
	if [ -n "$$more" ]; then echo "$@ calls what it must not:" $$more >&2; rm -f $@; exit 1; fi

$(BUILD)/libsecos_linux.a: $(BUILD)/linux.o $(call linux_objects,$(LINUX_MEMBERS))
	@echo "  AR      $@"
	$(Q)rm -f $@; $(AR) rcsD $@ $^

$(BUILD)/libsecos_threads.a: $(call linux_objects,lib/libsecos/src/linux/manifest_threads.c)
	$(Q)rm -f $@; $(AR) rcsD $@ $^

-include $(patsubst %.o,%.d,$(call linux_objects,$(LINUX_LAYER) $(LINUX_MEMBERS)))
