/* SPDX-License-Identifier: MIT */
/* The console object: a ring of input between the interrupt and its readers. */
#include "console.h"

#include <arch/console.h>
#include <arch/cpu.h>
#include <klib/panic.h>
#include <task/sched.h>
#include <task/thread.h>
#include <task/usercopy.h>

#include "notification.h"

#define CONTROL_C  0x03
#define RING_BYTES 1024u
/* Bytes handed over in one go: what interrupts wait for. */
#define CHUNK_BYTES 128u

static struct {
    struct object object;
    struct list readers; /* threads that wait for a byte */
    struct notification *watcher;
    uint64_t watch_bits;
    uint64_t first_read_tsc;
    uint32_t read_at; /* free-running; the ring holds written_at - read_at */
    uint32_t written_at;
    uint8_t ring[RING_BYTES];
} console;

struct object *
console_object(void)
{
    return &console.object;
}

void
console_object_init(void)
{
    object_init(&console.object, OBJECT_CONSOLE);
    list_init(&console.readers);
}

void
console_object_destroy(UNUSED struct object *object)
{
    panic("console: its last reference is the kernel's");
}

/* Take what the line has: ^C to the watcher, the rest into the ring. ^C takes
 * along what was typed before it and nobody has read, as on any terminal: it was
 * meant for the program that ends. What does not fit stays in the line's own
 * buffer, which holds the sender back. */
static void
console_fill_ring(void)
{
    int byte;

    while (console.written_at - console.read_at < RING_BYTES
           && console_try_get(&byte)) {
        if (byte == CONTROL_C && console.watcher != NULL) {
            console.read_at = console.written_at;
            notification_signal(console.watcher, console.watch_bits);
            continue;
        }
        console.ring[console.written_at % RING_BYTES] = (uint8_t)byte;
        console.written_at++;
    }
}

void
console_object_interrupt(void)
{
    if (!console_interrupt()) {
        return;
    }
    console_fill_ring();
    while (console.written_at != console.read_at
           && !list_is_empty(&console.readers)) {
        struct thread *reader =
            LIST_ENTRY(list_first(&console.readers), struct thread, wait_link);

        /* It runs its call again and finds the bytes, if nobody was faster. */
        list_remove(&reader->wait_link);
        thread_wake(reader);
    }
}

static void
console_abort_read(struct thread *thread, enum status status)
{
    list_remove(&thread->wait_link);
    thread->resume = RESUME_USER;
    thread->context.frame->rax = (uint64_t)(int64_t)status;
}

static const struct wait_class console_read_wait = {
    .name = "console",
    .abort = console_abort_read,
};

int64_t
console_object_read(uint64_t to, uint64_t bytes, uint64_t deadline_ns)
{
    struct thread *thread = thread_current();
    uint8_t chunk[CHUNK_BYTES];
    uint32_t count = console.written_at - console.read_at;
    enum status status;

    if (console.first_read_tsc == 0) {
        console.first_read_tsc = cpu_tsc();
    }
    if (count == 0) {
        if (!thread_set_deadline(thread, deadline_ns)) {
            return ST_ETIMEDOUT;
        }
        list_add_tail(&console.readers, &thread->wait_link);
        thread_wait(&console_read_wait, &console, RESUME_SYSCALL);
    }
    count = count < CHUNK_BYTES ? count : CHUNK_BYTES;
    count = count < bytes ? count : (uint32_t)bytes;
    for (uint32_t i = 0; i < count; i++) {
        chunk[i] = console.ring[(console.read_at + i) % RING_BYTES];
    }
    /* Class B: the bytes leave the ring only after they have arrived. */
    status = usercopy_out(to, chunk, count);
    if (status != ST_OK) {
        return status;
    }
    console.read_at += count;
    console_fill_ring();
    return count;
}

int64_t
console_object_write(uint64_t from, uint64_t bytes)
{
    struct thread *thread = thread_current();
    uint8_t chunk[CHUNK_BYTES];
    uint64_t done;

    while (thread->progress < bytes) {
        uint64_t count = bytes - thread->progress;

        count = count < CHUNK_BYTES ? count : CHUNK_BYTES;
        if (usercopy_in(chunk, from + thread->progress, count) != ST_OK) {
            break;
        }
        console_write((const char *)chunk, count);
        thread->progress += count;
        sched_checkpoint();
    }
    done = thread->progress;
    thread->progress = 0;
    return done == 0 && bytes != 0 ? ST_EFAULT : (int64_t)done;
}

/* A ^C that came before its watcher: typed right behind the line that starts a
 * program, say. It, too, takes what was typed before it along.
 * Returns whether there was one. */
static bool
console_take_control_c(void)
{
    for (uint32_t at = console.written_at; at != console.read_at; at--) {
        if (console.ring[(at - 1) % RING_BYTES] == CONTROL_C) {
            console.read_at = at;
            return true;
        }
    }
    return false;
}

void
console_object_watch(struct notification *watcher, uint64_t bits)
{
    if (watcher != NULL) {
        object_get(&watcher->object);
    }
    if (console.watcher != NULL) {
        object_put(&console.watcher->object);
    }
    console.watcher = watcher;
    console.watch_bits = bits;
    if (watcher != NULL && console_take_control_c()) {
        notification_signal(watcher, bits);
    }
}

uint64_t
console_prompt_tsc(void)
{
    return console.first_read_tsc;
}
