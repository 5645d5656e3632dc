/* SPDX-License-Identifier: MIT */
/* libsecos's C functions under names that do not collide with the host's: the
 * sources themselves, unchanged. Knows no header of the host. */
#define atoi        secos_atoi
#define atol        secos_atol
#define atoll       secos_atoll
#define abs         secos_abs
#define labs        secos_labs
#define llabs       secos_llabs
#define div         secos_div
#define ldiv        secos_ldiv
#define rand        secos_rand
#define srand       secos_srand
#define getenv      secos_getenv
#define errno       secos_errno
#define strtol      secos_strtol
#define strtoll     secos_strtoll
#define strtoul     secos_strtoul
#define strtoull    secos_strtoull
#define qsort       secos_qsort
#define bsearch     secos_bsearch
#define strcpy      secos_strcpy
#define strncpy     secos_strncpy
#define stpcpy      secos_stpcpy
#define strcat      secos_strcat
#define strncat     secos_strncat
#define strlcat     secos_strlcat
#define strlcpy     secos_strlcpy
#define strspn      secos_strspn
#define strcspn     secos_strcspn
#define strpbrk     secos_strpbrk
#define strtok_r    secos_strtok_r
#define strtok      secos_strtok
#define strcasecmp  secos_strcasecmp
#define strncasecmp secos_strncasecmp
#define strcoll     secos_strcoll
#define memrchr     secos_memrchr
#define mempcpy     secos_mempcpy
#define strdup      secos_strdup
#define strndup     secos_strndup
#define strerror    secos_strerror

#include "lib/base/src/strlcpy.c"
#include "lib/libsecos/src/number.c"
#include "lib/libsecos/src/sort.c"
#include "lib/libsecos/src/status.c"
#include "lib/libsecos/src/string.c"
