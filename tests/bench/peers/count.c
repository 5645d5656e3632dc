/* SPDX-License-Identifier: MIT */
/*
 * A plugin for QEMU that counts the instructions of a whole run, from reset to the
 * end of the machine, idle time left out: the time stamp counter of an idle
 * processor jumps, this does not. The number goes into the file that out= names.
 *
 * Build: cc -shared -fPIC. The prototypes are those of qemu-plugin.h, interface
 * version 1, which the distribution does not ship.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_info;

typedef void (*tb_trans_fn)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
                                           tb_trans_fn callback);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb,
                                              int operation, void *counter,
                                              uint64_t value);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id,
                                    void (*callback)(qemu_plugin_id_t id,
                                                     void *userdata),
                                    void *userdata);
int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info,
                        int argc, char **argv);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

#define INLINE_ADD 0 /* the counter grows by the value */

static uint64_t count_instructions;
static char count_path[512];

static void
count_block(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    qemu_plugin_register_vcpu_tb_exec_inline(
        tb, INLINE_ADD, &count_instructions, qemu_plugin_tb_n_insns(tb));
}

static void
count_end(qemu_plugin_id_t id, void *nothing)
{
    FILE *file = fopen(count_path, "w");

    (void)id;
    (void)nothing;
    if (file != NULL) {
        fprintf(file, "%" PRIu64 "\n", count_instructions);
        fclose(file);
    }
}

__attribute__((visibility("default"))) int
qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc,
                    char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "out=", 4) == 0) {
            snprintf(count_path, sizeof(count_path), "%s", argv[i] + 4);
        }
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, count_block);
    qemu_plugin_register_atexit_cb(id, count_end, NULL);
    return 0;
}
