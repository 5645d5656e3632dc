/* SPDX-License-Identifier: MIT */
/* Names of processes, of those too that have ended since. */
#pragma once

#include <stdint.h>

#include <secos/process.h>

/* A program called @name was started as process @id. */
void names_remember(uint32_t id, const char *name);

/* Show every remembered one to @see. */
void names_each(void (*see)(uint32_t id, const char *name));

/* The name of process @id, living or remembered, NUL-terminated in @text; "" if
 * nobody knows it. Returns @text. */
const char *names_of(uint32_t id, char text[NAME_BYTES + 1]);
