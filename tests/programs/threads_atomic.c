/* SPDX-License-Identifier: MIT */
/* stdatomic.h between threads, call_once, thread-specific storage. */
#include <stdatomic.h>
#include <stdio.h>
#include <threads.h>

static atomic_int counter;
static atomic_flag flag = ATOMIC_FLAG_INIT;
static long guarded;
static once_flag once = ONCE_FLAG_INIT;
static tss_t key;
static atomic_int destroyed;
static _Thread_local int mine = 5;

static void
only_once(void)
{
    puts("once");
}

static void
destroy(void *value)
{
    atomic_fetch_add(&destroyed, *(int *)value);
}

static int
work(void *arg)
{
    call_once(&once, only_once);
    tss_set(key, arg);
    mine += *(int *)arg;
    for (int i = 0; i < 2000; i++) {
        atomic_fetch_add(&counter, 1);
        while (atomic_flag_test_and_set(&flag)) {
            thrd_yield();
        }
        guarded++;
        atomic_flag_clear(&flag);
    }
    return mine;
}

int
main(void)
{
    thrd_t threads[4];
    int numbers[4] = { 1, 2, 3, 4 };
    int result, expected = 8000;

    tss_create(&key, destroy);
    for (int i = 0; i < 4; i++) {
        thrd_create(&threads[i], work, &numbers[i]);
    }
    for (int i = 0; i < 4; i++) {
        thrd_join(threads[i], &result);
        printf("%d ", result);
    }
    printf("%d %ld %d %d\n", atomic_load(&counter), guarded,
           atomic_load(&destroyed), mine);
    printf("%d", atomic_compare_exchange_strong(&counter, &expected, 1));
    printf(" %d\n", atomic_load(&counter));
    return 0;
}
