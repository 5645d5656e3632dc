/* SPDX-License-Identifier: MIT */
/*
 * Claim: memory objects are shared by handle, by whom and how far the handle says;
 * they shrink and grow under those who see them; and frames and charges are right
 * in whatever order maker, sharer and pager end.
 *
 *      sharing rights         handles: read-only, without grant, stale
 *      sharing orders         maker, sharer and pager, in every order of exit
 *      sharing restart        the pager is started again while two sides work
 *      sharing shrink         under a mapping, under a pager, and a thousand times
 *      sharing last           the last to see a page of an object without a name
 */
#include <string.h>

#include <libsecos/manifest.h>

#include "actor.h"
#include "claim.h"

SECOS_MANIFEST(1u << SYS_GROUP_IPC | 1u << SYS_GROUP_PROCESS
                   | 1u << SYS_GROUP_SERVE | 1u << SYS_GROUP_INSPECT,
               0, 0);

#define PAGES         8u
#define RW            (PROT_READ | PROT_WRITE)
#define MAPPINGS_MOST 1024u
#define RIGHTS_ALL    (RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT | RIGHT_MANAGE)

#define IS(got, want) claim_status(#got, (got), (want))

static handle_t
make_object(uint64_t pages)
{
    return (handle_t)memory_create(pages);
}

/* Fill page i of @object, of @pages, as if it were at @base. */
static void
fill_object(handle_t object, uint64_t pages, uint64_t base, uint64_t seed)
{
    uint64_t at = (uint64_t)actor_region(0, pages, RW, object);
    volatile uint64_t *words = (volatile uint64_t *)(uintptr_t)at;

    for (uint64_t page = 0; page < pages; page++) {
        for (uint64_t word = 0; word < ACTOR_WORDS; word++) {
            words[page * ACTOR_WORDS + word] =
                actor_word(seed, base / PAGE_BYTES + page, word);
        }
    }
    (void)region_destroy(at, pages);
}

static int64_t
sum_at(uint64_t base, uint64_t page, uint64_t pages, uint64_t seed)
{
    return actor_sum(seed, base / PAGE_BYTES + page, pages);
}

/* What @name's end was: bits of the wait word, then the reason. */
static void
claim_end_of(const char *name, struct actor *actor, uint32_t reason)
{
    struct exit_report report = { .ended = 0 };

    (void)process_wait(actor->process, 0);
    (void)process_report(actor->process, &report);
    claim_equal(name, report.reason, reason);
    (void)handle_close(actor->process);
}

/* ---- rights ------------------------------------------------------------------- */

static void
rights(void)
{
    handle_t object = make_object(PAGES);
    handle_t no_grant;
    handle_t blind;
    struct actor other;
    uint64_t mine;
    uint64_t base;
    int64_t theirs;

    IS(actor_start(&other, 0, 0, 0), ST_OK);
    /* Both write, each sees what the other wrote. */
    theirs = actor_give(&other, object, RIGHTS_ALL);
    mine = (uint64_t)actor_region(0, PAGES, RW, object);
    base = (uint64_t)actor_order(&other, ORDER_REGION, PAGES, RW,
                                 (uint64_t)theirs);
    (void)actor_order(&other, ORDER_FILL, base, 4, 1);
    claim_equal("what the other wrote", actor_read(mine, 4),
                sum_at(base, 0, 4, 1));
    actor_fill(mine, 2, 2);
    claim_equal("and back", actor_order(&other, ORDER_SUM, base, 2, 0),
                actor_sum(2, mine / PAGE_BYTES, 2));
    IS(actor_order(&other, ORDER_RESIZE, (uint64_t)theirs, 4, 0), ST_OK);
    IS(actor_order(&other, ORDER_RESIZE, (uint64_t)theirs, PAGES, 0), ST_OK);
    IS(actor_order(&other, ORDER_DESTROY, base, PAGES, 0), ST_OK);
    IS(actor_order(&other, ORDER_CLOSE, (uint64_t)theirs, 0, 0), ST_OK);
    /* The name is stale, also when its slot has another tenant. */
    IS(actor_order(&other, ORDER_REGION, 1, PROT_READ, (uint64_t)theirs),
       ST_EBADF);
    base = (uint64_t)theirs;
    theirs = actor_give(&other, object, RIGHT_READ | RIGHT_GRANT);
    claim_equal("the slot is used again", theirs & HANDLE_SLOT_MASK,
                (int64_t)base & HANDLE_SLOT_MASK);
    IS(actor_order(&other, ORDER_REGION, 1, PROT_READ, base), ST_EBADF);
    IS(actor_order(&other, ORDER_RESIZE, base, 1, 0), ST_EBADF);
    /* A handle without GRANT stays where it is. */
    no_grant = (handle_t)handle_copy(object, RIGHT_READ | RIGHT_WRITE);
    {
        struct ipc_message m = { .reply_id = other.reply_id };

        IS(ipc_exchange(SYS_ipc_reply, (uint64_t)no_grant << 32, &m, 0),
           ST_EPERM);
    }
    /* Read only. */
    IS(actor_order(&other, ORDER_REGION, 1, RW, (uint64_t)theirs), ST_EPERM);
    IS(actor_order(&other, ORDER_RESIZE, (uint64_t)theirs, 1, 0), ST_EPERM);
    base = (uint64_t)actor_order(&other, ORDER_REGION, PAGES, PROT_READ,
                                 (uint64_t)theirs);
    claim_equal("it reads", actor_order(&other, ORDER_SUM, base, 2, 0),
                actor_sum(2, mine / PAGE_BYTES, 2));
    IS(actor_order(&other, ORDER_PROTECT, base, PAGES, RW), ST_EPERM);
    /* Writing ends it. */
    actor_tell(&other, HANDLE_NONE, ORDER_FILL, (uint64_t[]){ base, 1, 3 });
    claim_end_of("a write through a read-only region", &other,
                 REASON_PROTECTION);
    claim_equal("and changes nothing", actor_read(mine, 2),
                actor_sum(2, mine / PAGE_BYTES, 2));
    /* One without READ shows nothing; a copy never has more. */
    blind = (handle_t)handle_copy(object, RIGHT_WRITE);
    IS(actor_region(0, 1, RW, blind), ST_EPERM);
    IS(handle_info((handle_t)handle_copy(no_grant, RIGHTS_ALL)) >> 8,
       RIGHT_READ | RIGHT_WRITE);
    (void)handle_close(blind);
    (void)handle_close(no_grant);
    (void)region_destroy(mine, PAGES);
    (void)handle_close(object);
}

/* ---- every order of exit -------------------------------------------------------- */

enum part {
    MAKER,  /* made the object, and pays                                  */
    SHARER, /* sees it, by a handle and through the pager                 */
    PAGER,  /* answers with pages of it                                   */
    PARTS,
};

struct play {
    struct actor part[PARTS];
    uint64_t direct; /* where the sharer shows the object itself */
    uint64_t paged;  /* and where its pager does                 */
};

/* The director keeps no handle of anything. */
static void
set_stage(struct play *play, handle_t *endpoint)
{
    struct actor *sharer = &play->part[SHARER];
    struct actor *pager = &play->part[PAGER];
    handle_t object = HANDLE_NONE;
    uint64_t names[2];
    int64_t binding;

    for (unsigned i = 0; i < PARTS; i++) {
        (void)actor_start(&play->part[i], 0, 0, 0);
    }
    actor_tell(&play->part[MAKER], HANDLE_NONE, ORDER_OBJECT,
               (uint64_t[]){ PAGES, 0, 0 });
    (void)actor_await(&play->part[MAKER], &object);
    *endpoint = (handle_t)endpoint_create(RANK_SERVER);
    binding = binding_create(*endpoint, 1, RW, PAGES);
    names[0] = (uint64_t)actor_give(sharer, object, RIGHTS_ALL);
    names[1] = (uint64_t)actor_give(sharer, (handle_t)binding, RIGHT_BIND);
    play->direct =
        (uint64_t)actor_order(sharer, ORDER_REGION, PAGES, RW, names[0]);
    play->paged =
        (uint64_t)actor_order(sharer, ORDER_REGION, PAGES, RW, names[1]);
    (void)actor_order(sharer, ORDER_FILL, play->direct, PAGES, 1);
    names[0] = (uint64_t)actor_give(pager, *endpoint,
                                    RIGHT_RECEIVE | RIGHT_SERVE | RIGHT_GRANT);
    names[1] = (uint64_t)actor_give(pager, object, RIGHT_READ | RIGHT_GRANT);
    actor_tell(pager, HANDLE_NONE, ORDER_SERVE,
               (uint64_t[]){ names[0], names[1], 0 });
    (void)handle_close(object);
    (void)handle_close((handle_t)binding);
}

/* The sharer reads all of both regions; it has written page 1 of the paged one,
 * which is a copy. */
static int
sharer_is_right(struct play *play)
{
    struct actor *sharer = &play->part[SHARER];
    uint64_t paged = play->paged;

    return actor_order(sharer, ORDER_SUM, play->direct, PAGES, 0)
               == sum_at(play->direct, 0, PAGES, 1)
           && actor_order(sharer, ORDER_SUM, paged, 1, 0)
                  == sum_at(play->direct, 0, 1, 1)
           && actor_order(sharer, ORDER_SUM, paged + PAGE_BYTES, 1, 0)
                  == sum_at(paged, 1, 1, 5)
           && actor_order(sharer, ORDER_SUM, paged + 2 * PAGE_BYTES, PAGES - 2,
                          0)
                  == sum_at(play->direct, 2, PAGES - 2, 1);
}

static void
run_play(const uint8_t order[PARTS])
{
    struct memory_info before = actor_frames();
    handle_t endpoint;
    struct play play;
    char name[64];
    int right;
    bool there = true;

    set_stage(&play, &endpoint);
    (void)actor_order(&play.part[SHARER], ORDER_FILL, play.paged + PAGE_BYTES,
                      1, 5);
    right = sharer_is_right(&play);
    for (unsigned step = 0; step < PARTS; step++) {
        struct actor *actor = &play.part[order[step]];

        (void)process_kill(actor->process);
        (void)process_wait(actor->process, 0);
        (void)handle_close(actor->process);
        there = there && order[step] != SHARER;
        right = right && (!there || sharer_is_right(&play));
    }
    (void)handle_close(endpoint);
    (void)snprintf(name, sizeof(name), "content, exits %u%u%u", order[0],
                   order[1], order[2]);
    claim_true(name, right);
    claim_equal("every frame is back", actor_more(&before, FRAME_FREE), 0);
    claim_equal("none is shared", actor_more(&before, FRAME_SHARED), 0);
}

static void
every_order(void)
{
    static const uint8_t orders[6][PARTS] = {
        { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
        { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
    };

    run_play(orders[0]); /* once for what stays */
    claim_count = 0;
    claim_failures = 0;
    for (unsigned i = 0; i < 6; i++) {
        run_play(orders[i]);
    }
    claim_equal("audit", actor_audit(), 0);
}

/* ---- a pager that is started again -------------------------------------------------- */

static void
start_pager(struct actor *pager, handle_t endpoint, handle_t object)
{
    uint64_t names[2];

    (void)actor_start(pager, 0, 0, 0);
    names[0] = (uint64_t)actor_give(pager, endpoint,
                                    RIGHT_RECEIVE | RIGHT_SERVE | RIGHT_GRANT);
    names[1] =
        object == HANDLE_NONE
            ? HANDLE_NONE
            : (uint64_t)actor_give(pager, object, RIGHT_READ | RIGHT_GRANT);
    actor_tell(pager, HANDLE_NONE, ORDER_SERVE,
               (uint64_t[]){ names[0], names[1], 0 });
}

static void
end_pager(struct actor *pager)
{
    (void)process_kill(pager->process);
    (void)process_wait(pager->process, 0);
    (void)handle_close(pager->process);
}

static uint64_t
start_side(struct actor *side, handle_t binding, uint64_t base)
{
    int64_t name;

    (void)actor_start(side, 0, 0, 0);
    name = actor_give(side, binding, RIGHT_BIND);
    return (uint64_t)actor_order(side, ORDER_REGION_AT, base, PAGES,
                                 (uint64_t)name);
}

/* Both sides wait for a page when the pager is killed; the next one serves both. In
 * the next round each writes to it, and gets a copy from a third. */
static void
restart(void)
{
    handle_t endpoint = (handle_t)endpoint_create(RANK_SERVER);
    handle_t binding = (handle_t)binding_create(endpoint, 1, RW, PAGES);
    handle_t object = make_object(PAGES);
    struct memory_info before;
    struct actor side[2];
    struct actor pager = { .process = HANDLE_NONE };
    uint64_t wrong = 0;
    uint64_t base;

    before = actor_frames();
    base = start_side(&side[0], binding, 0);
    claim_equal("both sides at one address",
                (int64_t)start_side(&side[1], binding, base), (int64_t)base);
    fill_object(object, PAGES, base, 1);
    for (uint64_t page = 0; page < PAGES; page++) {
        for (unsigned write = 0; write < 2; write++) {
            enum actor_order order = write ? ORDER_FILL : ORDER_SUM;
            int64_t want = write ? 0 : sum_at(base, page, 1, 1);

            for (unsigned i = 0; i < 2; i++) {
                actor_tell(&side[i], HANDLE_NONE, order,
                           (uint64_t[]){ base + page * PAGE_BYTES, 1, 7 });
            }
            start_pager(&pager, endpoint, object);
            /* Whose answer comes first does not matter: they are the same. */
            wrong += actor_await(&side[0], NULL) != want;
            wrong += actor_await(&side[1], NULL) != want;
            end_pager(&pager);
        }
    }
    claim_equal("answers that were wrong", (int64_t)wrong, 0);
    claim_equal("each side has its own",
                actor_order(&side[0], ORDER_SUM, base, PAGES, 0),
                sum_at(base, 0, PAGES, 7));
    claim_equal("and the other",
                actor_order(&side[1], ORDER_SUM, base, PAGES, 0),
                sum_at(base, 0, PAGES, 7));
    (void)actor_end(&side[0]);
    (void)actor_end(&side[1]);
    claim_equal("the object is as it was", actor_more(&before, FRAME_SHARED),
                PAGES);
    (void)handle_close(object);
    (void)handle_close(binding);
    (void)handle_close(endpoint);
    claim_equal("and goes with its handle", actor_more(&before, FRAME_SHARED),
                0);
}

/* ---- size -------------------------------------------------------------------------- */

static void
shrink_under_mapping(handle_t object)
{
    struct memory_info before;
    struct actor other;
    int64_t name;
    uint64_t base;

    (void)actor_start(&other, 0, 0, 0);
    name = actor_give(&other, object, RIGHTS_ALL);
    base =
        (uint64_t)actor_order(&other, ORDER_REGION, PAGES, RW, (uint64_t)name);
    before = actor_frames();
    (void)actor_order(&other, ORDER_FILL, base, PAGES, 1);
    IS(memory_resize(object, 4), ST_OK);
    claim_equal("frames that are left", actor_more(&before, FRAME_SHARED), 4);
    claim_equal("what is left is seen",
                actor_order(&other, ORDER_SUM, base, 4, 0),
                sum_at(base, 0, 4, 1));
    IS(memory_resize(object, PAGES), ST_OK);
    claim_equal("pages that grew again are new",
                actor_order(&other, ORDER_SUM, base, PAGES, 0),
                sum_at(base, 0, 4, 1));
    IS(memory_resize(object, 2), ST_OK);
    actor_tell(&other, HANDLE_NONE, ORDER_SUM, (uint64_t[]){ base, PAGES, 0 });
    claim_end_of("a read of what is no more", &other, REASON_NO_REGION);
    IS(memory_resize(object, 0), ST_OK);
    claim_equal("nothing is left", actor_more(&before, FRAME_SHARED), 0);
    IS(memory_resize(object, PAGES), ST_OK);
}

/* The pager names a page that has gone: that is no strike, but no page either. */
static void
shrink_under_pager(handle_t object)
{
    handle_t endpoint = (handle_t)endpoint_create(RANK_SERVER);
    handle_t binding = (handle_t)binding_create(endpoint, 1, RW, PAGES);
    struct actor pager = { .process = HANDLE_NONE };
    struct actor side;
    uint64_t base = start_side(&side, binding, 0);

    fill_object(object, PAGES, base, 1);
    start_pager(&pager, endpoint, object);
    claim_equal("through the pager", actor_order(&side, ORDER_SUM, base, 2, 0),
                sum_at(base, 0, 2, 1));
    IS(memory_resize(object, 2), ST_OK);
    claim_equal("what stays", actor_order(&side, ORDER_SUM, base, 2, 0),
                sum_at(base, 0, 2, 1));
    actor_tell(&side, HANDLE_NONE, ORDER_SUM, (uint64_t[]){ base, PAGES, 0 });
    claim_end_of("a page that its pager does not have", &side,
                 REASON_PAGER_FAIL);
    end_pager(&pager);
    IS(memory_resize(object, PAGES), ST_OK);
    (void)handle_close(binding);
    (void)handle_close(endpoint);
}

/* One page, as often as an object shows one; then it is taken from everybody. */
static void
shrink_crowd(handle_t object)
{
    static uint64_t at[MAPPINGS_MOST + 1];
    struct memory_info before;
    uint64_t shown = 0;

    IS(memory_resize(object, 0), ST_OK);
    IS(memory_resize(object, PAGES), ST_OK);
    before = actor_frames();

    for (unsigned i = 0; i <= MAPPINGS_MOST; i++) {
        struct region_request request = {
            .binding = object,
            .pages = 1,
            .prot = RW,
            .kind = i % 2 == 0 ? REGION_ANONYMOUS : REGION_FILE,
        };

        at[i] = (uint64_t)region_create(&request); /* none merges */
        shown += region_populate(at[i], 1, PROT_READ) == 1;
    }
    claim_equal("a page is shown so often", (int64_t)shown, MAPPINGS_MOST);
    claim_equal("and is one frame", actor_more(&before, FRAME_SHARED), 1);
    IS(memory_resize(object, 0), ST_OK);
    claim_equal("it is gone", actor_more(&before, FRAME_SHARED), 0);
    claim_equal("nobody sees it", region_populate(at[7], 1, PROT_READ),
                ST_EPAGER);
    for (unsigned i = 0; i <= MAPPINGS_MOST; i++) {
        (void)region_destroy(at[i], 1);
    }
}

static void
shrink(void)
{
    handle_t object = make_object(PAGES);

    shrink_under_mapping(object);
    shrink_under_pager(object);
    shrink_crowd(object);
    (void)handle_close(object);
    claim_equal("audit", actor_audit(), 0);
}

/* ---- the last one ------------------------------------------------------------------- */

/* While anybody has a handle, a write copies; when nobody can ask for the page any
 * more, it is written in place. */
static void
last(void)
{
    handle_t endpoint = (handle_t)endpoint_create(RANK_SERVER);
    handle_t binding = (handle_t)binding_create(endpoint, 1, RW, PAGES);
    handle_t object = make_object(PAGES);
    struct actor pager = { .process = HANDLE_NONE };
    struct memory_info before;
    struct memory_info was;
    struct actor side;
    uint64_t base = start_side(&side, binding, 0);

    before = actor_frames();
    fill_object(object, PAGES, base, 1);
    start_pager(&pager, endpoint, object);
    (void)actor_order(&side, ORDER_SUM, base, PAGES, 0);
    was = actor_frames();
    (void)actor_order(&side, ORDER_FILL, base, 1, 2);
    claim_equal("a copy, since there is a handle", actor_more(&was, FRAME_USER),
                1);
    claim_equal("the object keeps its page", actor_more(&was, FRAME_SHARED), 0);
    end_pager(&pager);
    (void)handle_close(object);
    start_pager(&pager, endpoint, HANDLE_NONE);
    was = actor_frames();
    (void)actor_order(&side, ORDER_FILL, base + PAGE_BYTES, 1, 2);
    claim_equal("in place, since nobody can ask", actor_more(&was, FRAME_USER),
                1);
    claim_equal("it has left the object", actor_more(&was, FRAME_SHARED), -1);
    claim_equal("content", actor_order(&side, ORDER_SUM, base, 2, 0),
                sum_at(base, 0, 2, 2));
    claim_equal("of the others",
                actor_order(&side, ORDER_SUM, base + 2 * PAGE_BYTES, PAGES - 2,
                            0),
                sum_at(base, 2, PAGES - 2, 1));
    end_pager(&pager);
    (void)actor_end(&side);
    claim_equal("the object went with its last page",
                actor_more(&before, FRAME_SHARED), 0);
    (void)handle_close(binding);
    (void)handle_close(endpoint);
    claim_equal("audit", actor_audit(), 0);
}

int
main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "rights";

    if (strcmp(what, "actor") == 0) {
        return actor_play(argv[0]);
    }
    actor_direct(argv[0]);
    if (strcmp(what, "rights") == 0) {
        rights();
    } else if (strcmp(what, "orders") == 0) {
        every_order();
    } else if (strcmp(what, "restart") == 0) {
        restart();
    } else if (strcmp(what, "shrink") == 0) {
        shrink();
    } else {
        last();
    }
    return claim_end();
}
