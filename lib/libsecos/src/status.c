/* SPDX-License-Identifier: MIT */
/* Names and meanings of the status codes, from the list in secos/status.h. */
#include <stddef.h>

#include <libsecos/syscall.h>

struct status_row {
    int64_t status;
    const char *name;
    const char *text;
};

static const struct status_row status_rows[] = { { ST_OK, "OK", "success" },
#define STATUS_ROW(name, value, text) { ST_##name, #name, text },
                                                 STATUS_LIST(STATUS_ROW)
#undef STATUS_ROW
};

static const struct status_row *
status_lookup(int64_t status)
{
    for (uint64_t i = 0; i < ARRAY_COUNT(status_rows); i++) {
        if (status_rows[i].status == status) {
            return &status_rows[i];
        }
    }
    return NULL;
}

const char *
syscall_status_text(int64_t status)
{
    const struct status_row *row = status_lookup(status);

    return row != NULL ? row->text : "unknown error";
}

const char *
syscall_status_name(int64_t status)
{
    const struct status_row *row = status_lookup(status);

    return row != NULL ? row->name : "?";
}
