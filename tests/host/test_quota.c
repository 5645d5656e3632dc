/* SPDX-License-Identifier: MIT */
/*
 * Claim: no quota holds more than its limit, no set of quotas holds more than
 * the root, a refused charge changes nothing, and everything comes back.
 * Method: random trees of quotas against a model that knows only who charged
 * what; invariants I1 and I2 recounted after every step.
 */
#include <string.h>

#include <mm/quota.h>

#include "check.h"
#include "random.h"

#define QUOTAS      24u
#define ROOT_FRAMES 3000u

static struct quota quotas[QUOTAS];
static bool alive[QUOTAS];
static uint64_t own[QUOTAS]; /* frames that quota i was charged itself */

static bool
has_child(uint32_t q)
{
    for (uint32_t i = 0; i < QUOTAS; i++) {
        if (alive[i] && quotas[i].parent == &quotas[q]) {
            return true;
        }
    }
    return false;
}

static void
check_tree(void)
{
    for (uint32_t q = 0; q < QUOTAS; q++) {
        uint64_t used = own[q];

        if (!alive[q]) {
            continue;
        }
        for (uint32_t i = 0; i < QUOTAS; i++) {
            if (alive[i] && quotas[i].parent == &quotas[q]) {
                used += quotas[i].held;
            }
        }
        CHECK_EQ(quotas[q].used, used);
        CHECK(quotas[q].used <= quotas[q].held);
        CHECK(quotas[q].held <= quotas[q].limit);
    }
}

static void
step_charge(uint32_t q)
{
    static struct quota before[QUOTAS];
    uint64_t frames = random_below(random_below(8) == 0 ? 2000 : 50);

    memcpy(before, quotas, sizeof(quotas));
    if (quota_charge(&quotas[q], frames) == ST_OK) {
        own[q] += frames;
    } else {
        CHECK(memcmp(before, quotas, sizeof(quotas)) == 0);
    }
}

/* As much as can be had of some frames: one more would be refused. */
static void
step_charge_some(uint32_t q)
{
    uint64_t most = random_below(4 * QUOTA_UNIT);
    uint64_t got = quota_charge_some(&quotas[q], most);

    CHECK(got <= most);
    own[q] += got;
    if (got < most) {
        CHECK_EQ(quota_charge(&quotas[q], 1), ST_ENOMEM);
    }
}

/* Charges go down to a child without a draw, and come back whole. */
static void
step_pass(uint32_t q)
{
    uint32_t up = 0;

    for (uint32_t i = 0; i < QUOTAS; i++) {
        if (alive[i] && quotas[q].parent == &quotas[i]) {
            up = i;
        }
    }
    if (quotas[q].parent == NULL) {
        return;
    }
    if (random_below(2) == 0) {
        uint64_t room = quotas[q].limit - quotas[q].held;
        uint64_t most = own[up] < room ? own[up] : room;
        uint64_t frames = random_below(most + 1);
        uint64_t used = quotas[up].used;

        quota_pass_down(&quotas[q], frames);
        CHECK_EQ(quotas[up].used, used);
        own[up] -= frames;
        own[q] += frames;
    } else {
        uint64_t frames = random_below(own[q] + 1);
        uint64_t used = quotas[up].used;

        quota_return(&quotas[q], frames);
        CHECK_EQ(quotas[up].used, used - frames);
        own[q] -= frames;
    }
}

static void
step_create(uint32_t q)
{
    for (uint32_t i = 1; i < QUOTAS; i++) {
        if (!alive[i]) {
            quota_init(&quotas[i], &quotas[q], random_below(2000));
            alive[i] = true;
            own[i] = 0;
            if (random_below(3) == 0) {
                uint64_t frames = random_below(200);

                if (quota_reserve(&quotas[i], frames) == ST_OK) {
                    CHECK(quotas[i].held >= frames);
                }
                CHECK_EQ(quotas[i].used, 0);
            }
            return;
        }
    }
}

static void
step_destroy(uint32_t q)
{
    if (q == 0) {
        return;
    }
    quota_uncharge(&quotas[q], own[q]);
    own[q] = 0;
    if (quotas[q].parent != NULL) {
        for (uint32_t i = 0; i < QUOTAS; i++) {
            if (alive[i] && quotas[i].parent == &quotas[q]) {
                quota_move_up(&quotas[i]);
            }
        }
    }
    CHECK(!has_child(q));
    quota_destroy(&quotas[q]);
    alive[q] = false;
}

TEST(random_trees_conserve_frames)
{
    quota_init(&quotas[0], NULL, ROOT_FRAMES);
    alive[0] = true;
    for (int step = 0; step < 50000; step++) {
        uint32_t q = (uint32_t)random_below(QUOTAS);

        if (!alive[q]) {
            continue;
        }
        switch (random_below(7)) {
        case 0:
            step_create(q);
            break;
        case 1:
            if (random_below(4) == 0) {
                step_destroy(q);
            }
            break;
        case 2: {
            uint64_t frames = random_below(own[q] + 1);

            quota_uncharge(&quotas[q], frames);
            own[q] -= frames;
            break;
        }
        case 3:
            step_pass(q);
            break;
        case 4:
            step_charge_some(q);
            break;
        default:
            step_charge(q);
            break;
        }
        check_tree();
    }
    for (uint32_t q = QUOTAS - 1; q > 0; q--) {
        if (alive[q]) {
            step_destroy(q);
        }
    }
    CHECK_EQ(quotas[0].used, own[0]);
}

TEST(a_budget_comes_in_units_and_up_to_the_limit)
{
    struct quota root;
    struct quota child;

    quota_init(&root, NULL, 1000);
    quota_init(&child, &root, 100);
    CHECK_EQ(quota_charge(&child, 1), ST_OK);
    CHECK_EQ(child.held, QUOTA_UNIT);
    CHECK_EQ(root.used, QUOTA_UNIT);
    CHECK_EQ(quota_charge(&child, 99), ST_OK);
    CHECK_EQ(child.held, 100);
    CHECK_EQ(quota_charge(&child, 1), ST_ENOMEM);
    quota_uncharge(&child, 100);
    quota_destroy(&child);
    CHECK_EQ(root.used, 0);
}

TEST(a_reserve_cannot_be_drawn_by_others)
{
    struct quota root;
    struct quota shell;
    struct quota hog;

    quota_init(&root, NULL, 1000);
    quota_init(&shell, &root, 1000);
    quota_init(&hog, &root, UINT64_MAX);
    CHECK_EQ(quota_reserve(&shell, 300), ST_OK);
    while (quota_charge(&hog, 1) == ST_OK) {
    }
    CHECK_EQ(hog.used + shell.held, 1000 - (1000 - shell.held) % 64);
    CHECK_EQ(quota_charge(&shell, 300), ST_OK);
    CHECK_EQ(quota_reserve(&shell, 900), ST_ENOMEM);
}

/* Children of one that has a reserve leave it alone, however deep they are, and
 * whatever it has used and given back itself. */
TEST(children_leave_a_reserve)
{
    struct quota root;
    struct quota shell;
    struct quota child;
    struct quota grandchild;

    quota_init(&root, NULL, 1000);
    quota_init(&shell, &root, UINT64_MAX);
    quota_init(&child, &shell, UINT64_MAX);
    quota_init(&grandchild, &child, UINT64_MAX);
    CHECK_EQ(quota_reserve(&shell, 64), ST_OK);
    CHECK_EQ(quota_charge(&shell, 30), ST_OK);
    while (quota_charge(&grandchild, 1) == ST_OK
           || quota_charge(&child, 1) == ST_OK) {
    }
    CHECK(shell.held - shell.used >= 64);
    CHECK_EQ(quota_charge(&shell, 64), ST_OK);
    quota_uncharge(&shell, 94);
    while (quota_charge(&grandchild, 1) == ST_OK
           || quota_charge(&child, 1) == ST_OK) {
    }
    CHECK_EQ(quota_charge(&shell, 64), ST_OK);
}

TEST(absurd_amounts_are_refused)
{
    struct quota root;
    struct quota child;

    quota_init(&root, NULL, 1000);
    quota_init(&child, &root, UINT64_MAX);
    CHECK_EQ(quota_charge(&child, UINT64_MAX), ST_ENOMEM);
    CHECK_EQ(quota_charge(&child, UINT64_MAX - 62), ST_ENOMEM);
    CHECK_EQ(quota_charge(&child, 1ull << 52), ST_ENOMEM);
    CHECK_EQ(quota_charge(&root, 1001), ST_ENOMEM);
    CHECK_EQ(quota_charge(&root, 1000), ST_OK);
    CHECK_EQ(root.used, 1000);
    CHECK_PANICS(quota_uncharge(&root, 1001), "assertion");
    CHECK_PANICS(quota_destroy(&root), "assertion");
}

int
main(int argc, char **argv)
{
    random_seed(argc, argv);
    RUN(random_trees_conserve_frames);
    RUN(a_budget_comes_in_units_and_up_to_the_limit);
    RUN(a_reserve_cannot_be_drawn_by_others);
    RUN(children_leave_a_reserve);
    RUN(absurd_amounts_are_refused);
    return CHECK_REPORT();
}
