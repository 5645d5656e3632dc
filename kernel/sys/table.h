/* SPDX-License-Identifier: MIT */
/* The rows of the system call table, as reports show them. */
#pragma once

#include <stdint.h>

struct table_row {
    const char *name;
    uint32_t number;
    uint8_t arguments;
    char restart_class;
    uint8_t group; /* enum sys_group */
};

/* Row @index, or NULL behind the last. */
const struct table_row *table_at(uint64_t index);
