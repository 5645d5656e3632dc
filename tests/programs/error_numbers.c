/* SPDX-License-Identifier: MIT */
/* errno: kept by success, set by failure, one for each thread. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

static int
other(void *unused)
{
    (void)unused;
    errno = 77;
    return errno;
}

int
main(void)
{
    thrd_t thread;
    int result = 0;

    errno = 5;
    printf("%d %d\n", atoi("12"), errno);
    thrd_create(&thread, other, NULL);
    thrd_join(thread, &result);
    printf("%d %d\n", result, errno);
    errno = 0;
    strtol("99999999999999999999", NULL, 10);
    printf("%d\n", errno == ERANGE);
    errno = 0;
    printf("%d %d\n", fopen("/no/such/file", "r") == NULL, errno == ENOENT);
    printf("%d %d\n", strlen(strerror(ENOENT)) > 0,
           strcmp(strerror(ENOENT), strerror(EINVAL)) != 0);
    return 0;
}
