/* SPDX-License-Identifier: MIT */
/* Address spaces: regions, translate. */
#include <base/align.h>

#include <libsecos/stdio.h>
#include <libsecos/system.h>

#include "commands.h"
#include "format.h"
#include "space_list.h"

/* Read the process id in word @index, if there is one; 0 = the shell itself. */
static bool
space_process_id(const struct invocation *invocation, int index, uint64_t *id)
{
    *id = 0;
    if (invocation->count <= index) {
        return true;
    }
    return command_number(invocation->words[index], id) && *id != 0
           && *id <= UINT32_MAX;
}

int
command_regions(const struct invocation *invocation)
{
    uint64_t id;
    int64_t status;

    if (invocation->count > 2 || !space_process_id(invocation, 1, &id)) {
        return command_usage(invocation);
    }
    status = space_list_print(id);
    return status < 0 ? command_failed("regions", status) : COMMAND_OK;
}

int
command_translate(const struct invocation *invocation)
{
    struct translate_info info = { .frame_address = 0 };
    char prot[4];
    uint64_t address;
    uint64_t id;
    int64_t status;

    if (invocation->count < 2 || invocation->count > 3
        || !command_number(invocation->words[1], &address)
        || !space_process_id(invocation, 2, &id)) {
        return command_usage(invocation);
    }
    status = sys_translate(id, address, &info);
    if (status < 0) {
        return command_failed("translate", status);
    }
    if (info.frame_address == 0) {
        printf("0x%lx: nothing is mapped\n", address);
        return COMMAND_FAILED;
    }
    printf("0x%lx -> frame 0x%lx, %s, %s, page of %lu KB\n", address,
           align_down(info.frame_address, PAGE_BYTES),
           format_prot(info.prot, prot), format_frame_kind(info.frame_kind),
           info.page_bytes / 1024);
    return COMMAND_OK;
}
