/* SPDX-License-Identifier: MIT */
/*
 * Signals that a process sends to itself: raise, abort.
 *
 *      kill, tkill --> pending --- not blocked ---> handler, or the default
 *                         ^                            |
 *                         +---- rt_sigprocmask --------+  called as a function,
 *                                                         from here
 *
 * No signal comes from outside, and a fault ends the process with SecOS's own
 * report. So a handler always runs in the middle of a system call that the
 * program made: it is a plain call, and a longjmp out of it is fine.
 */
#include <stddef.h>

#include <base/string.h>

#include <libsecos/process.h>

#include "linux.h"

#define SIGNALS 65u

/* Linux: asm/signal.h. */
#define SIGKILL      9u
#define SIGCHLD      17u
#define SIGCONT      18u
#define SIGSTOP      19u
#define SIGURG       23u
#define SIGWINCH     28u
#define SIG_DFL      0u
#define SIG_IGN      1u
#define SIG_BLOCK    0u
#define SIG_UNBLOCK  1u
#define SIG_SETMASK  2u
#define SA_SIGINFO   4u
#define SA_NODEFER   0x40000000u
#define SA_RESETHAND 0x80000000u

/* How a signal's number becomes an exit status, as in a Unix shell. */
#define SIGNAL_STATUS 128u

struct signal_action {
    uint64_t handler;
    uint64_t flags;
    uint64_t restorer;
    uint64_t mask;
};

/* What SA_SIGINFO handlers get: the number, and otherwise zeros. */
struct signal_info {
    int32_t number;
    int32_t rest[31];
};

static struct signal_action signal_actions[SIGNALS];
static uint64_t signal_mask;
static uint64_t signal_pending;

static uint64_t
signal_bit(uint64_t number)
{
    return 1ull << (number - 1);
}

static bool
signal_default_is_nothing(uint64_t number)
{
    return number == SIGCHLD || number == SIGCONT || number == SIGURG
           || number == SIGWINCH;
}

static void
signal_call(const struct signal_action *action, uint64_t number)
{
    void (*handler)(int, struct signal_info *, void *) =
        (void (*)(int, struct signal_info *, void *))action->handler;
    struct signal_info info = { .number = (int32_t)number };
    uint64_t context[128] = { 0 };

    handler((int)number, &info, context);
}

/* @number was taken out of signal_pending. */
static void
signal_deliver(uint64_t number)
{
    struct signal_action action = signal_actions[number];
    uint64_t mask = signal_mask;

    if (action.handler == SIG_IGN
        || (action.handler == SIG_DFL && signal_default_is_nothing(number))) {
        return;
    }
    if (action.handler == SIG_DFL) {
        process_exit((int)(SIGNAL_STATUS + number));
    }
    if ((action.flags & SA_RESETHAND) != 0) {
        signal_actions[number].handler = SIG_DFL;
    }
    signal_mask |= action.mask;
    if ((action.flags & SA_NODEFER) == 0) {
        signal_mask |= signal_bit(number);
    }
    signal_call(&action, number);
    signal_mask = mask;
}

static void
signal_deliver_all(void)
{
    uint64_t ready = signal_pending & ~signal_mask;

    while (ready != 0) {
        uint64_t number = (uint64_t)__builtin_ctzll(ready) + 1;

        signal_pending &= ~signal_bit(number);
        signal_deliver(number);
        ready = signal_pending & ~signal_mask;
    }
}

int64_t
linux_signal_send(uint64_t number)
{
    if (number >= SIGNALS) {
        return ST_EINVAL;
    }
    if (number != 0) {
        signal_pending |= signal_bit(number);
        signal_deliver_all();
    }
    return 0;
}

/* rt_sigaction(number, new, old, bytes of a mask) */
int64_t
linux_rt_sigaction(struct linux_call *call)
{
    uint64_t number = call->a;
    struct signal_action old;

    if (number == 0 || number >= SIGNALS || number == SIGKILL
        || number == SIGSTOP) {
        return ST_EINVAL;
    }
    old = signal_actions[number];
    if (call->b != 0) {
        memcpy(&signal_actions[number], (void *)(uintptr_t)call->b,
               sizeof(old));
    }
    if (call->c != 0) {
        memcpy((void *)(uintptr_t)call->c, &old, sizeof(old));
    }
    return 0;
}

/* rt_sigprocmask(how, new, old, bytes of a mask) */
int64_t
linux_rt_sigprocmask(struct linux_call *call)
{
    uint64_t never = signal_bit(SIGKILL) | signal_bit(SIGSTOP);
    uint64_t old = signal_mask;
    uint64_t change;

    if (call->b != 0) {
        memcpy(&change, (void *)(uintptr_t)call->b, sizeof(change));
        switch (call->a) {
        case SIG_BLOCK:
            signal_mask |= change;
            break;
        case SIG_UNBLOCK:
            signal_mask &= ~change;
            break;
        case SIG_SETMASK:
            signal_mask = change;
            break;
        default:
            return ST_EINVAL;
        }
        signal_mask &= ~never;
    }
    if (call->c != 0) {
        memcpy((void *)(uintptr_t)call->c, &old, sizeof(old));
    }
    signal_deliver_all();
    return 0;
}

static bool
signal_is_own(uint64_t process_id)
{
    return process_id == process_started->process_id || process_id == 0;
}

int64_t
linux_kill(struct linux_call *call)
{
    return signal_is_own(call->a) ? linux_signal_send(call->b) : ST_ESRCH;
}

/* tkill(thread, signal): all threads of a process share their signals. */
int64_t
linux_tkill(struct linux_call *call)
{
    return linux_signal_send(call->b);
}

int64_t
linux_tgkill(struct linux_call *call)
{
    return signal_is_own(call->a) ? linux_signal_send(call->c) : ST_ESRCH;
}
