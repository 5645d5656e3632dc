/* SPDX-License-Identifier: MIT */
/* A thousand digits of pi by the spigot of Rabinowitz and Wagon. */
#include <stdio.h>

#define DIGITS 1000
#define CELLS  (DIGITS * 10 / 3 + 2)

static int cell[CELLS];

int
main(void)
{
    int nines = 0, held = 0, started = 0, written = 0;

    for (int i = 0; i < CELLS; i++) {
        cell[i] = 2;
    }
    for (int n = 0; n <= DIGITS; n++) {
        int carry = 0, digit;

        for (int i = CELLS - 1; i > 0; i--) {
            int x = 10 * cell[i] + carry * (i + 1);

            cell[i] = x % (2 * i + 1);
            carry = x / (2 * i + 1);
        }
        digit = (10 * cell[0] + carry) / 10;
        cell[0] = (10 * cell[0] + carry) % 10;
        if (digit == 9) {
            nines++;
            continue;
        }
        if (started) {
            printf("%d", held + digit / 10);
            written++;
        }
        for (; nines > 0; nines--) {
            printf("%d", digit == 10 ? 0 : 9);
            written++;
        }
        started = 1;
        held = digit % 10;
    }
    printf("\n%d\n", written);
    return 0;
}
