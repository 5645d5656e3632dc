/* SPDX-License-Identifier: MIT */
/*
 * A plugin for QEMU that measures how long the kernel runs with interrupts off,
 * in instructions, on the shipped image.
 *
 *      ring 3, interrupts on          no instruction of the upper half runs
 *      entry                          the first one does: counting begins
 *      sti, iretq, sysretq            interrupts are on again: the count ends
 *
 * QEMU calls back for each block of instructions in the upper half, and a block
 * ends with any of the three. Where this is not exact, it counts too much: a block
 * that a fault leaves in the middle counts whole, and behind sti the count begins
 * anew at once.
 *
 * Stretches are told apart by where they began: the third block is in the handler
 * of the system call. For each there is a line in the file that out= names
 * (a process id is added), written whenever one grows:
 *
 *      LENGTH BEGIN HOT     instructions, and two addresses: of the third block,
 *                           and of the block that ran most of them
 *
 * Build: cc -shared -fPIC. The prototypes are those of qemu-plugin.h, interface
 * version 1, which the distribution does not ship.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info;

typedef void (*tb_trans_fn)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*tb_exec_fn)(unsigned vcpu, void *userdata);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
                                           tb_trans_fn callback);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
                                          tb_exec_fn callback, int flags,
                                          void *userdata);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *
qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id,
                                    void (*callback)(qemu_plugin_id_t id,
                                                     void *userdata),
                                    void *userdata);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

#define KERNEL_HALF 0xFFFF800000000000u
/* Blocks remembered of one stretch; what is beyond is only counted. */
#define PATH_BLOCKS  65536u
#define PATH_BEGIN   2u /* entry, comparison, and then the handler */
#define ROWS         1024u
#define LENGTH_LEAST 2000u /* shorter stretches are of no interest */

struct block {
    uint64_t address;
    uint32_t instructions;
    uint32_t opens; /* ends in sti, iretq or sysretq */
};

struct row {
    uint64_t begin;
    uint64_t length;
    uint64_t hot;
};

static char out_path[512] = "irq_off";
static struct row rows[ROWS];
static uint64_t row_count;
static uint64_t length;
static uint64_t path_used;
static const struct block *path[PATH_BLOCKS];
static int is_started; /* the first stretch is start-up */

static int
opens_interrupts(const uint8_t *code, size_t bytes)
{
    return (bytes == 1 && code[0] == 0xFB)                       /* sti     */
           || (bytes == 2 && code[0] == 0x48 && code[1] == 0xCF) /* iretq   */
           || (bytes == 3
               && memcmp(code, "\x48\x0F\x07", 3) == 0); /* sysretq */
}

/* The block that ran most instructions of the path. */
static uint64_t
hottest(void)
{
    static struct {
        uint64_t address;
        uint64_t instructions;
    } places[4096];
    uint64_t used = path_used < PATH_BLOCKS ? path_used : PATH_BLOCKS;
    uint64_t count = 0;
    uint64_t best = 0;

    for (uint64_t i = 0; i < used; i++) {
        uint64_t at = 0;

        while (at < count && places[at].address != path[i]->address) {
            at++;
        }
        if (at == count) {
            if (count == sizeof(places) / sizeof(places[0])) {
                break;
            }
            places[count].address = path[i]->address;
            places[count++].instructions = 0;
        }
        places[at].instructions += path[i]->instructions;
        if (places[at].instructions > places[best].instructions) {
            best = at;
        }
    }
    return places[best].address;
}

static void
report(void)
{
    FILE *file = fopen(out_path, "w");

    if (file == NULL) {
        return;
    }
    for (uint64_t i = 0; i < row_count; i++) {
        fprintf(file, "%lu %#lx %#lx\n", rows[i].length, rows[i].begin,
                rows[i].hot);
    }
    fclose(file);
}

static void
note_stretch(void)
{
    uint64_t begin =
        path[path_used > PATH_BEGIN ? PATH_BEGIN : path_used - 1]->address;
    uint64_t at = 0;

    while (at < row_count && rows[at].begin != begin) {
        at++;
    }
    if (at == ROWS) {
        return;
    }
    if (at == row_count) {
        rows[row_count++] = (struct row){ .begin = begin };
    }
    if (length > rows[at].length) {
        rows[at].length = length;
        rows[at].hot = hottest();
        report();
    }
}

static void
on_block(unsigned vcpu, void *userdata)
{
    const struct block *block = userdata;

    (void)vcpu;
    if (path_used < PATH_BLOCKS) {
        path[path_used] = block;
    }
    path_used++;
    length += block->instructions;
    if (!block->opens) {
        return;
    }
    if (length >= LENGTH_LEAST && is_started) {
        note_stretch();
    }
    is_started = 1;
    length = 0;
    path_used = 0;
}

static void
on_translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    size_t count = qemu_plugin_tb_n_insns(tb);
    const struct qemu_plugin_insn *last;
    struct block *block;

    (void)id;
    if (qemu_plugin_tb_vaddr(tb) < KERNEL_HALF) {
        return;
    }
    last = qemu_plugin_tb_get_insn(tb, count - 1);
    block = malloc(sizeof(*block)); /* lives as long as QEMU */
    block->address = qemu_plugin_tb_vaddr(tb);
    block->instructions = (uint32_t)count;
    block->opens = (uint32_t)opens_interrupts(qemu_plugin_insn_data(last),
                                              qemu_plugin_insn_size(last));
    qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, 0, block);
}

__attribute__((visibility("default"))) int
qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc,
                    char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "out=", 4) == 0) {
            snprintf(out_path, sizeof(out_path), "%s.%d", argv[i] + 4,
                     getpid());
        }
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
    return 0;
}
