/* SPDX-License-Identifier: MIT */
/*
 * Which call comes next, and with what. Most arguments are of the kind that the
 * call wants and name something that exists, so that the call gets far; some are
 * of the right kind and wrong; a few are any number at all.
 */
#include <string.h>

#include <base/elf64.h>

#include <libsecos/image.h>
#include <libsecos/region.h>
#include <libsecos/system.h>

#include "fuzz.h"

#define TICK     4000229u
#define WINDOW   0x200000000000u /* where regions are asked for */
#define KERNEL   0xFFFFFFFF80200000u
#define PHYSMAP  0xFFFF888000000000u
#define SCRATCH  8192u
#define IMAGE_AT image_bias()

struct fuzz_pool fuzz_pool;

static uint8_t scratch[SCRATCH] __attribute__((aligned(PAGE)));
static uint8_t thread_stacks[8][2048] __attribute__((aligned(16)));

enum kind {
    K_ANY,
    K_HANDLE,
    K_BINDING, /* what pages a region */
    K_BUFFER,
    K_BYTES,
    K_BASE,
    K_PAGES,
    K_PROT,
    K_PROT_KIND,
    K_FIRST,
    K_DEADLINE,
    K_BITS,
    K_RIGHTS,
    K_SMALL,
    K_ZERO,
    K_REQUEST,
    K_ENTRY,
    K_STACK,
    K_HANDLER,
    K_MESSAGE, /* endpoint, and perhaps a handle to give */
    K_REPLY,
    K_SLOT,
    K_PID_HIGH,
    K_RANK,
};

struct shape {
    uint16_t number;
    uint8_t weight;
    uint8_t kinds[6];
};

#define MESSAGE                                             \
    {                                                       \
        K_MESSAGE, K_ANY, K_SMALL, K_HANDLE, K_SMALL, K_ANY \
    }

static const struct shape shapes[] = {
    { SYS_null, 2, { K_ANY, K_ANY, K_ANY, K_ANY, K_ANY, K_ANY } },
    { SYS_yield, 4, { K_ANY } },
    { SYS_clock, 2, { K_ANY } },
    { SYS_sleep_until, 3, { K_DEADLINE } },
    { SYS_handle_close, 24, { K_HANDLE } },
    { SYS_handle_copy, 16, { K_HANDLE, K_RIGHTS } },
    { SYS_handle_info, 4, { K_HANDLE } },
    { SYS_thread_set_base, 3, { K_SMALL, K_BUFFER } },
    { SYS_reflect_set, 2, { K_HANDLER } },
    { SYS_ipc_call, 20, MESSAGE },
    { SYS_ipc_receive, 20, MESSAGE },
    { SYS_ipc_reply_receive, 14, MESSAGE },
    { SYS_ipc_reply, 16, MESSAGE },
    { SYS_notify_create, 6, { K_ANY } },
    { SYS_notify_signal, 8, { K_HANDLE, K_BITS } },
    { SYS_notify_wait, 6, { K_HANDLE, K_BITS, K_DEADLINE } },
    { SYS_region_create,
      24,
      { K_BINDING, K_BASE, K_PAGES, K_PROT_KIND, K_FIRST, K_ZERO } },
    { SYS_region_destroy, 16, { K_BASE, K_PAGES } },
    { SYS_region_protect, 12, { K_BASE, K_PAGES, K_PROT } },
    { SYS_region_query, 8, { K_BASE, K_BUFFER } },
    { SYS_region_populate, 12, { K_BASE, K_PAGES, K_PROT } },
    { SYS_memory_create, 4, { K_PAGES } },
    { SYS_memory_resize, 6, { K_HANDLE, K_PAGES } },
    { SYS_process_spawn, 3, { K_REQUEST } },
    { SYS_process_start, 2, { K_HANDLE } },
    { SYS_process_wait, 4, { K_HANDLE, K_DEADLINE } },
    { SYS_process_kill, 3, { K_HANDLE } },
    { SYS_process_watch, 4, { K_HANDLE, K_HANDLE, K_BITS } },
    { SYS_process_report, 4, { K_HANDLE, K_BUFFER } },
    { SYS_process_self, 1, { K_ANY } },
    { SYS_thread_create, 4, { K_ENTRY, K_STACK, K_ANY, K_SMALL } },
    { SYS_thread_join, 3, { K_HANDLE, K_DEADLINE } },
    { SYS_thread_kill, 1, { K_HANDLE, K_ANY } },
    { SYS_thread_priority, 3, { K_HANDLE, K_SMALL } },
    { SYS_endpoint_create, 5, { K_RANK } },
    { SYS_endpoint_mint, 6, { K_HANDLE, K_BITS, K_RIGHTS } },
    { SYS_binding_create, 5, { K_HANDLE, K_BITS, K_PROT, K_PAGES } },
    { SYS_console_write, 2, { K_HANDLE, K_BUFFER, K_BYTES } },
    { SYS_console_read, 2, { K_HANDLE, K_BUFFER, K_BYTES, K_DEADLINE } },
    { SYS_console_watch, 1, { K_HANDLE, K_HANDLE, K_BITS } },
    { SYS_sys_memory, 2, { K_BUFFER, K_BYTES } },
    { SYS_sys_processes, 3, { K_SMALL, K_BUFFER, K_BYTES } },
    { SYS_sys_regions, 3, { K_PID_HIGH, K_BUFFER, K_BYTES, K_BASE } },
    { SYS_sys_translate, 4, { K_SMALL, K_BASE, K_BUFFER } },
    { SYS_sys_machine, 1, { K_BUFFER, K_BYTES } },
    { SYS_sys_module, 1, { K_SMALL, K_BUFFER, K_BYTES } },
    { SYS_sys_pager, 2, { K_SMALL, K_BUFFER, K_BYTES } },
    { SYS_sys_table, 2, { K_SMALL, K_BUFFER, K_BYTES } },
    { SYS_sys_power, 1, { K_SMALL, K_SMALL } },
};
#define SHAPES (sizeof(shapes) / sizeof(shapes[0]))

/* ---- arguments --------------------------------------------------------- */

static const uint64_t edges[] = {
    0,
    1,
    2,
    7,
    63,
    64,
    0xFFF,
    PAGE,
    PAGE + 1,
    0xFFFF,
    0x10000,
    1u << 20,
    INT32_MAX,
    1ull << 31,
    UINT32_MAX,
    1ull << 32,
    1ull << 32 | 1,
    1ull << 46,
    0x7FFFFFFEF000,
    0x7FFFFFFFE000,
    0x7FFFFFFFF000,
    0x7FFFFFFFFFFF,
    0x800000000000,
    PHYSMAP,
    PHYSMAP + 0x100000,
    KERNEL,
    INT64_MAX,
    1ull << 63,
    1ull << 63 | 1,
    (uint64_t)-PAGE,
    UINT64_MAX - 1,
    UINT64_MAX,
};

static uint64_t
any_number(struct fuzz_random *random)
{
    uint64_t edge = edges[fuzz_below(random, sizeof(edges) / sizeof(*edges))];

    switch (fuzz_below(random, 4)) {
    case 0:
        return fuzz_next(random);
    case 1:
        return edge + fuzz_below(random, 17) - 8;
    default:
        return edge;
    }
}

static uint64_t
some_handle(struct fuzz_random *random)
{
    switch (fuzz_below(random, 256)) {
    case 0: /* what we were born with; slot 4 leads to the supervisor */
        return fuzz_below(random, 5);
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
    case 7:
    case 8: /* a slot, whatever its generation */
        return 5 + fuzz_below(random, 59);
    default:
        return fuzz_pool.handles[fuzz_below(random, FUZZ_HANDLES)];
    }
}

static uint64_t
some_region(struct fuzz_random *random)
{
    return fuzz_pool.regions[fuzz_below(random, FUZZ_REGIONS)];
}

static uint64_t
some_base(struct fuzz_random *random)
{
    if (fuzz_once_in(random, 400)) { /* ourselves: mostly the end */
        return fuzz_once_in(random, 2)
                   ? IMAGE_AT + fuzz_below(random, 16) * PAGE
                   : process_stack_top() - fuzz_below(random, 260) * PAGE;
    }
    switch (fuzz_below(random, 32)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
        return 0;
    case 6:
    case 7:
    case 8:
    case 9:
    case 10:
    case 11:
        return WINDOW + fuzz_below(random, 256) * PAGE;
    case 12: /* the middle of somewhere far: tables of its own */
        return WINDOW + (fuzz_below(random, 64) << 30);
    default:
        return some_region(random) + fuzz_below(random, 4) * PAGE;
    }
}

static uint64_t
some_buffer(struct fuzz_random *random)
{
    switch (fuzz_below(random, 8)) {
    case 0: /* across a page border, perhaps to where nothing is */
        return some_region(random) + PAGE - fuzz_below(random, 64);
    case 1:
    case 2:
    case 3:
        return some_region(random) + fuzz_below(random, 4) * PAGE;
    case 4:
        return IMAGE_AT + fuzz_below(random, 8) * PAGE;
    default:
        return syscall_address(scratch) + fuzz_below(random, 512) * 8;
    }
}

static uint64_t
some_pages(struct fuzz_random *random)
{
    switch (fuzz_below(random, 16)) {
    case 0:
        return fuzz_below(random, 600);
    case 1:
        return 1ull << fuzz_below(random, 40);
    default:
        return 1 + fuzz_below(random, 20);
    }
}

static uint64_t
some_deadline(struct fuzz_random *random)
{
    switch (fuzz_below(random, 64)) {
    case 0:
        return 0; /* for ever: the supervisor will notice */
    case 1:
        return any_number(random);
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
    case 7:
        return process_clock() + 1 + fuzz_below(random, 3) * TICK;
    default:
        return 1;
    }
}

static uint64_t
some_prot(struct fuzz_random *random)
{
    static const uint8_t prots[] = { 0, 1, 1, 3, 3, 3, 3, 5, 5, 2, 7, 4 };

    return prots[fuzz_below(random, sizeof(prots))];
}

static uint64_t
some_kind(struct fuzz_random *random)
{
    static const uint8_t kinds[] = {
        REGION_ANONYMOUS, REGION_ANONYMOUS, REGION_HEAP, REGION_FILE,
        REGION_STACK,     REGION_GUARD,     0,           9,
    };

    return kinds[fuzz_below(random, sizeof(kinds))];
}

/* ---- programs ---------------------------------------------------------- */

/* The smallest program, and then some of its bytes other ones. */
static void
make_image(struct fuzz_random *random, uint8_t *image)
{
    static const uint8_t code[] = {
        0x31, 0xFF,                   /* xor edi, edi     */
        0xB8, 0x01, 0x10, 0x00, 0x00, /* mov eax, SYS_exit */
        0x0F, 0x05,                   /* syscall          */
    };
    struct elf64_ehdr header = {
        .e_ident = { 0x7F, 'E', 'L', 'F', 2, 1, 1 },
        .e_type = 2,
        .e_machine = 62,
        .e_version = 1,
        .e_entry = 0x400100,
        .e_phoff = 64,
        .e_ehsize = 64,
        .e_phentsize = 56,
        .e_phnum = 2,
    };
    struct elf64_phdr headers[2] = {
        { .p_type = PT_LOAD,
          .p_flags = PF_R | PF_X,
          .p_vaddr = 0x400000,
          .p_filesz = 512,
          .p_memsz = 512,
          .p_align = PAGE },
        { .p_type = PT_LOAD,
          .p_flags = PF_R | PF_W,
          .p_vaddr = 0x402000,
          .p_memsz = 3 * PAGE,
          .p_align = PAGE },
    };

    memset(image, 0, 512);
    memcpy(image, &header, sizeof(header));
    memcpy(image + 64, headers, sizeof(headers));
    memcpy(image + 0x100, code, sizeof(code));
    for (uint64_t n = fuzz_below(random, 4); n > 0; n--) {
        image[fuzz_below(random, 0x100)] = (uint8_t)fuzz_next(random);
    }
}

static uint64_t
some_request(struct fuzz_random *random)
{
    static const char args[] = "fuzz\0--nothing";
    struct spawn_request *request = (void *)scratch;
    uint8_t *image = scratch + PAGE;

    memset(request, 0, sizeof(*request));
    strcpy(request->name, "fuzz");
    if (fuzz_once_in(random, 2)) {
        make_image(random, image);
        request->elf = syscall_address(image);
        request->elf_bytes = 512;
    } else {
        request->args = syscall_address(args);
        request->args_bytes = sizeof(args);
    }
    request->flags = (uint32_t)fuzz_below(random, 2); /* SPAWN_SUSPENDED */
    request->max_mem = fuzz_below(random, 64) * PAGE;
    if (fuzz_once_in(random, 4)) {
        request->give = (handle_t)some_handle(random);
    }
    if (fuzz_once_in(random, 8)) {
        request->pager = (handle_t)some_handle(random);
    }
    if (fuzz_once_in(random, 4)) { /* any word of it another */
        ((uint64_t *)request)[fuzz_below(random, sizeof(*request) / 8)] =
            any_number(random);
    }
    return syscall_address(request);
}

static void
short_thread(void *argument)
{
    (void)argument;
    thread_exit(0);
}

static uint64_t
argument(struct fuzz_random *random, enum kind kind)
{
    if (fuzz_once_in(random, 24)) {
        return any_number(random);
    }
    switch (kind) {
    case K_HANDLE:
        return some_handle(random);
    case K_BINDING:
        return fuzz_once_in(random, 2)   ? fuzz_pool.binding
               : fuzz_once_in(random, 2) ? HANDLE_NONE
                                         : some_handle(random);
    case K_BUFFER:
        return some_buffer(random);
    case K_BYTES:
        return fuzz_below(random, SCRATCH / 4);
    case K_BASE:
        return some_base(random);
    case K_PAGES:
        return some_pages(random);
    case K_PROT:
        return some_prot(random);
    case K_PROT_KIND:
        return REGION_ARG(some_prot(random), some_kind(random));
    case K_FIRST:
        return fuzz_once_in(random, 2) ? 0 : fuzz_below(random, 64);
    case K_DEADLINE:
        return some_deadline(random);
    case K_BITS:
        return 1ull << fuzz_below(random, 64);
    case K_RIGHTS:
        return fuzz_once_in(random, 2) ? RIGHT_ALL : fuzz_below(random, 256);
    case K_SMALL:
        return fuzz_below(random, 16);
    case K_ZERO:
        return 0;
    case K_REQUEST:
        return some_request(random);
    case K_ENTRY:
        return (uint64_t)(uintptr_t)short_thread;
    case K_STACK:
        return syscall_address(thread_stacks[fuzz_below(random, 8)]) + 2040;
    case K_HANDLER:
        return fuzz_once_in(random, 2) ? 0 : (uint64_t)(uintptr_t)fuzz_handler;
    case K_MESSAGE:
        return some_handle(random)
               | (fuzz_once_in(random, 4) ? some_handle(random) << 32 : 0);
    case K_REPLY:
        return fuzz_pool.replies[fuzz_below(random, FUZZ_REPLIES)];
    case K_SLOT:
        return fuzz_once_in(random, 2) ? 0
                                       : IPC_SLOT_OPEN | fuzz_below(random, 64);
    case K_PID_HIGH:
        return fuzz_below(random, 12) << 32;
    case K_RANK:
        return fuzz_once_in(random, 2) ? 0
                                       : CONTROL_RANK + fuzz_below(random, 900);
    case K_ANY:
        break;
    }
    return fuzz_once_in(random, 2) ? any_number(random) : fuzz_below(random, 8);
}

/* ---- calls ------------------------------------------------------------- */

static const struct shape *
choose(struct fuzz_random *random)
{
    static unsigned total;
    uint64_t at;

    if (total == 0) {
        unsigned sum = 0;

        for (unsigned i = 0; i < SHAPES; i++) {
            sum += shapes[i].weight;
        }
        total = sum;
    }
    at = fuzz_below(random, total);
    for (unsigned i = 0;; i++) {
        if (at < shapes[i].weight) {
            return &shapes[i];
        }
        at -= shapes[i].weight;
    }
}

/* Take the sting out of what would not test the kernel but this program: the end
 * of processes by number, and pages of noise on the console. */
static void
spare(uint64_t in[R_COUNT])
{
    uint64_t number = in[R_AX];

    if (number >= SYS_process_start && number <= SYS_process_report
        && in[R_DI] >> 63 != 0) {
        in[R_DI] |= 1ull << 40;
    }
    if (number == SYS_console_write && in[R_DX] > 1) {
        in[R_SI] |= 1ull << 62;
    }
    if (number == SYS_exit || number == SYS_thread_exit) {
        in[R_AX] = SYS_null;
    }
}

void
shape_call(struct fuzz_random *random, uint64_t in[R_COUNT])
{
    static const uint8_t order[6] = { R_DI, R_SI, R_DX, R_10, R_8, R_9 };
    const struct shape *shape = choose(random);

    in[R_AX] = shape->number;
    for (unsigned i = 0; i < 6; i++) {
        in[order[i]] = argument(random, shape->kinds[i]);
    }
    in[R_BX] = fuzz_below(random, 8);
    in[R_12] = argument(random, K_REPLY);
    in[R_13] = argument(random, K_SLOT);
    in[R_14] = argument(random, K_DEADLINE);
    if (fuzz_once_in(random, 32)) {
        in[R_AX] = fuzz_once_in(random, 2)
                       ? any_number(random)
                       : SYS_FIRST + fuzz_below(random, SYS_TABLE_ROWS + 8);
    }
    if (fuzz_once_in(random, 20000)) {
        in[R_AX] = SYS_sys_audit;
    }
    spare(in);
}

void
shape_learn(struct fuzz_random *random, const uint64_t in[R_COUNT],
            const uint64_t out[R_COUNT])
{
    int64_t result = (int64_t)out[R_AX];

    if (result < 0) {
        return;
    }
    switch (in[R_AX]) {
    case SYS_handle_copy:
    case SYS_notify_create:
    case SYS_memory_create:
    case SYS_process_spawn:
    case SYS_thread_create:
    case SYS_endpoint_create:
    case SYS_endpoint_mint:
    case SYS_binding_create:
        fuzz_pool.handles[fuzz_pool.next_handle++ % FUZZ_HANDLES] =
            (handle_t)result;
        break;
    case SYS_region_create:
        fuzz_pool.regions[fuzz_pool.next_region++ % FUZZ_REGIONS] =
            (uint64_t)result;
        break;
    case SYS_ipc_receive:
    case SYS_ipc_reply_receive:
        fuzz_pool.replies[fuzz_pool.next_reply++ % FUZZ_REPLIES] = out[R_DI];
        break;
    default:
        break;
    }
    if ((out[R_13] & IPC_SLOT_OPEN) != 0 && in[R_13] != out[R_13]) {
        fuzz_pool.handles[fuzz_below(random, FUZZ_HANDLES)] =
            (handle_t)out[R_13];
    }
}
