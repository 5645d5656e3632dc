/* SPDX-License-Identifier: MIT */
/* Copies of the memory that steps change. */
#include "snapshot.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arch/mmu.h>
#include <mm/frame.h>
#include <mm/vmm_internal.h>
#include <task/call.h>

#include "machine.h"
#include "tests/host/fakes/fakes.h"
#include "world.h"

#define LINE_BYTES  64u
#define HEAP_MORE   (8u << 10) /* than is in use in the first state */
#define FRAMES_MORE 6u         /* than clients can ask for          */

/* kernel_state.ld */
extern uint8_t kernel_state_start[];
extern uint8_t kernel_state_end[];

struct snapshot_area {
    uint8_t *start;
    uint8_t *first; /* a copy of it in the first state */
    bool *changes;  /* per line                        */
    size_t lines;
};

struct snapshot_piece {
    uint8_t *start;
    size_t bytes;
};

static struct snapshot_area snapshot_areas[2];
static struct snapshot_piece *snapshot_pieces;
static size_t snapshot_piece_count;
static size_t snapshot_piece_bytes;

static void
snapshot_add_area(struct snapshot_area *area, uint8_t *start, size_t bytes)
{
    area->start = start;
    area->lines = bytes / LINE_BYTES;
    area->first = malloc(bytes);
    area->changes = calloc(area->lines, sizeof(bool));
    if (area->first == NULL || area->changes == NULL) {
        perror("snapshot_begin");
        exit(2);
    }
    memcpy(area->first, start, bytes);
}

static void
snapshot_mark_entry(bool *changes, uint64_t page, unsigned level)
{
    uint64_t index = page >> 9 * (level - 1) & (MMU_TABLE_LEAVES - 1);

    changes[index * sizeof(mmu_leaf_t) / LINE_BYTES] = true;
}

/* Any frame may become a client's, which writes to its first line, or a table, which
 * has its entries for the client's pages, and for the kernel's, in a few others. The
 * lowest are taken first, so that there is an end to those that change. */
static void
snapshot_mark_frame(size_t frame)
{
    bool *changes =
        snapshot_areas[1].changes + frame * (PAGE_BYTES / LINE_BYTES);

    changes[0] = true;
    for (unsigned level = 1; level <= MMU_LEVELS; level++) {
        snapshot_mark_entry(changes, world_first_page(), level);
    }
    for (unsigned i = 0; i < VMM_SHARED_SLOTS; i++) {
        snapshot_mark_entry(changes, vmm_shared_slots[i] >> PAGE_SHIFT,
                            MMU_LEVELS);
    }
}

static void
snapshot_mark(struct snapshot_area *area, const uint8_t *start, size_t bytes)
{
    size_t first = (size_t)(start - area->start) / LINE_BYTES;
    size_t end =
        (size_t)(start + bytes - area->start + LINE_BYTES - 1) / LINE_BYTES;

    memset(area->changes + first, true, end - first);
}

void
snapshot_begin(void)
{
    unsigned more =
        world.scope.clients * (MMU_TABLES_PER_MAP + WORLD_PAGES) + FRAMES_MORE;

    snapshot_add_area(&snapshot_areas[0], kernel_state_start,
                      (size_t)(kernel_state_end - kernel_state_start));
    snapshot_add_area(&snapshot_areas[1], fake_ram,
                      MACHINE_FRAMES * PAGE_BYTES);
    snapshot_mark(&snapshot_areas[0], heap_arena,
                  heap_arena_used() + HEAP_MORE);
    snapshot_mark(&snapshot_areas[0], (uint8_t *)&world, sizeof(world));
    snapshot_mark(&snapshot_areas[0], (uint8_t *)frame_table,
                  MACHINE_FRAMES * sizeof(*frame_table));
    snapshot_mark(&snapshot_areas[1], (uint8_t *)call_slots,
                  WORLD_SLOTS * sizeof(*call_slots));
    for (size_t frame = 1; frame < MACHINE_FRAMES && more > 0; frame++) {
        more -= frame_kind_of(frame_table[frame]) == FRAME_FREE;
        if (frame_kind_of(frame_table[frame]) != FRAME_HEAP) {
            snapshot_mark_frame(frame);
        }
    }
}

/* Lines that change, in a row, become one piece. */
static void
snapshot_make_pieces(void)
{
    size_t room = 0;

    free(snapshot_pieces);
    snapshot_pieces = NULL;
    snapshot_piece_count = 0;
    snapshot_piece_bytes = 0;
    for (unsigned a = 0; a < 2; a++) {
        for (size_t i = 0; i < snapshot_areas[a].lines; i++) {
            uint8_t *line = snapshot_areas[a].start + i * LINE_BYTES;

            if (!snapshot_areas[a].changes[i]) {
                continue;
            }
            snapshot_piece_bytes += LINE_BYTES;
            if (snapshot_piece_count > 0
                && snapshot_pieces[snapshot_piece_count - 1].start
                           + snapshot_pieces[snapshot_piece_count - 1].bytes
                       == line) {
                snapshot_pieces[snapshot_piece_count - 1].bytes += LINE_BYTES;
                continue;
            }
            if (snapshot_piece_count == room) {
                room = room * 2 + 64;
                snapshot_pieces =
                    realloc(snapshot_pieces, room * sizeof(*snapshot_pieces));
            }
            snapshot_pieces[snapshot_piece_count++] =
                (struct snapshot_piece){ line, LINE_BYTES };
        }
    }
}

bool
snapshot_learn(void)
{
    bool new = false;

    for (unsigned a = 0; a < 2; a++) {
        for (size_t i = 0; i < snapshot_areas[a].lines; i++) {
            if (!snapshot_areas[a].changes[i]
                && memcmp(snapshot_areas[a].start + i * LINE_BYTES,
                          snapshot_areas[a].first + i * LINE_BYTES, LINE_BYTES)
                       != 0) {
                snapshot_areas[a].changes[i] = true;
                new = true;
            }
        }
    }
    if (new) {
        snapshot_make_pieces();
    }
    return new;
}

size_t
snapshot_bytes(void)
{
    return snapshot_piece_bytes;
}

void
snapshot_save(void *to)
{
    uint8_t *at = to;

    for (size_t i = 0; i < snapshot_piece_count; i++) {
        memcpy(at, snapshot_pieces[i].start, snapshot_pieces[i].bytes);
        at += snapshot_pieces[i].bytes;
    }
}

void
snapshot_restore(const void *from)
{
    const uint8_t *at = from;

    for (size_t i = 0; i < snapshot_piece_count; i++) {
        memcpy(snapshot_pieces[i].start, at, snapshot_pieces[i].bytes);
        at += snapshot_pieces[i].bytes;
    }
}

void
snapshot_restore_first(void)
{
    for (unsigned a = 0; a < 2; a++) {
        memcpy(snapshot_areas[a].start, snapshot_areas[a].first,
               snapshot_areas[a].lines * LINE_BYTES);
    }
}
