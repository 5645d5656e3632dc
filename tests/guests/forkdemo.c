/* SPDX-License-Identifier: MIT */
/*
 * Shows copy-on-write: a child sees its parent's pages, and who writes first gets a
 * copy.
 *
 * The parent writes a few pages and spawns a child with a view of them. Then one
 * side writes, then the other. After each step it prints what each page is to each
 * side, and how many frames hold all of that:
 *
 *      P   a frame of its own
 *      s   a frame that belongs to the parent's views, read-only
 *
 * The child does what the parent tells it in the replies to its calls.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <libsecos/ipc.h>
#include <libsecos/manifest.h>
#include <libsecos/process.h>
#include <libsecos/region.h>
#include <libsecos/system.h>

SECOS_MANIFEST(1u << SYS_GROUP_IPC | 1u << SYS_GROUP_PROCESS
                   | 1u << SYS_GROUP_SERVE | 1u << SYS_GROUP_INSPECT,
               0, 0);

#define DEMO_PAGES 8u
#define DEMO_BASE  0x0000180000000000ull

enum demo_order {
    DEMO_READ,  /* first page, pages: reply with the sum of their first bytes */
    DEMO_WRITE, /* first page, pages, byte                                    */
    DEMO_END,
};

struct demo {
    handle_t endpoint; /* where the child calls    */
    handle_t child;    /* 0 = there is none        */
    uint32_t child_id; /* what sys_translate wants */
    uint64_t reply_id; /* of its call, which waits */
};

static volatile uint8_t *
demo_page(uint64_t page)
{
    return (volatile uint8_t *)(uintptr_t)(DEMO_BASE + page * PAGE_BYTES);
}

static uint64_t
demo_do(enum demo_order order, uint64_t first, uint64_t pages, uint64_t byte)
{
    uint64_t sum = 0;

    for (uint64_t page = first; page < first + pages; page++) {
        if (order == DEMO_WRITE) {
            *demo_page(page) = (uint8_t)byte;
        }
        sum += *demo_page(page);
    }
    return sum;
}

/* ---- the child --------------------------------------------------------------- */

static int
demo_child(void)
{
    struct ipc_message m = { .words = { (uint64_t)process_self() } };

    for (;;) {
        if (ipc_call(HANDLE_SLOT_GIVEN, HANDLE_NONE, &m, 0) != ST_OK
            || m.label == DEMO_END) {
            return 0;
        }
        m.words[0] = demo_do((enum demo_order)m.label, m.words[0], m.words[1],
                             m.words[2]);
    }
}

/* ---- the parent --------------------------------------------------------------- */

/* Wait for the child's call: what it has found. */
static uint64_t
demo_await(struct demo *demo)
{
    struct ipc_message m = { .label = 0 };

    (void)ipc_receive(demo->endpoint, &m, 0);
    demo->reply_id = m.reply_id;
    return m.words[0];
}

static void
demo_tell(const struct demo *demo, enum demo_order order, uint64_t first,
          uint64_t pages, uint64_t byte)
{
    struct ipc_message m = {
        .reply_id = demo->reply_id,
        .label = order,
        .words = { first, pages, byte },
    };

    (void)ipc_reply(&m);
}

static int
demo_fork(struct demo *demo)
{
    static const char args[] = "forkdemo\0child";
    struct spawn_request request = {
        .name = "forkdemo",
        .args = syscall_address(args),
        .args_bytes = sizeof(args),
        .view_base = DEMO_BASE,
        .view_pages = DEMO_PAGES,
    };
    int64_t child;

    demo->endpoint = (handle_t)endpoint_create(RANK_SERVER);
    request.give = demo->endpoint;
    child = process_spawn(&request);
    if (child < 0) {
        printf("forkdemo: %s\n", syscall_status_text(child));
        return 1;
    }
    demo->child = (handle_t)child;
    demo->child_id = (uint32_t)demo_await(demo);
    return 0;
}

/* The map of one side into @map; frames that are not in @frames yet go there.
 * Returns how many there are then. */
static unsigned
demo_map(uint32_t process, char map[DEMO_PAGES + 1],
         uint64_t frames[2 * DEMO_PAGES], unsigned count)
{
    for (uint64_t page = 0; page < DEMO_PAGES; page++) {
        struct translate_info info = { .frame_address = 0 };
        unsigned i = 0;

        (void)sys_translate(process, DEMO_BASE + page * PAGE_BYTES, &info);
        map[page] = info.frame_address == 0           ? '-'
                    : info.frame_kind == FRAME_SHARED ? 's'
                                                      : 'P';
        while (i < count && frames[i] != info.frame_address) {
            i++;
        }
        if (i == count && info.frame_address != 0) {
            frames[count++] = info.frame_address;
        }
    }
    map[DEMO_PAGES] = '\0';
    return count;
}

static void
demo_show(const struct demo *demo, const char *step)
{
    char parent[DEMO_PAGES + 1];
    char child[DEMO_PAGES + 1] = "";
    uint64_t frames[2 * DEMO_PAGES];
    unsigned count = demo_map(0, parent, frames, 0);

    if (demo->child != HANDLE_NONE) {
        count = demo_map(demo->child_id, child, frames, count);
    }
    printf("  %-36s %-10s %-10s %u\n", step, parent, child, count);
}

static uint64_t
demo_order(struct demo *demo, enum demo_order order, uint64_t first,
           uint64_t pages, uint64_t byte)
{
    demo_tell(demo, order, first, pages, byte);
    return demo_await(demo);
}

static int
demo_both_write(struct demo *demo)
{
    uint64_t sum = demo_order(demo, DEMO_READ, 0, DEMO_PAGES, 0);

    demo_show(demo, "the child reads them all");
    (void)demo_order(demo, DEMO_WRITE, 0, 3, 2);
    demo_show(demo, "the child writes 0, 1, 2: copies");
    (void)demo_do(DEMO_WRITE, 0, 1, 3);
    demo_show(demo, "the parent writes 0: in place");
    (void)demo_do(DEMO_WRITE, 7, 1, 3);
    demo_show(demo, "the parent writes 7: a copy");
    (void)demo_order(demo, DEMO_WRITE, 7, 1, 2);
    demo_show(demo, "the child writes 7: in place");
    /* 1 everywhere; then three 2s, a 1 in the middle and a 2 against a 3. */
    return sum == DEMO_PAGES
           && demo_order(demo, DEMO_READ, 0, DEMO_PAGES, 0) == 4 * 2 + 4
           && demo_do(DEMO_READ, 0, DEMO_PAGES, 0) == 2 * 3 + 6;
}

int
main(int argc, char **argv)
{
    struct region_request request = {
        .base = DEMO_BASE,
        .pages = DEMO_PAGES,
        .prot = PROT_READ | PROT_WRITE,
        .kind = REGION_ANONYMOUS,
    };
    struct demo demo = { .child = HANDLE_NONE };
    int right;

    if (argc > 1 && strcmp(argv[1], "child") == 0) {
        return demo_child();
    }
    if (region_create(&request) < 0) {
        return 1;
    }
    printf("  %-36s %-10s %-10s %s\n", "", "parent", "child", "frames");
    (void)demo_do(DEMO_WRITE, 0, DEMO_PAGES, 1);
    demo_show(&demo, "the parent writes its pages");
    if (demo_fork(&demo) != 0) {
        return 1;
    }
    demo_show(&demo, "it spawns a child with a view");
    right = demo_both_write(&demo);
    demo_tell(&demo, DEMO_END, 0, 0, 0);
    (void)process_wait(demo.child, 0);
    demo.child = HANDLE_NONE;
    demo_show(&demo, "the child ends");
    (void)demo_do(DEMO_WRITE, 0, DEMO_PAGES, 4);
    demo_show(&demo, "the parent writes them all: in place");
    printf("No side saw what the other wrote: %s.\n", right ? "yes" : "NO");
    return right ? 0 : 1;
}
