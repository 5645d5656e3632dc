/* SPDX-License-Identifier: MIT */
/* The standard name of libsecos/assert.h, which may be included again. */
#include <libsecos/assert.h>
