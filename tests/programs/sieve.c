/* SPDX-License-Identifier: MIT */
/* Primes by the sieve of Eratosthenes; twins and gaps among them. */
#include <stdio.h>
#include <string.h>

#define LIMIT 2000000

static unsigned char composite[LIMIT + 1];

int
main(void)
{
    int count = 0, twins = 0, last = 2, gap = 0, gap_at = 0;

    for (int i = 2; i <= LIMIT; i++) {
        if (composite[i]) {
            continue;
        }
        count++;
        twins += i - last == 2;
        if (i - last > gap) {
            gap = i - last;
            gap_at = last;
        }
        last = i;
        for (long j = (long)i * i; j <= LIMIT; j += i) {
            composite[j] = 1;
        }
    }
    printf("%d primes, %d twins, largest gap %d after %d, last %d\n", count,
           twins, gap, gap_at, last);
    return 0;
}
