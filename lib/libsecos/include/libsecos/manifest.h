/* SPDX-License-Identifier: MIT */
/*
 * The manifest of a program of one's own. A program that says nothing gets
 * libsecos's (src/manifest.c): least privilege, no memory bound of its own. One
 * that needs more says so once, at file scope:
 *
 *      SECOS_MANIFEST(1u << SYS_GROUP_IPC, 16 << 20, 0);
 *
 * user.ld puts it into a PT_NOTE; secos/manifest.h describes its bytes.
 */
#pragma once

#include <secos/manifest.h>
