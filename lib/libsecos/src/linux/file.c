/* SPDX-License-Identifier: MIT */
/*
 * Files in the memory of the process that makes them: what tmpfile, fopen and
 * remove need. They are gone when it ends, and nobody else sees them.
 *
 *      file_table  --> struct linux_file {path, bytes}   named, or open, or both
 *
 * A path is a name: there are no directories, "./x", "/x" and "x" are the same,
 * and everything else is compared as it stands.
 *
 * Context: linux_lock is held.
 */
#include <stddef.h>

#include <base/string.h>

#include <libsecos/stdlib.h>

#include "linux.h"

#define FILES_MOST      64u
#define FILE_PATH_BYTES 128u
#define FILE_LEAST      4096u
#define FILE_MOST       (1ull << 40)

struct linux_file {
    uint64_t number; /* as st_ino tells it; 0 = this entry is free */
    uint32_t references;
    bool is_named;
    char path[FILE_PATH_BYTES];
    char *data; /* its first `bytes` bytes are the file */
    uint64_t bytes;
    uint64_t room;
};

static struct linux_file file_table[FILES_MOST];
static uint64_t file_numbers;

/* ---- names ---------------------------------------------------------------- */

static const char *
file_name(const char *path)
{
    while (*path == '/' || (path[0] == '.' && path[1] == '/')) {
        path++;
    }
    return path;
}

static struct linux_file *
file_lookup(const char *path)
{
    const char *name = file_name(path);

    for (unsigned i = 0; i < FILES_MOST; i++) {
        struct linux_file *file = &file_table[i];

        if (file->number != 0 && file->is_named
            && strcmp(file->path, name) == 0) {
            return file;
        }
    }
    return NULL;
}

static int64_t
file_create(const char *path, struct linux_file **out)
{
    const char *name = file_name(path);

    if (*name == '\0' || strlen(name) >= FILE_PATH_BYTES) {
        return *name == '\0' ? ST_EINVAL : -LINUX_ENAMETOOLONG;
    }
    for (unsigned i = 0; i < FILES_MOST; i++) {
        struct linux_file *file = &file_table[i];

        if (file->number == 0) {
            *file = (struct linux_file){ .number = ++file_numbers,
                                         .is_named = true };
            (void)strlcpy(file->path, name, sizeof(file->path));
            *out = file;
            return ST_OK;
        }
    }
    return -LINUX_ENOSPC;
}

/* Free the file if it has neither a name nor a user. */
static void
file_settle(struct linux_file *file)
{
    if (!file->is_named && file->references == 0) {
        free(file->data);
        file->number = 0;
    }
}

int64_t
linux_file_open(const char *path, bool create, bool exclusive,
                struct linux_file **out)
{
    struct linux_file *file = file_lookup(path);
    int64_t status = ST_OK;

    if (file != NULL && create && exclusive) {
        return ST_EEXIST;
    }
    if (file == NULL) {
        status = create ? file_create(path, &file) : ST_ENOENT;
    }
    if (status == ST_OK) {
        file->references++;
        *out = file;
    }
    return status;
}

void
linux_file_put(struct linux_file *file)
{
    file->references--;
    file_settle(file);
}

int64_t
linux_file_remove(const char *path)
{
    struct linux_file *file = file_lookup(path);

    if (file == NULL) {
        return ST_ENOENT;
    }
    file->is_named = false;
    file_settle(file);
    return ST_OK;
}

int64_t
linux_file_rename(const char *from, const char *to)
{
    struct linux_file *file = file_lookup(from);
    const char *name = file_name(to);

    if (file == NULL) {
        return ST_ENOENT;
    }
    if (*name == '\0' || strlen(name) >= FILE_PATH_BYTES) {
        return *name == '\0' ? ST_EINVAL : -LINUX_ENAMETOOLONG;
    }
    if (strcmp(file->path, name) != 0) {
        (void)linux_file_remove(to);
        (void)strlcpy(file->path, name, sizeof(file->path));
    }
    return ST_OK;
}

/* ---- content -------------------------------------------------------------- */

/* Make room for @bytes bytes: twice what there was, at least. */
static bool
file_grow(struct linux_file *file, uint64_t bytes)
{
    uint64_t room = file->room < FILE_LEAST ? FILE_LEAST : file->room;
    char *data;

    if (bytes <= file->room) {
        return true;
    }
    while (room < bytes) {
        room *= 2;
    }
    data = realloc(file->data, room);
    if (data == NULL) {
        return false;
    }
    file->data = data;
    file->room = room;
    return true;
}

int64_t
linux_file_resize(struct linux_file *file, uint64_t bytes)
{
    if (bytes > FILE_MOST || !file_grow(file, bytes)) {
        return -LINUX_ENOSPC;
    }
    if (bytes > file->bytes) {
        memset(file->data + file->bytes, 0, bytes - file->bytes);
    }
    file->bytes = bytes;
    return ST_OK;
}

int64_t
linux_file_read(const struct linux_file *file, uint64_t offset, void *to,
                uint64_t bytes)
{
    uint64_t count = offset < file->bytes ? file->bytes - offset : 0;

    count = count < bytes ? count : bytes;
    if (count > 0) {
        memcpy(to, file->data + offset, count);
    }
    return (int64_t)count;
}

int64_t
linux_file_write(struct linux_file *file, uint64_t offset, const void *from,
                 uint64_t bytes)
{
    uint64_t end;

    if (__builtin_add_overflow(offset, bytes, &end) || end > FILE_MOST) {
        return -LINUX_ENOSPC;
    }
    if (end > file->bytes) {
        int64_t status = linux_file_resize(file, end);

        if (status != ST_OK) {
            return status;
        }
    }
    if (bytes > 0) {
        memcpy(file->data + offset, from, bytes);
    }
    return (int64_t)bytes;
}

uint64_t
linux_file_bytes(const struct linux_file *file)
{
    return file->bytes;
}

uint64_t
linux_file_number(const struct linux_file *file)
{
    return file->number;
}
