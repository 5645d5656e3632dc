/* SPDX-License-Identifier: MIT */
/*
 * Gives the kernel one ELF image after the other to spawn, and says what it
 * answered: `iN STATUS`. Why an image was refused is the kernel's own line on the
 * log, under the name iN. A sound one is made, not started, and ended.
 *
 * The images are packed into judge_archive, in this file's copy, by
 * tests/qemu/test_elf_refused.py: some whole ones, then for each image the whole
 * one it is like, its length, and the bytes that differ.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <libsecos/ipc.h>
#include <libsecos/manifest.h>
#include <libsecos/process.h>

SECOS_MANIFEST(1u << SYS_GROUP_PROCESS, 0, 0);

#define ARCHIVE_BYTES (1u << 20)
#define IMAGE_MOST    (64u << 10)
#define BASES_MOST    64u
/* The log takes 64 lines of refusals a second. */
#define PAUSE_EVERY 50u
#define PAUSE_NS    1100000000ull

const volatile uint8_t judge_archive[ARCHIVE_BYTES] = { 1 };

struct base {
    const uint8_t *data;
    uint32_t bytes;
};

static uint8_t judge_image[IMAGE_MOST];
static struct base judge_bases[BASES_MOST];
static const uint8_t *judge_at;

static uint32_t
judge_word(void)
{
    uint32_t word;

    memcpy(&word, judge_at, sizeof(word));
    judge_at += sizeof(word);
    return word;
}

/* Make the next image; returns its length. */
static uint32_t
judge_next(void)
{
    const struct base *base = &judge_bases[judge_word() % BASES_MOST];
    uint32_t bytes = judge_word();

    memcpy(judge_image, base->data, base->bytes);
    for (uint32_t runs = judge_word(); runs > 0; runs--) {
        uint32_t at = judge_word();
        uint32_t count = judge_word();

        memcpy(judge_image + at, judge_at, count);
        judge_at += count;
    }
    return bytes;
}

static int64_t
judge_spawn(uint32_t number, uint32_t bytes)
{
    struct spawn_request request = { .elf = syscall_address(judge_image),
                                     .elf_bytes = bytes,
                                     .flags = SPAWN_SUSPENDED };
    int64_t process;

    snprintf(request.name, sizeof(request.name), "i%u", number);
    process = process_spawn(&request);
    if (process > 0) {
        (void)process_kill((handle_t)process);
        (void)process_wait((handle_t)process, 0);
        (void)handle_close((handle_t)process);
        return ST_OK;
    }
    return process;
}

int
main(void)
{
    uint32_t images;

    judge_at = (const uint8_t *)(uintptr_t)judge_archive;
    for (uint32_t bases = judge_word(), i = 0; i < bases && i < BASES_MOST;
         i++) {
        judge_bases[i].bytes = judge_word();
        judge_bases[i].data = judge_at;
        judge_at += judge_bases[i].bytes;
    }
    images = judge_word();
    for (uint32_t i = 0; i < images; i++) {
        int64_t status = judge_spawn(i, judge_next());

        printf("i%u %s\n", i, syscall_status_name(status));
        if (i % PAUSE_EVERY == PAUSE_EVERY - 1) {
            (void)process_sleep_until(process_clock() + PAUSE_NS);
        }
    }
    printf("judged %u\n", images);
    return 0;
}
