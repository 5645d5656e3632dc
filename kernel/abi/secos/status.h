/* SPDX-License-Identifier: MIT */
/*
 * Every status a system call returns. 0 and above is success; where Linux has
 * the same error its number is used, so that a foreign C library reads ours.
 */
#pragma once

/* X(name without ST_, value, meaning) */
#define STATUS_LIST(X)                                             \
    X(EPERM, -1, "the handle or the manifest does not allow this") \
    X(ENOENT, -2, "no such name, module or page")                  \
    X(ESRCH, -3, "the process or thread has ended")                \
    X(EINTR, -4, "interrupted")                                    \
    X(E2BIG, -7, "too long")                                       \
    X(ENOEXEC, -8, "not a program that SecOS can run")             \
    X(EBADF, -9, "no such handle, or one of another kind")         \
    X(EAGAIN, -11, "a limit was reached; it may be lower later")   \
    X(ENOMEM, -12, "no memory, or over the quota")                 \
    X(EFAULT, -14, "bad address")                                  \
    X(EBUSY, -16, "in use")                                        \
    X(EEXIST, -17, "already there")                                \
    X(ENODEV, -19, "this machine has no such device")              \
    X(EINVAL, -22, "invalid argument")                             \
    X(EMFILE, -24, "no free handle slot")                          \
    X(EPIPE, -32, "the other side is gone")                        \
    X(EDEADLK, -35, "would wait for itself")                       \
    X(ENOSYS, -38, "no such system call")                          \
    X(ETIMEDOUT, -110, "the deadline passed")                      \
    X(EGONE, -200, "what the reply was for no longer exists")      \
    X(EPAGER, -201, "the pager failed this page")

enum status {
    ST_OK = 0,
#define STATUS_ENUM(name, value, text) ST_##name = value,
    STATUS_LIST(STATUS_ENUM)
#undef STATUS_ENUM
};
