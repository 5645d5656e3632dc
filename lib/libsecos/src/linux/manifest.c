/* SPDX-License-Identifier: MIT */
/* The manifest of a hosted program that has none of its own: least privilege,
 * and the stack that programs for Linux expect. */
#include <libsecos/manifest.h>

#include "linux.h"

SECOS_MANIFEST(0, 0, LINUX_STACK_BYTES);
