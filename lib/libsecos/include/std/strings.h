/* SPDX-License-Identifier: MIT */
/* POSIX has strcasecmp here. */
#pragma once

#include <libsecos/string.h>
