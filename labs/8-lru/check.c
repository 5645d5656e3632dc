/* SPDX-License-Identifier: MIT */
/* Lab 8. Least recently used: the page that goes is the one not used for longest. */
/* sources: labs/8-lru/lru.c */
#include "labs/8-lru/lru.h"
#include "labs/lab.h"

#define PAGES 24u

static struct lru lru;
static uint64_t clock_now;
static uint64_t last_use[PAGES]; /* 0 = not known */

static void
restart(uint32_t capacity)
{
    lru_init(&lru, capacity);
    memset(last_use, 0, sizeof(last_use));
}

static void
lab_begin(void)
{
    restart(4);
}

static struct lab_event
lab_choose(void)
{
    return (struct lab_event){ .op = (uint32_t)random_below(24),
                               .a = (uint32_t)random_below(PAGES),
                               .b = (uint32_t)random_below(12) };
}

static uint32_t
known(void)
{
    uint32_t count = 0;

    for (uint32_t p = 0; p < PAGES; p++) {
        count += last_use[p] != 0;
    }
    return count;
}

static uint32_t
oldest(void)
{
    uint32_t found = PAGES;

    for (uint32_t p = 0; p < PAGES; p++) {
        if (last_use[p] != 0
            && (found == PAGES || last_use[p] < last_use[found])) {
            found = p;
        }
    }
    return found;
}

/* The list, from the newest to the oldest, is the order of the last uses. */
static void
look_at(void)
{
    uint64_t before = UINT64_MAX;
    uint32_t count = 0;

    lab_expect(lru.count == known(), "as many pages as are known (I1)",
               "count %u, %u known", lru.count, known());
    for (uint32_t at = lru.head; at != LRU_NONE; at = lru.entry[at].older) {
        uint64_t page;

        lab_expect(count++ < lru.count && at < lru.count,
                   "the list holds each page once (I1)", "it goes on");
        page = lru.entry[at].page;
        lab_expect(page < PAGES && last_use[page] != 0,
                   "only known pages are in the list (I1)", "page %llu",
                   (unsigned long long)page);
        lab_expect(last_use[page] < before, "the order of the last use (I2)",
                   "page %llu stands behind an older one",
                   (unsigned long long)page);
        before = last_use[page];
        lab_expect(lru.entry[at].older != LRU_NONE || lru.tail == at,
                   "the list ends at the tail", "elsewhere");
    }
    lab_expect(count == lru.count, "the list holds each page once (I1)",
               "%u of %u", count, lru.count);
}

static void
step_use(uint32_t page)
{
    uint64_t victim = PAGES;
    uint32_t expected = PAGES;
    uint64_t steps = lru.steps;
    bool gave;

    if (last_use[page] == 0 && known() == lru.capacity) {
        expected = oldest();
    }
    lab_say("page %u is used (%u of %u places taken)", page, known(),
            lru.capacity);
    gave = lru_use(&lru, page, &victim);
    lab_expect(gave == (expected != PAGES),
               expected != PAGES ? "somebody gives way" : "nobody gives way",
               gave ? "page %llu goes" : "nobody does (%llu)",
               (unsigned long long)victim);
    lab_expect(!gave || victim == expected,
               "the one not used for longest gives way",
               "page %llu goes, not %u", (unsigned long long)victim, expected);
    lab_expect(lru.steps - steps <= 2 * PAGES, "no walk over all pages",
               "%llu steps", (unsigned long long)(lru.steps - steps));
    if (gave) {
        last_use[expected] = 0;
    }
    last_use[page] = ++clock_now;
}

static void
lab_step(const struct lab_event *event)
{
    uint32_t page = event->a % PAGES;

    if (event->op == 0) {
        lab_say("start again with %u places", 1 + event->b);
        restart(1 + event->b);
    } else if (event->op < 6) {
        bool was = last_use[page] != 0;
        bool found;

        lab_say("page %u is forgotten", page);
        found = lru_forget(&lru, page);
        lab_expect(found == was, was ? "it was known" : "it was not known",
                   found ? "true" : "false");
        last_use[page] = 0;
    } else {
        step_use(page);
    }
    look_at();
}

static void
lab_end(void)
{
}

LAB_MAIN("lab 8, least recently used")
