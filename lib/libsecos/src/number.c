/* SPDX-License-Identifier: MIT */
/* Text to numbers, division, and rand. Pure but for errno and the seed. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libsecos/ctype.h>
#include <libsecos/errno.h>
#include <libsecos/stdlib.h>

_Static_assert(sizeof(long) == sizeof(long long), "strtol serves both");

/* What strto... found in its string. */
struct number {
    const char *end; /* behind the last digit; the start if there is none */
    uint64_t magnitude;
    bool negative;
    bool overflow;
};

static int
number_digit(char c)
{
    if (isdigit(c)) {
        return c - '0';
    }
    return isalpha(c) ? tolower(c) - 'a' + 10 : 99;
}

/* Step over 0x where base 16 is possible and a digit follows; settle *base. */
static const char *
number_prefix(const char *at, int *base)
{
    bool hex = at[0] == '0' && (at[1] == 'x' || at[1] == 'X')
               && isxdigit(at[2]);

    if ((*base == 0 || *base == 16) && hex) {
        *base = 16;
        return at + 2;
    }
    if (*base == 0) {
        *base = at[0] == '0' ? 8 : 10;
    }
    return at;
}

static struct number
number_parse(const char *s, int base)
{
    struct number n = { .end = s };
    const char *at = s;

    while (isspace(*at)) {
        at++;
    }
    n.negative = *at == '-';
    if (*at == '-' || *at == '+') {
        at++;
    }
    at = number_prefix(at, &base);
    while (number_digit(*at) < base) {
        uint64_t digit = (uint64_t)number_digit(*at);
        uint64_t next;

        if (__builtin_mul_overflow(n.magnitude, (uint64_t)base, &next)
            || __builtin_add_overflow(next, digit, &next)) {
            n.overflow = true;
        } else {
            n.magnitude = next;
        }
        at++;
        n.end = at;
    }
    return n;
}

static bool
number_base_is_valid(int base)
{
    return base == 0 || (base >= 2 && base <= 36);
}

static void
number_set_end(char **end, const char *at)
{
    if (end != NULL) {
        *end = (char *)(uintptr_t)at;
    }
}

unsigned long
strtoul(const char *restrict s, char **restrict end, int base)
{
    struct number n;

    if (!number_base_is_valid(base)) {
        errno = EINVAL;
        number_set_end(end, s);
        return 0;
    }
    n = number_parse(s, base);
    number_set_end(end, n.end);
    if (n.overflow) {
        errno = ERANGE;
        return UINT64_MAX;
    }
    return n.negative ? 0 - n.magnitude : n.magnitude;
}

long
strtol(const char *restrict s, char **restrict end, int base)
{
    struct number n;
    uint64_t limit;

    if (!number_base_is_valid(base)) {
        errno = EINVAL;
        number_set_end(end, s);
        return 0;
    }
    n = number_parse(s, base);
    number_set_end(end, n.end);
    limit = (uint64_t)INT64_MAX + (n.negative ? 1 : 0);
    if (n.overflow || n.magnitude > limit) {
        errno = ERANGE;
        return n.negative ? INT64_MIN : INT64_MAX;
    }
    return (long)(n.negative ? 0 - n.magnitude : n.magnitude);
}

long long
strtoll(const char *restrict s, char **restrict end, int base)
{
    return strtol(s, end, base);
}

unsigned long long
strtoull(const char *restrict s, char **restrict end, int base)
{
    return strtoul(s, end, base);
}

int
atoi(const char *s)
{
    return (int)strtol(s, NULL, 10);
}

long
atol(const char *s)
{
    return strtol(s, NULL, 10);
}

long long
atoll(const char *s)
{
    return strtol(s, NULL, 10);
}

int
abs(int x)
{
    return x < 0 ? -x : x;
}

long
labs(long x)
{
    return x < 0 ? -x : x;
}

long long
llabs(long long x)
{
    return x < 0 ? -x : x;
}

div_t
div(int dividend, int divisor)
{
    return (div_t){ dividend / divisor, dividend % divisor };
}

ldiv_t
ldiv(long dividend, long divisor)
{
    return (ldiv_t){ dividend / divisor, dividend % divisor };
}

static uint64_t number_seed = 1;

void
srand(unsigned seed)
{
    number_seed = seed;
}

/* A linear congruence whose low bits, the weak ones, are thrown away.
 * Source: Knuth, "The Art of Computer Programming" vol. 2, "The Linear
 * Congruential Method" (3.3.4, table 1, line 26). */
int
rand(void)
{
    number_seed = number_seed * 6364136223846793005u + 1442695040888963407u;
    return (int)(number_seed >> 33);
}

/* Here and not in a file of its own: programs ask, and the answer is no. */
char *
getenv(const char *name)
{
    (void)name;
    return NULL;
}
