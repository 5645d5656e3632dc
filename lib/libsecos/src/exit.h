/* SPDX-License-Identifier: MIT */
/* Between exit and stdio: a program that never prints has no streams in it. */
#pragma once

/* Sends what the streams still hold; NULL until one of them was used. */
extern void (*exit_flush)(void);
