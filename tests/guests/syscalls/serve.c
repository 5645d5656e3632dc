/* SPDX-License-Identifier: MIT */
/* Endpoints, bindings, and the console. */
#include "group.h"

/* Each of the five is refused where it is too small, too large, or above its
 * hard one; in full width. */
static void
group_limits(handle_t endpoint, handle_t client)
{
    static const uint64_t good[PAGER_LIMITS] = { 100, 1000, 100, 1000, 5000 };
    static const uint64_t bad[] = { 0, PAGER_LIMIT_MS_LEAST - 1,
                                    PAGER_LIMIT_MS_MOST + 1, 1ull << 32 | 500,
                                    UINT64_MAX };

    IS(endpoint_limits(endpoint, good), ST_OK);
    IS(endpoint_limits(client, good), ST_EPERM);
    IS(endpoint_limits(HANDLE_SLOT_CONSOLE, good), ST_EBADF);
    for (unsigned i = 0; i < PAGER_LIMITS; i++) {
        for (unsigned j = 0; j < sizeof(bad) / sizeof(bad[0]); j++) {
            uint64_t ms[PAGER_LIMITS];

            memcpy(ms, good, sizeof(ms));
            ms[i] = bad[j];
            IS(endpoint_limits(endpoint, ms), ST_EINVAL);
        }
    }
    IS(endpoint_limits(endpoint, (const uint64_t[]){ 9, 8, 5, 5, 5 }),
       ST_EINVAL);
    IS(endpoint_limits(endpoint, (const uint64_t[]){ 5, 5, 9, 8, 5 }),
       ST_EINVAL);
    IS(endpoint_limits(endpoint,
                       (const uint64_t[]){ 5, 5, 5, PAGER_LIMIT_MS_MOST,
                                           PAGER_LIMIT_MS_MOST }),
       ST_OK);
}

int
group_serve(void)
{
    int64_t endpoint = endpoint_create(0);
    int64_t client;
    int64_t binding;

    SAYS(endpoint > 0);
    IS(handle_info((handle_t)endpoint) & 0xFF, OBJECT_ENDPOINT);
    IS(endpoint_create(RANK_CLIENT), ST_EINVAL);
    IS(endpoint_create(UINT64_MAX), ST_EINVAL);
    IS(endpoint_create(1), ST_EPERM);
    IS(endpoint_create(RANK_PAGER), ST_EPERM);
    IS(endpoint_mint((handle_t)endpoint, BADGE_KERNEL, RIGHT_CALL), ST_EINVAL);
    IS(endpoint_mint((handle_t)endpoint, UINT64_MAX, RIGHT_CALL), ST_EINVAL);
    IS(endpoint_mint((handle_t)endpoint, 1, RIGHT_RECEIVE), ST_EINVAL);
    IS(endpoint_mint((handle_t)endpoint, 1, RIGHT_SERVE), ST_EINVAL);
    IS(endpoint_mint((handle_t)endpoint, 1, RIGHT_MANAGE), ST_EINVAL);
    IS(syscall3(SYS_endpoint_mint, (uint64_t)endpoint, 1, 1ull << 32),
       ST_EINVAL);
    client = endpoint_mint((handle_t)endpoint, 7, RIGHT_CALL);
    SAYS(client > 0);
    IS(rights_of(client), RIGHT_CALL);
    IS(endpoint_mint((handle_t)client, 8, RIGHT_CALL), ST_EPERM);
    IS(endpoint_mint(HANDLE_SLOT_SELF, 8, RIGHT_CALL), ST_EBADF);
    IS(binding_create((handle_t)client, 1, RW, 0), ST_EPERM);
    IS(binding_create(HANDLE_SLOT_CONSOLE, 1, RW, 0), ST_EBADF);
    IS(binding_create((handle_t)endpoint, BADGE_KERNEL, RW, 0), ST_EINVAL);
    IS(binding_create((handle_t)endpoint, 1, 8, 0), ST_EINVAL);
    IS(syscall4(SYS_binding_create, (uint64_t)endpoint, 1, 1ull << 32, 0),
       ST_EINVAL);
    group_limits((handle_t)endpoint, (handle_t)client);
    binding = binding_create((handle_t)endpoint, 3, PROT_READ, 10);
    SAYS(binding > 0);
    IS(create((uint64_t)binding, 0, 1, REGION_ARG(RW, REGION_ANONYMOUS), 0, 0),
       ST_EPERM);
    IS(create((uint64_t)binding, 0, 11, REGION_ARG(PROT_READ, REGION_ANONYMOUS),
              0, 0),
       ST_EINVAL);
    IS(create((uint64_t)binding, 0, 2, REGION_ARG(PROT_READ, REGION_ANONYMOUS),
              9, 0),
       ST_EINVAL);
    IS(create((uint64_t)handle_copy((handle_t)binding, RIGHT_GRANT), 0, 1,
              REGION_ARG(PROT_READ, REGION_ANONYMOUS), 0, 0),
       ST_EPERM);
    SAYS(create((uint64_t)binding, 0, 10,
                REGION_ARG(PROT_READ, REGION_ANONYMOUS), 0, 0)
         > 0);
    return claim_end();
}

/* ---- console --------------------------------------------------------------------------- */

/* In the background: the console can be written, not read. */
int
group_console(void)
{
    handle_t silent = (handle_t)handle_copy(HANDLE_SLOT_CONSOLE, 0);

    IS(console_write(HANDLE_SLOT_CONSOLE, "", 0), 0);
    IS(console_write(HANDLE_SLOT_CONSOLE, "ok\r\n", 4), 4);
    IS(console_write(silent, "x", 1), ST_EPERM);
    IS(console_write(HANDLE_SLOT_SELF, "x", 1), ST_EBADF);
    IS(console_write(99, "x", 1), ST_EBADF);
    IS(console_write(HANDLE_SLOT_CONSOLE, "x", 1ull << 63), ST_EINVAL);
    IS(console_write(HANDLE_SLOT_CONSOLE, "x", UINT64_MAX), ST_EINVAL);
    IS(console_read(HANDLE_SLOT_CONSOLE, page_buffer, 1, 1), ST_EPERM);
    IS(console_watch(HANDLE_SLOT_CONSOLE, 0, 0), ST_EPERM);
    IS(console_watch(HANDLE_SLOT_SELF, 0, 0), ST_EBADF);
    (void)handle_close(silent);
    return claim_end();
}

/* In the foreground it can be read. */
int
group_console_read(void)
{
    uint64_t now = process_clock();

    IS(console_read(HANDLE_SLOT_CONSOLE, page_buffer, 0, 1), ST_EINVAL);
    IS(console_read(HANDLE_SLOT_CONSOLE, page_buffer, 1ull << 63, 1),
       ST_EINVAL);
    IS(console_read(HANDLE_SLOT_CONSOLE, page_buffer, 16, 1), ST_ETIMEDOUT);
    IS(console_read(HANDLE_SLOT_CONSOLE, page_buffer, 16, now + 8 * MS),
       ST_ETIMEDOUT);
    SAYS(process_clock() >= now + 8 * MS);
    IS(console_watch(HANDLE_SLOT_CONSOLE, 0, 0), ST_EPERM);
    return claim_end();
}
