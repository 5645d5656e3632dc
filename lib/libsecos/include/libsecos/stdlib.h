/* SPDX-License-Identifier: MIT */
/* <stdlib.h>: names and meaning are the C standard's, unless a comment here
 * says otherwise. malloc is described in src/malloc.c. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <base/compiler.h>

#define EXIT_SUCCESS 0
#define EXIT_FAILURE 1
#define RAND_MAX     0x7FFFFFFF

/* How abort() ends a process: as SIGABRT does elsewhere. */
#define EXIT_ABORT 134

/* Storage. NULL, with errno ENOMEM, when the pager refuses or memory is short:
 * pages are made to exist before malloc hands them out. */
void *malloc(size_t bytes);
void *calloc(size_t count, size_t bytes);
void *realloc(void *block, size_t bytes);
void *reallocarray(void *block, size_t count, size_t bytes);
void *aligned_alloc(size_t alignment, size_t bytes);
void free(void *block);

/* The bytes that were asked for: the canary stands right behind them. */
size_t malloc_usable_size(void *block);

/* The end. */
NORETURN void exit(int status);
NORETURN void _Exit(int status);
NORETURN void abort(void);
int atexit(void (*function)(void));

/* Numbers. */
long strtol(const char *restrict s, char **restrict end, int base);
long long strtoll(const char *restrict s, char **restrict end, int base);
unsigned long strtoul(const char *restrict s, char **restrict end, int base);
unsigned long long strtoull(const char *restrict s, char **restrict end,
                            int base);
int atoi(const char *s);
long atol(const char *s);
long long atoll(const char *s);

typedef struct {
    int quot;
    int rem;
} div_t;

typedef struct {
    long quot;
    long rem;
} ldiv_t;

int abs(int x);
long labs(long x);
long long llabs(long long x);
div_t div(int dividend, int divisor);
ldiv_t ldiv(long dividend, long divisor);

/* A sequence that depends on nothing but the seed; not for secrets. */
int rand(void);
void srand(unsigned seed);

/* Arrays. qsort is a heapsort: n log n whatever the input, no memory. */
void qsort(void *items, size_t count, size_t bytes,
           int (*compare)(const void *, const void *));
void *bsearch(const void *key, const void *items, size_t count, size_t bytes,
              int (*compare)(const void *, const void *));

/* There is no environment: always NULL. */
char *getenv(const char *name);

/* Give the pages that malloc keeps for next time back to the kernel; @keep is
 * not used. Returns 1 if there were any, else 0. */
int malloc_trim(size_t keep);

/* Figures of malloc, for the shell's `heap`. */
struct malloc_stats {
    uint64_t allocated_bytes; /* since the start */
    uint64_t freed_bytes;
    uint64_t used_bytes;
    uint64_t held_bytes; /* pages that malloc keeps */
    uint64_t regions;    /* that it has from the kernel */
};

void malloc_get_stats(struct malloc_stats *stats);
