/* SPDX-License-Identifier: MIT */
/* The description of a state, part by part. */
#include "describe.h"

#include <string.h>

#include <ipc/endpoint.h>
#include <ipc/fault.h>
#include <ipc/memory_pages.h>
#include <klib/panic.h>
#include <mm/vmm.h>
#include <task/process.h>
#include <task/thread.h>

#include "door.h"
#include "world.h"

#define WORDS_BYTES 512u
#define LONGEST     64u /* list */
#define OWN_PLACE   8u  /* in what a client says of itself */

enum {
    WHO_NOBODY = 0xF0,
    NO_REGION = 0xF1,
    END_OF_LIST = 0xF2,
};

struct describe_words {
    uint8_t bytes[WORDS_BYTES];
    size_t used;
    unsigned place[WORLD_CLIENTS]; /* of each client among them */
};

static void
describe_byte(struct describe_words *words, uint64_t byte)
{
    if (words->used == WORDS_BYTES) {
        panic("describe: more to say than there is room for");
    }
    words->bytes[words->used++] = (uint8_t)byte;
}

static int
describe_compare(const struct describe_words *a, const struct describe_words *b)
{
    return a->used != b->used ? (a->used < b->used ? -1 : 1)
                              : memcmp(a->bytes, b->bytes, a->used);
}

/* The name of a client's thread: place of the client and number in it. */
static void
describe_thread(struct describe_words *words, const struct thread *thread)
{
    for (unsigned c = 0; c < WORLD_CLIENTS; c++) {
        for (unsigned t = 0; t < WORLD_THREADS; t++) {
            if (world.clients[c].process != NULL
                && world.clients[c].threads[t] == thread
                && thread->process == world.clients[c].process) {
                describe_byte(words, words->place[c] << 4 | t);
                return;
            }
        }
    }
    describe_byte(words, WHO_NOBODY);
}

static void
describe_thread_state(struct describe_words *words, const struct thread *thread)
{
    if (thread == NULL) {
        describe_byte(words, WHO_NOBODY);
        return;
    }
    describe_byte(words, thread->state);
    describe_byte(words, thread->resume);
    describe_byte(words, thread->refused_page != 0);
    describe_byte(words, thread->refused_page - world_first_page());
    describe_byte(words, thread->priority);
    describe_byte(words, thread == thread->process->reaper);
    if (thread->state == THREAD_WAITING && thread->wait->is_fault) {
        const struct call *call = thread->wait_object;

        describe_thread(words, call->owner);
    }
}

/* How far the end of a process is. */
static void
describe_end(struct describe_words *words, const struct process *process)
{
    describe_byte(words, process->ending);
    describe_byte(words, process->live_threads);
    describe_byte(words, process->thread_count);
    describe_byte(words, process->handles.used);
    describe_byte(words, process->handles.swept);
    describe_byte(words, process->space.teardown_at.raw != 0);
    describe_byte(words, (process->space.teardown_at.raw >> PAGE_SHIFT)
                             - world_first_page());
    describe_byte(words, process->space.teardown_sweep);
    describe_byte(words, process->space.regions.count);
}

/* The call that @thread owns: it has no name but its owner's. */
static void
describe_call(struct describe_words *words, const struct thread *thread)
{
    const struct call *call = thread->call;
    unsigned length = 0;

    describe_byte(words, call->state);
    describe_byte(words, call->leaf != NULL);
    if (call->state != CALL_IDLE) {
        describe_byte(words, call->page - world_first_page());
        describe_byte(words, call->access);
        describe_byte(words, call->run);
        describe_byte(words, call->state == CALL_QUEUED ? call->priority : 0);
    }
    list_for_each(node, &call->waiters) {
        describe_thread(words, LIST_ENTRY(node, struct thread, wait_link));
        if (++length == LONGEST) {
            break;
        }
    }
    describe_byte(words, END_OF_LIST);
}

static void
describe_leaf(struct describe_words *words, mmu_leaf_t leaf)
{
    if (mmu_leaf_is_empty(leaf)) {
        describe_byte(words, 0);
    } else if (mmu_leaf_is_transit(leaf)) {
        describe_byte(words, 1);
        describe_thread(words, call_at(mmu_leaf_slot(leaf))->owner);
    } else {
        const uint64_t *frame = physmap_at(mmu_leaf_frame(leaf));

        describe_byte(words, 2);
        describe_byte(words, mmu_leaf_prot(leaf));
        describe_byte(words, frame_kind_of(*frame_word(frame)));
        describe_byte(words, frame[0] != 0);
        describe_byte(words, frame[1] != 0);
    }
}

static void
describe_page(struct describe_words *words, unsigned client, unsigned page)
{
    const struct region *region = world_region(client, page);

    describe_byte(words, region == NULL ? NO_REGION : region->spec.prot);
    describe_byte(words, world.clients[client].written[page]);
    describe_leaf(words, world_leaf(client, page));
}

static void
describe_client_thread(struct describe_words *words, unsigned client,
                       unsigned index)
{
    const struct thread *thread = world_client_thread(client, index);

    describe_thread_state(words, thread);
    if (thread == NULL) {
        return;
    }
    describe_call(words, thread);
    if (thread->resume == RESUME_SYSCALL) {
        const struct step *call = &world.clients[client].calls[index];

        describe_byte(words, call->event);
        describe_byte(words, call->page);
        describe_byte(words, call->argument);
        describe_byte(words, thread->progress != 0);
        describe_byte(words, world.clients[client].failed[index]);
    }
}

static void
describe_client(struct describe_words *words, unsigned client)
{
    const struct process *process = world.clients[client].process;
    unsigned length = 0;

    if (process == NULL) {
        describe_byte(words, WHO_NOBODY);
        return;
    }
    describe_end(words, process);
    describe_byte(words, process->space.tables.table_frames);
    describe_byte(words, process->space.regions.last == NULL
                             ? NO_REGION
                             : process->space.regions.last->spec.base
                                   - world_first_page());
    describe_byte(words, world.scope.poor == 0
                             ? 0
                             : process->quota.limit - process->quota.used);
    for (unsigned t = 0; t < world.scope.threads; t++) {
        describe_client_thread(words, client, t);
    }
    for (unsigned page = 0; page < world.scope.pages; page++) {
        describe_page(words, client, page);
    }
    list_for_each(node, &process->protection_faults) {
        describe_thread(words,
                        LIST_ENTRY(node, struct call, protection_link)->owner);
        if (++length == LONGEST) {
            break;
        }
    }
    describe_byte(words, END_OF_LIST);
}

static void
describe_pager(struct describe_words *words, const struct world_pager *pager)
{
    unsigned length = 0;

    describe_end(words, pager->process);
    describe_byte(words, world.endpoint->attached == pager->process);
    describe_byte(words,
                  world.endpoint->server != NULL
                      && world.endpoint->server->process == pager->process);
    describe_byte(words, pager->process->served_rank != 0);
    for (unsigned t = 0; t < world.scope.servers; t++) {
        const struct thread *thread =
            world_living(pager->process, pager->threads[t]);

        describe_thread_state(words, thread);
        describe_byte(words, thread != NULL && thread->served != NULL);
    }
    list_for_each(node, &pager->process->owed) {
        const struct call *call = LIST_ENTRY(node, struct call, delivered_link);

        describe_thread(words, call->owner);
        for (unsigned t = 0; t < world.scope.servers; t++) {
            describe_byte(words, call->receiver == pager->threads[t]);
        }
        if (++length == LONGEST) {
            break;
        }
    }
    describe_byte(words, END_OF_LIST);
}

/* The pagers have no order of their own: by what there is to say about them. */
static void
describe_pagers(struct describe_words *words)
{
    struct describe_words each[WORLD_PAGERS];
    unsigned count = 0;

    for (unsigned i = 0; i < WORLD_PAGERS; i++) {
        unsigned at = count;

        if (world.pagers[i].process == NULL) {
            continue;
        }
        each[at].used = 0;
        memcpy(each[at].place, words->place, sizeof(words->place));
        describe_pager(&each[at], &world.pagers[i]);
        for (count++; at > 0 && describe_compare(&each[at - 1], &each[at]) < 0;
             at--) {
            struct describe_words swapped = each[at];

            each[at] = each[at - 1];
            each[at - 1] = swapped;
        }
    }
    for (unsigned i = 0; i < count; i++) {
        for (size_t k = 0; k < each[i].used; k++) {
            describe_byte(words, each[i].bytes[k]);
        }
    }
}

/* Queued calls in their order: who waits, and (@leads) who follows each. */
static void
describe_queue(struct describe_words *words, const struct list *queue,
               bool leads)
{
    unsigned length = 0;

    list_for_each(node, queue) {
        const struct call *call = LIST_ENTRY(node, struct call, endpoint_link);

        describe_thread(words, call->owner);
        if (leads) {
            describe_byte(words, END_OF_LIST);
            list_for_each(follower, &call->followers) {
                describe_thread(
                    words,
                    LIST_ENTRY(follower, struct call, endpoint_link)->owner);
            }
        }
        if (++length == LONGEST) {
            break;
        }
    }
}

static void
describe_endpoint(struct describe_words *words)
{
    const struct endpoint *endpoint = world.endpoint;
    unsigned length = 0;

    describe_byte(words, endpoint->strikes);
    describe_byte(words, endpoint->attached != NULL);
    describe_byte(words, endpoint->server != NULL);
    describe_byte(words, endpoint->told);
    for (unsigned i = 0; i < PRIORITIES; i++) {
        describe_queue(words, &endpoint->queue[i], true);
    }
    describe_byte(words, END_OF_LIST);
    list_for_each(node, &endpoint->servers) {
        const struct thread *thread =
            LIST_ENTRY(node, struct thread, wait_link);

        for (unsigned i = 0; i < WORLD_PAGERS * WORLD_SERVERS; i++) {
            if (world.pagers[i / WORLD_SERVERS].threads[i % WORLD_SERVERS]
                == thread) {
                describe_byte(words, i % WORLD_SERVERS);
            }
        }
        if (++length == LONGEST) {
            break;
        }
    }
    describe_byte(words, END_OF_LIST);
}

static struct key
describe_hash(const struct describe_words *words)
{
    uint64_t a = 0x9E3779B97F4A7C15ull;
    uint64_t b = 0xC2B2AE3D27D4EB4Full;

    for (size_t i = 0; i < words->used; i += 8) {
        uint64_t word = 0;

        memcpy(&word, words->bytes + i,
               words->used - i < 8 ? words->used - i : 8);
        a = (a ^ word) * 0xFF51AFD7ED558CCDull;
        a ^= a >> 32;
        b = (b + word) * 0xC4CEB9FE1A85EC53ull;
        b ^= b >> 29;
    }
    a ^= words->used;
    return (struct key){ { a * 0x9FB21C651E98DF25ull ^ a >> 28, b } };
}

/* What there is to say of each client, and their order. */
struct describe_clients {
    struct describe_words of[WORLD_CLIENTS];
    unsigned order[WORLD_CLIENTS]; /* clients, the first first */
};

/* A client's number says nothing: they are told in the order of what there is to
 * say about them. */
static void
describe_clients(struct describe_clients *clients)
{
    for (unsigned c = 0; c < world.scope.clients; c++) {
        unsigned at = c;

        clients->of[c].used = 0;
        for (unsigned i = 0; i < WORLD_CLIENTS; i++) {
            clients->of[c].place[i] = i == c ? OWN_PLACE : i;
        }
        describe_client(&clients->of[c], c);
        for (; at > 0
               && describe_compare(&clients->of[clients->order[at - 1]],
                                   &clients->of[c])
                      > 0;
             at--) {
            clients->order[at] = clients->order[at - 1];
        }
        clients->order[at] = c;
    }
}

/* The whole world, its clients in their order. */
static struct key
describe_everything(const struct describe_clients *clients)
{
    struct describe_words words = { .used = 0 };

    for (unsigned i = 0; i < world.scope.clients; i++) {
        const struct describe_words *client = &clients->of[clients->order[i]];

        words.place[clients->order[i]] = i;
        if (words.used + client->used > WORDS_BYTES) {
            panic("describe: more to say than there is room for");
        }
        memcpy(words.bytes + words.used, client->bytes, client->used);
        words.used += client->used;
    }
    describe_pagers(&words);
    describe_endpoint(&words);
    for (unsigned page = 0; page < world.scope.pages; page++) {
        describe_byte(&words, world.memory->chunks[0] != NULL
                                  && world.memory->chunks[0]->pages[page].frame
                                         != NULL);
    }
    return describe_hash(&words);
}

/* Where the first two clients are alike, only the rest of the world tells them apart,
 * if anything does: then of both orders the one with the smaller key. */
static void
describe_answer(void *argument)
{
    struct key *key = argument;
    struct describe_clients clients = { .order = { 0, 1, 2 } };
    unsigned *order = clients.order;
    struct key other;

    describe_clients(&clients);
    *key = describe_everything(&clients);
    if (world.scope.clients < 2
        || describe_compare(&clients.of[order[0]], &clients.of[order[1]])
               != 0) {
        return;
    }
    order[0] ^= order[1];
    order[1] ^= order[0];
    order[0] ^= order[1];
    other = describe_everything(&clients);
    if (memcmp(&other, key, sizeof(other)) < 0) {
        *key = other;
    }
}

bool
describe_state(struct key *out)
{
    return door_enter(describe_answer, out) == DOOR_RETURNED;
}
