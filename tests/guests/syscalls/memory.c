/* SPDX-License-Identifier: MIT */
/* Memory objects and regions. */
#include "group.h"

static void
memory_create_refused(void)
{
    uint64_t arg = REGION_ARG(RW, REGION_ANONYMOUS);
    uint64_t own = syscall_address(&arg) & ~(uint64_t)(PAGE - 1);
    uint64_t text = syscall_address((void *)(uintptr_t)create)
                    & ~(uint64_t)(PAGE - 1);
    int64_t large;

    /* H36: where it may not be. */
    IS(create(0, 0, 0, arg, 0, 0), ST_EINVAL);
    IS(create(0, ANY_BASE + 1, 1, arg, 0, 0), ST_EINVAL);
    IS(create(0, PAGE, 1, arg, 0, 0), ST_EINVAL);
    IS(create(0, USER_BASE - PAGE, 1, arg, 0, 0), ST_EINVAL);
    IS(create(0, USER_BASE - PAGE, 2, arg, 0, 0), ST_EINVAL);
    IS(create(0, USER_END, 1, arg, 0, 0), ST_EINVAL);
    IS(create(0, USER_END - PAGE, 2, arg, 0, 0), ST_EINVAL);
    IS(create(0, 1ull << 47, 1, arg, 0, 0), ST_EINVAL);
    IS(create(0, 0xFFFF800000000000u, 1, arg, 0, 0), ST_EINVAL);
    IS(create(0, 0xFFFFFFFFFFFFF000u, 1, arg, 0, 0), ST_EINVAL);
    IS(create(0, 0xFFFFFFFFFFFFF000u, 2, arg, 0, 0), ST_EINVAL);
    IS(create(0, own, 1, arg, 0, 0), ST_EEXIST);
    IS(create(0, text, 1, arg, 0, 0), ST_EEXIST);
    IS(create(0, USER_BASE, (USER_END - USER_BASE) / PAGE, arg, 0, 0),
       ST_EEXIST);
    /* H25, H26, H42: lengths. */
    IS(create(0, ANY_BASE, 1ull << 46, arg, 0, 0), ST_EINVAL);
    IS(create(0, ANY_BASE, 1ull << 52, arg, 0, 0), ST_EINVAL);
    IS(create(0, ANY_BASE, 1ull << 63, arg, 0, 0), ST_EINVAL);
    IS(create(0, ANY_BASE, UINT64_MAX, arg, 0, 0), ST_EINVAL);
    IS(create(0, 0, UINT64_MAX, arg, 0, 0), ST_EINVAL);
    IS(create(0, 0, 1ull << 46, arg, 0, 0), ST_ENOMEM);
    /* A region costs its record, whatever its size. */
    large = create(0, 0, 1ull << 34, arg, 0, 0);
    SAYS(large > 0);
    IS(region_destroy((uint64_t)large, 1ull << 34), ST_OK);
    /* Kinds and arguments that are none. */
    IS(create(0, ANY_BASE, 1, REGION_ARG(RW, 0), 0, 0), ST_EINVAL);
    IS(create(0, ANY_BASE, 1, REGION_ARG(RW, REGION_IMAGE), 0, 0), ST_EINVAL);
    IS(create(0, ANY_BASE, 1, REGION_ARG(RW, REGION_DEVICE), 0, 0), ST_EINVAL);
    IS(create(0, ANY_BASE, 1, REGION_ARG(RW, 8), 0, 0), ST_EINVAL);
    IS(create(0, ANY_BASE, 1, REGION_ARG(RW, 255), 0, 0), ST_EINVAL);
    IS(create(0, ANY_BASE, 1, arg | 1ull << 16, 0, 0), ST_EINVAL);
    IS(create(0, ANY_BASE, 1, arg | 1ull << 63, 0, 0), ST_EINVAL);
    IS(create(0, ANY_BASE, 1, arg, 0, 1), ST_EINVAL);
    IS(create(0, ANY_BASE, 1, arg, UINT64_MAX, 0), ST_EINVAL);
    IS(create(0, ANY_BASE, 1, REGION_ARG(PROT_READ, REGION_GUARD), 0, 0),
       ST_EINVAL);
    /* Who pages it. */
    IS(create(9, ANY_BASE, 1, arg, 0, 0), ST_EBADF);
    IS(create(HANDLE_SLOT_SELF, ANY_BASE, 1, arg, 0, 0), ST_EBADF);
    IS(create(UINT64_MAX, ANY_BASE, 1, arg, 0, 0), ST_EBADF);
}

/* H37: never writable and executable, neither at once nor one after the other. */
static void
memory_wx(void)
{
    uint64_t base = anonymous(4);
    int64_t code;

    IS(create(0, 0, 1, REGION_ARG(PROT_NONE, REGION_ANONYMOUS), 0, 0),
       ST_EINVAL);
    IS(create(0, 0, 1, REGION_ARG(PROT_WRITE, REGION_ANONYMOUS), 0, 0),
       ST_EINVAL);
    IS(create(0, 0, 1, REGION_ARG(PROT_EXEC, REGION_ANONYMOUS), 0, 0),
       ST_EINVAL);
    IS(create(0, 0, 1, REGION_ARG(RW | PROT_EXEC, REGION_ANONYMOUS), 0, 0),
       ST_EINVAL);
    IS(create(0, 0, 1, REGION_ARG(RW | 8, REGION_ANONYMOUS), 0, 0), ST_EINVAL);
    *at(base) = 1;
    IS(region_protect(base, 4, RW | PROT_EXEC), ST_EINVAL);
    IS(region_protect(base, 4, PROT_READ | PROT_EXEC), ST_EPERM);
    IS(region_protect(base, 4, 8), ST_EINVAL);
    IS(region_protect(base, 4, 1u << 31), ST_EINVAL);
    IS(syscall3(SYS_region_protect, base, 4, 1ull << 32 | PROT_READ),
       ST_EINVAL);
    IS(region_protect(base, 2, PROT_READ), ST_OK);
    IS(region_protect(base, 2, RW), ST_EPERM);
    IS(region_protect(base, 4, RW), ST_EPERM);
    IS(region_protect(base, 2, PROT_READ | PROT_EXEC), ST_EPERM);
    IS(region_protect(base, 4, PROT_READ), ST_OK);
    IS(region_protect(base, 4, PROT_NONE), ST_OK);
    IS(region_protect(base, 4, PROT_READ), ST_EPERM);
    IS(region_destroy(base, 4), ST_OK);
    code = create(0, 0, 1, REGION_ARG(PROT_READ | PROT_EXEC, REGION_ANONYMOUS),
                  0, 0);
    SAYS(code > 0);
    IS(region_protect((uint64_t)code, 1, RW), ST_EPERM);
    IS(region_protect((uint64_t)code, 1, PROT_READ), ST_OK);
    IS(region_protect((uint64_t)code, 1, PROT_READ | PROT_EXEC), ST_EPERM);
    IS(region_destroy((uint64_t)code, 1), ST_OK);
}

/* H38: pages go once. */
static void
memory_destroy(void)
{
    uint64_t base = anonymous(16);
    struct region_info info;

    for (unsigned i = 0; i < 16; i++) {
        *at(base + i * PAGE) = (uint8_t)(i + 1);
    }
    IS(region_destroy(base + 1, 1), ST_EINVAL);
    IS(region_destroy(base, 0), ST_EINVAL);
    IS(region_destroy(base, UINT64_MAX), ST_EINVAL);
    IS(region_destroy(base, 1ull << 52), ST_EINVAL);
    IS(region_destroy(0, 1), ST_EINVAL);
    IS(region_destroy(KERNEL, 1), ST_EINVAL);
    IS(region_destroy(USER_END, 1), ST_EINVAL);
    IS(region_destroy(base + 4 * PAGE, 4), ST_OK);
    IS(region_destroy(base + 4 * PAGE, 4), ST_ENOENT);
    IS(region_destroy(base + 5 * PAGE, 1), ST_ENOENT);
    IS(region_query(base, &info), ST_OK);
    SAYS(info.base == base && info.pages == 4 && info.resident == 4);
    IS(region_query(base + 4 * PAGE, &info), ST_OK);
    SAYS(info.base == base + 8 * PAGE && info.pages == 8);
    SAYS(*at(base + 3 * PAGE) == 4 && *at(base + 8 * PAGE) == 9);
    IS(region_protect(base, 16, PROT_READ), ST_ENOENT);
    SAYS(create(0, base + 4 * PAGE, 4, REGION_ARG(RW, REGION_ANONYMOUS), 0, 0)
         == (int64_t)(base + 4 * PAGE));
    SAYS(*at(base + 4 * PAGE) == 0);
    IS(region_query(base, &info), ST_OK);
    SAYS(info.base == base && info.pages == 16); /* they are one again */
    IS(region_destroy(base, 16), ST_OK);
    IS(region_destroy(base, 16), ST_ENOENT);
    IS(region_query(USER_STACK_TOP, &info), ST_ENOENT);
    IS(region_query(USER_END, &info), ST_EINVAL);
    IS(region_query(UINT64_MAX, &info), ST_EINVAL);
}

static void
memory_populate(void)
{
    uint64_t base = anonymous(8);

    IS(region_populate(base, 0, PROT_READ), ST_EINVAL);
    IS(region_populate(base, 8, 0), ST_EINVAL);
    IS(region_populate(base, 8, PROT_EXEC), ST_EINVAL);
    IS(region_populate(base + 8, 1, PROT_READ), ST_EINVAL);
    IS(region_populate(KERNEL, 1, PROT_READ), ST_EINVAL);
    IS(region_populate(base, UINT64_MAX, PROT_READ), ST_EINVAL);
    IS(region_populate(base, 8, PROT_WRITE), 8);
    IS(region_populate(base, 8, PROT_READ), 8);
    (void)region_destroy(base + 5 * PAGE, 1);
    IS(region_populate(base, 8, PROT_READ), 5);
    IS(region_populate(base + 5 * PAGE, 3, PROT_READ), ST_EPAGER);
    (void)region_protect(base, 2, PROT_READ);
    IS(region_populate(base, 2, PROT_WRITE), ST_EPAGER);
    IS(region_populate(base, 2, PROT_READ), 2);
    (void)region_destroy(base, 8);
    SAYS(create(0, base, 4, REGION_ARG(PROT_NONE, REGION_GUARD), 0, 0)
         == (int64_t)base);
    IS(region_populate(base, 4, PROT_READ), ST_EPAGER);
    IS(region_protect(base, 4, PROT_READ), ST_EPERM);
    (void)region_destroy(base, 4);
}

/* H40: a page of a memory object shown twice; one view goes, then the other. */
static void
memory_objects(void)
{
    int64_t memory = syscall1(SYS_memory_create, 4);
    uint64_t arg = REGION_ARG(RW, REGION_ANONYMOUS);
    handle_t reader;
    uint64_t one;
    uint64_t two;

    IS(syscall1(SYS_memory_create, 0), ST_EINVAL);
    IS(syscall1(SYS_memory_create, 1ull << 40), ST_EINVAL);
    IS(syscall1(SYS_memory_create, UINT64_MAX), ST_EINVAL);
    SAYS(memory > 0);
    one = (uint64_t)create((uint64_t)memory, 0, 4, arg, 0, 0);
    two = (uint64_t)create((uint64_t)memory, 0, 4, arg, 0, 0);
    SAYS((int64_t)one > 0 && (int64_t)two > 0 && one != two);
    *at(one) = 7;
    SAYS(*at(two) == 7);
    *at(two + PAGE) = 9;
    SAYS(*at(one + PAGE) == 9);
    IS(region_destroy(one, 4), ST_OK);
    SAYS(*at(two) == 7 && *at(two + PAGE) == 9);
    IS(region_destroy(two, 4), ST_OK);
    two = (uint64_t)create((uint64_t)memory, 0, 2, arg, 0, 0);
    SAYS(*at(two) == 7); /* the object kept it */
    IS(create((uint64_t)memory, 0, 5, arg, 0, 0), ST_EINVAL);
    IS(create((uint64_t)memory, 0, 2, arg, 3, 0), ST_EINVAL);
    IS(create((uint64_t)memory, 0, 1, arg, UINT64_MAX, 0), ST_EINVAL);
    reader = (handle_t)handle_copy((handle_t)memory, RIGHT_READ);
    IS(create(reader, 0, 1, arg, 0, 0), ST_EPERM);
    IS(syscall2(SYS_memory_resize, reader, 1), ST_EPERM);
    IS(syscall2(SYS_memory_resize, (uint64_t)memory, 5), ST_EINVAL);
    IS(syscall2(SYS_memory_resize, (uint64_t)memory, UINT64_MAX), ST_EINVAL);
    IS(syscall2(SYS_memory_resize, HANDLE_SLOT_SELF, 1), ST_EBADF);
    IS(syscall2(SYS_memory_resize, (uint64_t)memory, 1), ST_OK);
    IS(region_populate(two + PAGE, 1, PROT_READ), ST_EPAGER);
    IS(region_populate(two, 1, PROT_READ), 1);
    IS(syscall2(SYS_memory_resize, (uint64_t)memory, 4), ST_OK);
    IS(region_populate(two + PAGE, 1, PROT_READ), 1);
    SAYS(*at(two + PAGE) == 0);
    (void)region_destroy(two, 2);
    (void)handle_close(reader);
    (void)handle_close((handle_t)memory);
}

/* The frame of a writable page is never executable elsewhere: rule (b). The
 * view that would break it never gets its page. */
static void
memory_objects_wx(void)
{
    int64_t memory = syscall1(SYS_memory_create, 2);
    uint64_t write = (uint64_t)create((uint64_t)memory, 0, 2,
                                      REGION_ARG(RW, REGION_ANONYMOUS), 0, 0);
    int64_t code = create((uint64_t)memory, 0, 2,
                          REGION_ARG(PROT_READ | PROT_EXEC, REGION_ANONYMOUS),
                          0, 0);
    struct translate_info info;

    *at(write) = 0xC3;
    if (code > 0) {
        IS(region_populate((uint64_t)code, 1, PROT_READ), ST_EPAGER);
        IS(sys_translate(0, (uint64_t)code, &info), ST_OK);
        claim_equal("rule (b): no executable view", (int64_t)info.frame_address,
                    0);
        /* And the other way round. */
        (void)region_populate((uint64_t)code + PAGE, 1, PROT_READ);
        IS(region_populate(write + PAGE, 1, PROT_WRITE), ST_EPAGER);
        (void)region_destroy((uint64_t)code, 2);
    }
    (void)region_destroy(write, 2);
    (void)handle_close((handle_t)memory);
}

int
group_memory(void)
{
    memory_create_refused();
    memory_wx();
    memory_destroy();
    memory_populate();
    memory_objects();
    memory_objects_wx();
    return claim_end();
}
