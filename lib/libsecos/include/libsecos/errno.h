/* SPDX-License-Identifier: MIT */
/* <errno.h>: the statuses of secos/status.h with their sign turned, plus the
 * two that the C standard adds. Set by malloc, strtol and their like. */
#pragma once

#include <secos/status.h>

#define EPERM     (-ST_EPERM)
#define ENOENT    (-ST_ENOENT)
#define ESRCH     (-ST_ESRCH)
#define EINTR     (-ST_EINTR)
#define E2BIG     (-ST_E2BIG)
#define ENOEXEC   (-ST_ENOEXEC)
#define EBADF     (-ST_EBADF)
#define EAGAIN    (-ST_EAGAIN)
#define ENOMEM    (-ST_ENOMEM)
#define EFAULT    (-ST_EFAULT)
#define EBUSY     (-ST_EBUSY)
#define EEXIST    (-ST_EEXIST)
#define ENODEV    (-ST_ENODEV)
#define EINVAL    (-ST_EINVAL)
#define EMFILE    (-ST_EMFILE)
#define EPIPE     (-ST_EPIPE)
#define EDEADLK   (-ST_EDEADLK)
#define ENOSYS    (-ST_ENOSYS)
#define ETIMEDOUT (-ST_ETIMEDOUT)
#define EDOM      33
#define ERANGE    34
#define EILSEQ    84

#ifdef LIBSECOS_LINUX /* beside a C library that has one for each thread */
int *__errno_location(void);
#define errno (*__errno_location())
#else
extern int errno;
#endif
