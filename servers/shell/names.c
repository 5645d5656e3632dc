/* SPDX-License-Identifier: MIT */
/* The kernel knows the living, this file the last few that the shell started. */
#include "names.h"

#include <libsecos/string.h>
#include <libsecos/system.h>

#define NAMES_KEPT 32u

static struct {
    uint32_t id; /* 0 = free */
    char name[NAME_BYTES];
} names_kept[NAMES_KEPT];
static uint32_t names_next;

void
names_remember(uint32_t id, const char *name)
{
    names_kept[names_next].id = id;
    strlcpy(names_kept[names_next].name, name, NAME_BYTES);
    names_next = (names_next + 1) % NAMES_KEPT;
}

const char *
names_of(uint32_t id, char text[NAME_BYTES + 1])
{
    struct process_info row = { .id = 0 };

    text[0] = '\0';
    if (id == 0) {
        return text;
    }
    if (sys_processes(id % SYSTEM_PROCESS_SLOTS, &row, sizeof(row)) == 1
        && row.id == id) {
        memcpy(text, row.name, NAME_BYTES);
        text[NAME_BYTES] = '\0';
        return text;
    }
    for (uint32_t i = 0; i < NAMES_KEPT; i++) {
        if (names_kept[i].id == id) {
            strlcpy(text, names_kept[i].name, NAME_BYTES + 1);
        }
    }
    return text;
}

void
names_each(void (*see)(uint32_t id, const char *name))
{
    for (uint32_t i = 0; i < NAMES_KEPT; i++) {
        if (names_kept[i].id != 0) {
            see(names_kept[i].id, names_kept[i].name);
        }
    }
}
