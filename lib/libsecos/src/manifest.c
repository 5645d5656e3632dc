/* SPDX-License-Identifier: MIT */
/* The manifest of programs that have none of their own: user.ld asks for the
 * symbol, and the archive gives this file to whoever has not defined it. */
#include <libsecos/manifest.h>

SECOS_MANIFEST(0, 0, 0);
