/* SPDX-License-Identifier: MIT */
/*
 * Descriptors: small numbers for the console and for files.
 *
 *      fd_table[n] --> struct fd_open {what, offset, flags} --> file
 *                          ^ shared by dup
 *
 * The table and all files are under linux_lock; nobody waits for input while it
 * is held.
 */
#include <stddef.h>

#include <base/string.h>

#include <libsecos/process.h>

#include "linux.h"

/* Linux: asm-generic/fcntl.h, linux/stat.h. */
#define OPEN_ACCESS       3u
#define OPEN_READ         0u
#define OPEN_WRITE        1u
#define OPEN_BOTH         2u
#define OPEN_CREATE       0x40u
#define OPEN_EXCLUSIVE    0x80u
#define OPEN_TRUNCATE     0x200u
#define OPEN_APPEND       0x400u
#define OPEN_DIRECTORY    0x10000u
#define SEEK_FROM_SET     0u
#define SEEK_FROM_CURRENT 1u
#define SEEK_FROM_END     2u
#define FCNTL_DUP         0u
#define FCNTL_GET_FD      1u
#define FCNTL_SET_FD      2u
#define FCNTL_GET_FLAGS   3u
#define FCNTL_SET_FLAGS   4u
#define FCNTL_LOCK_FIRST  5u /* GETLK, SETLK, SETLKW: nobody else is there */
#define FCNTL_LOCK_LAST   7u
#define FCNTL_DUP_CLOEXEC 1030u
#define AT_EMPTY_PATH     0x1000u
#define MODE_CHARACTER    0020620u
#define MODE_FIFO         0010600u
#define MODE_FILE         0100600u
#define POLL_IN           1
#define POLL_OUT          4
#define POLL_INVALID      0x20

enum fd_what {
    FD_FREE = 0,
    FD_INPUT,  /* descriptor 0 */
    FD_OUTPUT, /* descriptors 1 and 2 */
    FD_FILE,
};

struct fd_open {
    uint32_t what; /* enum fd_what */
    uint32_t references;
    uint32_t flags; /* as open got them */
    uint64_t offset;
    struct linux_file *file;
};

/* Linux: struct stat of x86-64. */
struct fd_stat {
    uint64_t device;
    uint64_t number;
    uint64_t links;
    uint32_t mode;
    uint32_t user;
    uint32_t group;
    uint32_t reserved;
    uint64_t special;
    uint64_t bytes;
    uint64_t block_bytes;
    uint64_t blocks;
    uint64_t times[6];
    uint64_t unused[3];
};

_Static_assert(sizeof(struct fd_stat) == 144, "struct stat");

struct fd_vector {
    void *base;
    uint64_t bytes;
};

struct fd_poll {
    int32_t fd;
    int16_t events;
    int16_t found;
};

static struct fd_open fd_opens[LINUX_DESCRIPTORS] = {
    { .what = FD_INPUT, .references = 1, .flags = OPEN_BOTH },
    { .what = FD_OUTPUT, .references = 2, .flags = OPEN_BOTH },
};

/* NULL = not open. */
static struct fd_open *fd_table[LINUX_DESCRIPTORS] = {
    &fd_opens[0],
    &fd_opens[1],
    &fd_opens[1],
};

/* ---- the table ------------------------------------------------------------ */

static struct fd_open *
fd_lookup(uint64_t fd)
{
    return fd < LINUX_DESCRIPTORS ? fd_table[fd] : NULL;
}

/* The lowest free descriptor from @least on, or -1. */
static int64_t
fd_find_free(uint64_t least)
{
    for (uint64_t fd = least; fd < LINUX_DESCRIPTORS; fd++) {
        if (fd_table[fd] == NULL) {
            return (int64_t)fd;
        }
    }
    return -1;
}

static struct fd_open *
fd_find_open(void)
{
    for (unsigned i = 0; i < LINUX_DESCRIPTORS; i++) {
        if (fd_opens[i].what == FD_FREE) {
            return &fd_opens[i];
        }
    }
    return NULL;
}

static void
fd_put(struct fd_open *open)
{
    open->references--;
    if (open->references > 0) {
        return;
    }
    if (open->what == FD_FILE) {
        linux_file_put(open->file);
    }
    open->what = FD_FREE;
}

/* ---- open, close, dup ----------------------------------------------------- */

static int64_t
fd_open_locked(const char *path, uint32_t flags)
{
    struct fd_open *open = fd_find_open();
    int64_t fd = fd_find_free(0);
    struct linux_file *file;
    int64_t status;

    if (fd < 0 || open == NULL) {
        return ST_EMFILE;
    }
    if ((flags & OPEN_DIRECTORY) != 0) {
        return ST_ENOENT;
    }
    status = linux_file_open(path, (flags & OPEN_CREATE) != 0,
                             (flags & OPEN_EXCLUSIVE) != 0, &file);
    if (status != ST_OK) {
        return status;
    }
    if ((flags & OPEN_TRUNCATE) != 0 && (flags & OPEN_ACCESS) != OPEN_READ) {
        (void)linux_file_resize(file, 0);
    }
    *open = (struct fd_open){ .what = FD_FILE,
                              .references = 1,
                              .flags = flags,
                              .file = file };
    fd_table[fd] = open;
    return fd;
}

static int64_t
fd_open_path(uint64_t path, uint64_t flags)
{
    int64_t result;

    linux_lock();
    result = fd_open_locked((const char *)(uintptr_t)path, (uint32_t)flags);
    linux_unlock();
    return result;
}

int64_t
linux_open(struct linux_call *call)
{
    return fd_open_path(call->a, call->b);
}

/* openat(directory, path, flags, mode): the directory is the only one. */
int64_t
linux_openat(struct linux_call *call)
{
    return fd_open_path(call->b, call->c);
}

int64_t
linux_close(struct linux_call *call)
{
    struct fd_open *open;

    linux_lock();
    open = fd_lookup(call->a);
    if (open != NULL) {
        fd_table[call->a] = NULL;
        fd_put(open);
    }
    linux_unlock();
    return open != NULL ? 0 : ST_EBADF;
}

/* A second descriptor for what @fd is: @exact, or the lowest from @least on. */
static int64_t
fd_dup(uint64_t fd, uint64_t least, bool exact)
{
    struct fd_open *open;
    int64_t target = least < LINUX_DESCRIPTORS ? (int64_t)least : -1;

    linux_lock();
    open = fd_lookup(fd);
    if (open != NULL && !exact) {
        target = fd_find_free(least);
    }
    if (open != NULL && target >= 0 && fd_table[target] != open) {
        open->references++;
        if (fd_table[target] != NULL) {
            fd_put(fd_table[target]);
        }
        fd_table[target] = open;
    }
    linux_unlock();
    if (open == NULL) {
        return ST_EBADF;
    }
    return target >= 0 ? target : exact ? ST_EBADF : ST_EMFILE;
}

int64_t
linux_dup(struct linux_call *call)
{
    return fd_dup(call->a, 0, false);
}

int64_t
linux_dup2(struct linux_call *call)
{
    return fd_dup(call->a, call->b, true);
}

int64_t
linux_fcntl(struct linux_call *call)
{
    struct fd_open *open = fd_lookup(call->a);
    uint32_t may_change = OPEN_APPEND;

    if (open == NULL) {
        return ST_EBADF;
    }
    if (call->b >= FCNTL_LOCK_FIRST && call->b <= FCNTL_LOCK_LAST) {
        return 0;
    }
    switch (call->b) {
    case FCNTL_DUP:
    case FCNTL_DUP_CLOEXEC:
        return fd_dup(call->a, call->c, false);
    case FCNTL_GET_FD:
    case FCNTL_SET_FD:
        return 0;
    case FCNTL_GET_FLAGS:
        return open->flags & (OPEN_ACCESS | OPEN_APPEND);
    case FCNTL_SET_FLAGS:
        open->flags = (open->flags & ~may_change)
                      | ((uint32_t)call->c & may_change);
        return 0;
    default:
        return ST_EINVAL;
    }
}

/* ---- read and write ------------------------------------------------------- */

/* One transfer at @offset, or where the descriptor stands. */
static int64_t
fd_file_transfer(struct fd_open *open, void *buffer, uint64_t bytes,
                 const uint64_t *offset, bool is_write)
{
    uint32_t wrong = is_write ? OPEN_READ : OPEN_WRITE;
    uint64_t at;
    int64_t done;

    if ((open->flags & OPEN_ACCESS) == wrong) {
        return ST_EBADF;
    }
    linux_lock();
    at = offset != NULL ? *offset : open->offset;
    if (is_write && (open->flags & OPEN_APPEND) != 0) {
        at = linux_file_bytes(open->file);
    }
    done = is_write ? linux_file_write(open->file, at, buffer, bytes)
                    : linux_file_read(open->file, at, buffer, bytes);
    if (done > 0 && offset == NULL) {
        open->offset = at + (uint64_t)done;
    }
    linux_unlock();
    return done;
}

static int64_t
fd_transfer(uint64_t fd, void *buffer, uint64_t bytes, bool is_write)
{
    struct fd_open *open = fd_lookup(fd);

    if (open == NULL) {
        return ST_EBADF;
    }
    if (open->what == FD_FILE) {
        return fd_file_transfer(open, buffer, bytes, NULL, is_write);
    }
    return linux_result(is_write ? linux_console_write(buffer, bytes)
                                 : linux_console_read(buffer, bytes));
}

/* The parts of a vector, until one is not done in full. */
static int64_t
fd_transfer_all(const struct linux_call *call, bool is_write)
{
    const struct fd_vector *part = (const struct fd_vector *)(uintptr_t)call->b;
    int64_t total = 0;

    for (uint64_t i = 0; i < call->c; i++, part++) {
        int64_t done;

        if (part->bytes == 0) {
            continue;
        }
        done = fd_transfer(call->a, part->base, part->bytes, is_write);
        if (done < 0) {
            return total > 0 ? total : done;
        }
        total += done;
        if ((uint64_t)done < part->bytes) {
            break;
        }
    }
    return fd_lookup(call->a) == NULL ? ST_EBADF : total;
}

int64_t
linux_read(struct linux_call *call)
{
    return fd_transfer(call->a, (void *)(uintptr_t)call->b, call->c, false);
}

int64_t
linux_write(struct linux_call *call)
{
    return fd_transfer(call->a, (void *)(uintptr_t)call->b, call->c, true);
}

int64_t
linux_readv(struct linux_call *call)
{
    return fd_transfer_all(call, false);
}

int64_t
linux_writev(struct linux_call *call)
{
    return fd_transfer_all(call, true);
}

static int64_t
fd_transfer_at(const struct linux_call *call, bool is_write)
{
    struct fd_open *open = fd_lookup(call->a);

    if (open == NULL) {
        return ST_EBADF;
    }
    if (open->what != FD_FILE) {
        return -LINUX_ESPIPE;
    }
    return (int64_t)call->d < 0
               ? ST_EINVAL
               : fd_file_transfer(open, (void *)(uintptr_t)call->b, call->c,
                                  &call->d, is_write);
}

int64_t
linux_pread(struct linux_call *call)
{
    return fd_transfer_at(call, false);
}

int64_t
linux_pwrite(struct linux_call *call)
{
    return fd_transfer_at(call, true);
}

int64_t
linux_lseek(struct linux_call *call)
{
    struct fd_open *open = fd_lookup(call->a);
    int64_t from = 0;
    int64_t to;

    if (open == NULL) {
        return ST_EBADF;
    }
    if (open->what != FD_FILE) {
        return -LINUX_ESPIPE;
    }
    if (call->c == SEEK_FROM_CURRENT) {
        from = (int64_t)open->offset;
    } else if (call->c == SEEK_FROM_END) {
        from = (int64_t)linux_file_bytes(open->file);
    } else if (call->c != SEEK_FROM_SET) {
        return ST_EINVAL;
    }
    if (__builtin_add_overflow(from, (int64_t)call->b, &to) || to < 0) {
        return ST_EINVAL;
    }
    open->offset = (uint64_t)to;
    return to;
}

int64_t
linux_ftruncate(struct linux_call *call)
{
    struct fd_open *open = fd_lookup(call->a);
    int64_t status;

    if (open == NULL || open->what != FD_FILE
        || (open->flags & OPEN_ACCESS) == OPEN_READ) {
        return open == NULL ? ST_EBADF : ST_EINVAL;
    }
    linux_lock();
    status = linux_file_resize(open->file, call->b);
    linux_unlock();
    return status;
}

/* There is nothing behind the memory that a file is in. */
int64_t
linux_fsync(struct linux_call *call)
{
    return fd_lookup(call->a) != NULL ? 0 : ST_EBADF;
}

/* ---- what is known of a descriptor or path -------------------------------- */

static void
fd_describe_file(const struct linux_file *file, struct fd_stat *to)
{
    *to = (struct fd_stat){
        .device = 1,
        .number = linux_file_number(file),
        .links = 1,
        .mode = MODE_FILE,
        .bytes = linux_file_bytes(file),
        .block_bytes = 4096,
        .blocks = (linux_file_bytes(file) + 511) / 512,
    };
}

static int64_t
fd_stat_fd(uint64_t fd, uint64_t to)
{
    struct fd_stat *stat = (struct fd_stat *)(uintptr_t)to;
    const struct fd_open *open = fd_lookup(fd);
    bool is_terminal;

    if (open == NULL) {
        return ST_EBADF;
    }
    if (open->what == FD_FILE) {
        fd_describe_file(open->file, stat);
        return 0;
    }
    is_terminal = linux_console_is_terminal(open->what == FD_OUTPUT);
    *stat = (struct fd_stat){
        .number = open->what,
        .links = 1,
        .mode = is_terminal ? MODE_CHARACTER : MODE_FIFO,
        .block_bytes = 1024,
    };
    return 0;
}

static int64_t
fd_stat_path(uint64_t path, uint64_t to)
{
    struct linux_file *file;
    int64_t status;

    linux_lock();
    status =
        linux_file_open((const char *)(uintptr_t)path, false, false, &file);
    if (status == ST_OK) {
        if (to != 0) {
            fd_describe_file(file, (struct fd_stat *)(uintptr_t)to);
        }
        linux_file_put(file);
    }
    linux_unlock();
    return status;
}

int64_t
linux_fstat(struct linux_call *call)
{
    return fd_stat_fd(call->a, call->b);
}

int64_t
linux_stat(struct linux_call *call)
{
    return fd_stat_path(call->a, call->b);
}

int64_t
linux_newfstatat(struct linux_call *call)
{
    const char *path = (const char *)(uintptr_t)call->b;

    if (*path == '\0' && (call->d & AT_EMPTY_PATH) != 0) {
        return fd_stat_fd(call->a, call->c);
    }
    return fd_stat_path(call->b, call->c);
}

int64_t
linux_access(struct linux_call *call)
{
    return fd_stat_path(call->a, 0);
}

int64_t
linux_faccessat(struct linux_call *call)
{
    return fd_stat_path(call->b, 0);
}

static int64_t
fd_remove(uint64_t path)
{
    int64_t status;

    linux_lock();
    status = linux_file_remove((const char *)(uintptr_t)path);
    linux_unlock();
    return status;
}

int64_t
linux_unlink(struct linux_call *call)
{
    return fd_remove(call->a);
}

int64_t
linux_unlinkat(struct linux_call *call)
{
    return fd_remove(call->b);
}

int64_t
linux_rename(struct linux_call *call)
{
    int64_t status;

    linux_lock();
    status = linux_file_rename((const char *)(uintptr_t)call->a,
                               (const char *)(uintptr_t)call->b);
    linux_unlock();
    return status;
}

/* Returns the bytes written with the NUL, as the kernel does. */
int64_t
linux_getcwd(struct linux_call *call)
{
    if (call->b < 2) {
        return -LINUX_ERANGE;
    }
    memcpy((void *)(uintptr_t)call->a, "/", 2);
    return 2;
}

/* ---- terminal, poll ------------------------------------------------------- */

int64_t
linux_ioctl(struct linux_call *call)
{
    const struct fd_open *open = fd_lookup(call->a);

    if (open == NULL) {
        return ST_EBADF;
    }
    if (open->what == FD_FILE) {
        return -LINUX_ENOTTY;
    }
    return linux_console_ioctl(open->what == FD_OUTPUT, call->b,
                               (void *)(uintptr_t)call->c);
}

/* Find what is ready without waiting; @input tells whether a wait for the
 * console could change the answer. */
static int64_t
fd_poll_once(struct fd_poll *row, uint64_t rows, struct fd_poll **input)
{
    int64_t ready = 0;

    for (; rows > 0; rows--, row++) {
        const struct fd_open *open = fd_lookup((uint64_t)row->fd);

        row->found = 0;
        if (row->fd < 0) {
            continue;
        }
        if (open == NULL) {
            row->found = POLL_INVALID;
        } else if (open->what == FD_INPUT && (row->events & POLL_IN) != 0) {
            *input = row;
        } else {
            row->found = (int16_t)(row->events & (POLL_IN | POLL_OUT));
        }
        ready += row->found != 0;
    }
    return ready;
}

/* poll(rows, count, milliseconds; below 0 = for ever) */
int64_t
linux_poll(struct linux_call *call)
{
    int32_t timeout = (int32_t)call->c;
    struct fd_poll *input = NULL;
    int64_t ready =
        fd_poll_once((struct fd_poll *)(uintptr_t)call->a, call->b, &input);
    uint64_t deadline =
        timeout < 0 ? 0
        : ready > 0 ? 1
                    : process_clock() + (uint64_t)timeout * 1000000u + 1;

    if (input != NULL) {
        if (linux_console_wait(deadline)) {
            input->found = POLL_IN;
            ready++;
        }
    } else if (ready == 0) {
        (void)process_sleep_until(timeout < 0 ? UINT64_MAX : deadline);
    }
    return ready;
}
