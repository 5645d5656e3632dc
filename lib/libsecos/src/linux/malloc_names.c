/* SPDX-License-Identifier: MIT */
/*
 * malloc as a foreign C library and its programs call it: libsecos's own, under
 * the standard's names and under those by which musl calls it itself. Weak, so
 * that a program may bring its own.
 *
 * Not a part of the one object that the layer is (linux.mk): a program that has
 * its own malloc never pulls this in.
 */
#include <stddef.h>

#define MALLOC_NAME __attribute__((weak))

/* linux.mk gives libsecos's functions these names. */
void *__secos_malloc(size_t bytes);
void *__secos_calloc(size_t count, size_t bytes);
void *__secos_realloc(void *block, size_t bytes);
void *__secos_reallocarray(void *block, size_t count, size_t bytes);
void *__secos_aligned_alloc(size_t alignment, size_t bytes);
void __secos_free(void *block);
size_t __secos_malloc_usable_size(void *block);

void *malloc(size_t bytes);
void *calloc(size_t count, size_t bytes);
void *realloc(void *block, size_t bytes);
void *reallocarray(void *block, size_t count, size_t bytes);
void *aligned_alloc(size_t alignment, size_t bytes);
void free(void *block);
size_t malloc_usable_size(void *block);
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *block, size_t bytes);
void __libc_free(void *block);

MALLOC_NAME void *
malloc(size_t bytes)
{
    return __secos_malloc(bytes);
}

MALLOC_NAME void *
calloc(size_t count, size_t bytes)
{
    return __secos_calloc(count, bytes);
}

MALLOC_NAME void *
realloc(void *block, size_t bytes)
{
    return __secos_realloc(block, bytes);
}

MALLOC_NAME void *
reallocarray(void *block, size_t count, size_t bytes)
{
    return __secos_reallocarray(block, count, bytes);
}

MALLOC_NAME void *
aligned_alloc(size_t alignment, size_t bytes)
{
    return __secos_aligned_alloc(alignment, bytes);
}

MALLOC_NAME void
free(void *block)
{
    __secos_free(block);
}

MALLOC_NAME size_t
malloc_usable_size(void *block)
{
    return __secos_malloc_usable_size(block);
}

MALLOC_NAME void *
__libc_malloc(size_t bytes)
{
    return __secos_malloc(bytes);
}

MALLOC_NAME void *
__libc_calloc(size_t count, size_t bytes)
{
    return __secos_calloc(count, bytes);
}

MALLOC_NAME void *
__libc_realloc(void *block, size_t bytes)
{
    return __secos_realloc(block, bytes);
}

MALLOC_NAME void
__libc_free(void *block)
{
    __secos_free(block);
}
