/* SPDX-License-Identifier: MIT */
/* Lab 1. A frame is somebody's or free; it is handed out once, and comes back. */
/* sources: kernel/mm/pmm.c kernel/mm/pmm_start.c kernel/mm/pmm_report.c kernel/mm/blocks.c kernel/mm/frame.c
 *          kernel/mm/memmap.c lib/base/src/bitmap.c lib/base/src/fill.c */
#include <mm/frame.h>
#include <mm/memmap.h>
#include <mm/pmm_state.h>

#include "fakes/fakes.h"
#include "labs/lab.h"

#define MIB  (1ull << 20)
#define RAM  (4 * MIB)
#define MOST 128u

static void *live[MOST];
static enum frame_kind live_kind[MOST];
static unsigned live_count;
static uint64_t free_at_start;
static void *gone; /* the frame that was freed last */

static uint64_t
number(const void *frame)
{
    return (uint64_t)((const uint8_t *)frame - fake_ram) / PAGE_BYTES;
}

static void
lab_begin(void)
{
    static const struct memmap_entry entries[] = { { 0, RAM, 1 } };
    static const struct pmm_hold holds[] = {
        { 1 * MIB, 1 * MIB + 0x40000, FRAME_KERNEL_IMAGE },
    };

    fake_ram_create(RAM);
    if (!pmm_start(entries, 1, holds, 1)) {
        lab_fail("pmm_start() succeeds", "it did not");
    }
    pmm_pool_set_limit(0);
    free_at_start = pmm_count_free();
}

static struct lab_event
lab_choose(void)
{
    return (struct lab_event){ .op = (uint32_t)random_below(12),
                               .a = (uint32_t)random_below(64),
                               .b = (uint32_t)random_below(64) };
}

static void
look_at(void)
{
    lab_expect(pmm_count_free() == free_at_start - live_count,
               "free frames = those at the start - those handed out",
               "%llu free, %llu at the start, %u handed out",
               (unsigned long long)pmm_count_free(),
               (unsigned long long)free_at_start, live_count);
    lab_expect(pmm_check() == 0, "pmm_check() finds nothing wrong",
               "%llu frames whose bitmap, table and counters disagree",
               (unsigned long long)pmm_check());
}

static void
step_alloc(uint32_t which)
{
    enum frame_kind kind = which % 2 == 0 ? FRAME_HEAP : FRAME_PAGE_TABLE;
    void *frame = pmm_alloc_kind(kind, 0);

    lab_say("pmm_alloc_kind(%s)", frame_kind_name(kind));
    lab_expect(frame != NULL, "a frame: most are free", "NULL");
    lab_say("pmm_alloc_kind(%s) gives frame %llu", frame_kind_name(kind),
            (unsigned long long)number(frame));
    lab_expect(number(frame) < RAM / PAGE_BYTES
                   && (uintptr_t)frame % PAGE_BYTES == 0,
               "the address of a frame in the physmap", "%p", frame);
    lab_expect(number(frame) < 256 || number(frame) >= 256 + 0x40,
               "a frame that is nobody's", "one of the kernel's own image");
    for (unsigned i = 0; i < live_count; i++) {
        lab_expect(live[i] != frame, "a frame that is not handed out already",
                   "frame %llu once more", (unsigned long long)number(frame));
    }
    lab_expect(frame_kind_of(*frame_word(frame)) == kind,
               "the frame table says what the frame is for", "kind \"%s\"",
               frame_kind_name(frame_kind_of(*frame_word(frame))));
    memset(frame, 0x5A, PAGE_BYTES);
    live[live_count] = frame;
    live_kind[live_count++] = kind;
}

static void
step_free(uint32_t which)
{
    unsigned i = which % live_count;
    enum frame_kind kind = live_kind[i];
    uint64_t before = pmm_count(kind);

    gone = live[i];
    lab_say("pmm_free_frame(frame %llu)", (unsigned long long)number(gone));
    pmm_free_frame(gone);
    live[i] = live[--live_count];
    live_kind[i] = live_kind[live_count];
    lab_expect(pmm_count(kind) == before - 1,
               "one frame fewer of the kind it had", "%llu, before %llu",
               (unsigned long long)pmm_count(kind), (unsigned long long)before);
}

/* What must be refused: a panic here, in the kernel with the caller's name. */
static void
step_wrong_free(uint32_t which)
{
    void *wrong[] = { gone, fake_ram + 1 * MIB + 0x40000 - 8,
                      fake_ram + RAM + PAGE_BYTES, live[0] };
    static const char *const why[] = { "freed already", "not the start of one",
                                       "outside of RAM", "inside of one" };
    void *frame = wrong[which % 4];

    if (which % 4 == 3 && live_count != 0) {
        frame = (uint8_t *)live[0] + 16;
    }
    if (frame == NULL) {
        lab_say("(nothing was freed yet)");
        return;
    }
    for (unsigned i = 0; i < live_count; i++) {
        if (live[i] == frame) {
            lab_say("(it is in use again)");
            return;
        }
    }
    lab_say("pmm_free_frame(%s)", why[which % 4]);
    if (setjmp(*fake_panic_arm()) == 0) {
        pmm_free_frame(frame);
        fake_panic_disarm();
        lab_fail("a panic that says what is wrong", "it was accepted");
    }
    lab_expect(fake_panic_said("pmm: free of"),
               "a panic that says what is wrong", "another panic");
}

static void
lab_step(const struct lab_event *event)
{
    if (event->op == 0) {
        step_wrong_free(event->a);
    } else if (event->op < 5 && live_count != 0) {
        step_free(event->a);
    } else {
        step_alloc(event->a);
    }
    look_at();
}

static void
lab_end(void)
{
    while (live_count != 0) {
        pmm_free_frame(live[--live_count]);
    }
    look_at();
}

LAB_MAIN("lab 1, frames")
