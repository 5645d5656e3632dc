/* SPDX-License-Identifier: MIT */
#pragma once

/* What the first lines, `info` and sys_machine say. */
#define SECOS_VERSION "0.1"
