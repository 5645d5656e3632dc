/* SPDX-License-Identifier: MIT */
/* What the parts of the guest `pagerkit` share: a mode is a way to misbehave. */
#pragma once

#include <stdint.h>

#include <base/align.h>

#include <libsecos/ipc.h>
#include <libsecos/pager_protocol.h>

#define PAGES      64u
#define WORDS      (PAGE_BYTES / sizeof(uint64_t))
#define MS         1000000ull
#define FAIL_ERROR 5u
/* More than any object here has. */
#define NO_PAGE 1000000u

enum client_kind {
    CLIENT_ZERO,   /* expects zeroes, writes                        */
    CLIENT_OBJECT, /* expects the pattern, writes                   */
    CLIENT_READ,   /* expects the pattern in a read-only region     */
    CLIENT_EXEC,   /* only asks for pages of an executable region   */
    CLIENT_BACK,   /* as ZERO, from the last page to the first      */
    CLIENT_ASK,    /* asks with region_populate; errors are answers */
};

/* What the supervisor calls them. */
extern const char *const client_kinds[CLIENT_ASK + 1];

/* Touch a region bound to HANDLE_SLOT_GIVEN; the process's status. */
int client(enum client_kind kind);

/* What page @page of the object holds. */
static inline uint64_t
pattern(uint64_t page, uint64_t word)
{
    return page * 1000003u + word * 17u + 1u;
}

/* ---- pager ------------------------------------------------------------- */

struct pager {
    handle_t endpoint;
    handle_t object;
    uint64_t *content; /* the object, in the pager's own space */
    uint64_t deferred; /* reply id that waits for its answer   */
    uint64_t stale;
    uint64_t faults;
    uint64_t refused;
    uint64_t strikes;
    uint64_t other;
    unsigned number; /* of the lie; how many faults to hold  */
};

/* What a mode makes of a fault: the message is the answer, or nothing is to be
 * said now. */
enum move {
    MOVE_ANSWER,
    MOVE_SILENT
};

struct mode {
    const char *name;
    enum client_kind client;
    void (*prepare)(struct pager *pager);
    enum move (*decide)(struct pager *pager, struct ipc_message *m,
                        const struct pager_fault *fault);
};

/* A memory object of @pages pages. */
int64_t memory_create(uint64_t pages);

/* Show @object here; returns the address. */
uint64_t *show_object(handle_t object, uint64_t pages);

/* Count how an answer was taken. */
void count_status(struct pager *pager, int64_t status);

/* Send *@m as it is and count its status. */
int64_t answer(struct pager *pager, const struct ipc_message *m);

/* SHARE or MOVE the page of @object that is missing, COPY one that is there. */
enum move decide_object(struct ipc_message *m, const struct pager_fault *fault,
                        enum verdict verdict, handle_t object);

/* ---- modes, by file ------------------------------------------------------ */

void prepare_object(struct pager *pager);
void prepare_absent(struct pager *pager);
void prepare_nobody(struct pager *pager);
void prepare_self(struct pager *pager);
void prepare_self_idle(struct pager *pager);
void prepare_lie(struct pager *pager);

enum move decide_zero(struct pager *pager, struct ipc_message *m,
                      const struct pager_fault *fault);
enum move decide_run(struct pager *pager, struct ipc_message *m,
                     const struct pager_fault *fault);
enum move decide_share(struct pager *pager, struct ipc_message *m,
                       const struct pager_fault *fault);
enum move decide_move(struct pager *pager, struct ipc_message *m,
                      const struct pager_fault *fault);
enum move decide_fail(struct pager *pager, struct ipc_message *m,
                      const struct pager_fault *fault);
enum move decide_defer(struct pager *pager, struct ipc_message *m,
                       const struct pager_fault *fault);
enum move decide_mute(struct pager *pager, struct ipc_message *m,
                      const struct pager_fault *fault);
enum move decide_spin(struct pager *pager, struct ipc_message *m,
                      const struct pager_fault *fault);
enum move decide_spin2(struct pager *pager, struct ipc_message *m,
                       const struct pager_fault *fault);
enum move decide_alibi(struct pager *pager, struct ipc_message *m,
                       const struct pager_fault *fault);
enum move decide_nap(struct pager *pager, struct ipc_message *m,
                     const struct pager_fault *fault);
enum move decide_late(struct pager *pager, struct ipc_message *m,
                      const struct pager_fault *fault);
enum move decide_busy(struct pager *pager, struct ipc_message *m,
                      const struct pager_fault *fault);
enum move decide_deferall(struct pager *pager, struct ipc_message *m,
                          const struct pager_fault *fault);
NORETURN enum move decide_deferagain(struct pager *pager, struct ipc_message *m,
                                     const struct pager_fault *fault);
enum move decide_self(struct pager *pager, struct ipc_message *m,
                      const struct pager_fault *fault);
enum move decide_deep(struct pager *pager, struct ipc_message *m,
                      const struct pager_fault *fault);
enum move decide_twice(struct pager *pager, struct ipc_message *m,
                       const struct pager_fault *fault);
enum move decide_stale(struct pager *pager, struct ipc_message *m,
                       const struct pager_fault *fault);
enum move decide_wrongid(struct pager *pager, struct ipc_message *m,
                         const struct pager_fault *fault);
enum move decide_lie(struct pager *pager, struct ipc_message *m,
                     const struct pager_fault *fault);
enum move decide_unmissing(struct pager *pager, struct ipc_message *m,
                           const struct pager_fault *fault);
enum move decide_nopage(struct pager *pager, struct ipc_message *m,
                        const struct pager_fault *fault);
enum move decide_dirty(struct pager *pager, struct ipc_message *m,
                       const struct pager_fault *fault);
enum move decide_wx(struct pager *pager, struct ipc_message *m,
                    const struct pager_fault *fault);
enum move decide_code(struct pager *pager, struct ipc_message *m,
                      const struct pager_fault *fault);
enum move decide_die(struct pager *pager, struct ipc_message *m,
                     const struct pager_fault *fault);
enum move decide_reply_die(struct pager *pager, struct ipc_message *m,
                           const struct pager_fault *fault);
