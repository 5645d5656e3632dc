# SPDX-License-Identifier: MIT
# The kernel image, room by room, each room above those it may include. Adding a
# file is adding a line.

BOOT_SRCS := $(addprefix boot/, \
	multiboot.asm \
	start32.asm \
	start64.asm)

include kernel/arch/x86_64/build.mk

KERNEL_SRCS := $(BOOT_SRCS) $(ARCH_SRCS) $(addprefix kernel/, \
	klib/log.c \
	klib/panic.c \
	klib/random.c \
	klib/stack_guard.c \
	klib/symbol.c \
	mm/blocks.c \
	mm/boot_info.c \
	mm/frame.c \
	mm/heap.c \
	mm/memmap.c \
	mm/pmm.c \
	mm/pmm_init.c \
	mm/pmm_report.c \
	mm/pmm_start.c \
	mm/quota.c \
	mm/region.c \
	mm/region_tree.c \
	mm/tlb.c \
	mm/vmm.c \
	mm/vmm_audit.c \
	mm/vmm_boot.c \
	mm/vmm_large.c \
	mm/vmm_range.c \
	mm/vmm_space.c \
	mm/vmm_user.c \
	task/call.c \
	task/charge.c \
	task/elf.c \
	task/elf_dynamic.c \
	task/elf_image.c \
	task/handle.c \
	task/kernel_stack.c \
	task/loader.c \
	task/manifest.c \
	task/permission.c \
	task/place.c \
	task/process.c \
	task/sched.c \
	task/thread.c \
	task/usercopy.c \
	ipc/binding.c \
	ipc/console.c \
	ipc/detach.c \
	ipc/donation.c \
	ipc/endpoint.c \
	ipc/fault.c \
	ipc/fault_reply.c \
	ipc/ipc.c \
	ipc/ipc_direct.c \
	ipc/journal.c \
	ipc/memory_object.c \
	ipc/memory_pages.c \
	ipc/memory_view.c \
	ipc/modules.c \
	ipc/notification.c \
	ipc/objects.c \
	ipc/page_fault.c \
	ipc/pager_watch.c \
	ipc/self_pager.c \
	ipc/spawn.c \
	ipc/spawn_call.c \
	ipc/spawn_view.c \
	ipc/supervisor.c \
	sys/interrupt.c \
	sys/region_range.c \
	sys/sys_basic.c \
	sys/sys_faults.c \
	sys/sys_frame.c \
	sys/sys_inspect.c \
	sys/sys_process.c \
	sys/sys_reflect.c \
	sys/sys_region.c \
	sys/sys_self.c \
	sys/sys_serve.c \
	sys/syscall.c \
	main.c)

# An image that watches itself adds a room.
include tests/check/build.mk
