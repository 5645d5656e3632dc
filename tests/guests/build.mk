# SPDX-License-Identifier: MIT
# A guest is a file here: NAME.c or NAME.asm becomes build/guests/NAME.elf. One
# of several files has a line `NAME_SRCS := files` below.

GUESTS := $(sort $(basename $(notdir $(wildcard tests/guests/*.c tests/guests/*.asm))))
$(foreach g,$(GUESTS),$(eval $(g)_SRCS ?= $(notdir $(wildcard tests/guests/$(g).c tests/guests/$(g).asm))))

# The system call fuzzer is larger than a file.
GUESTS += fuzz
fuzz_SRCS := $(addprefix fuzz/,main.c worker.c pager.c shape.c enter.asm)
syscalls_SRCS := syscalls.c $(addprefix syscalls/,basic.c memory.c process.c threads.c serve.c inspect.c)
growth_SRCS := growth.c growth/faults.c
detach_SRCS := detach.c detach/client.c detach/pager.c detach/stage.c
pagerkit_SRCS := pagerkit.c $(addprefix pagerkit/,client.c honest.c silent.c late.c lies.c)

# What the ISO carries besides pager and shell, for `run NAME`.
PROGRAMS := hello faultdemo forkdemo wx overflow hog
