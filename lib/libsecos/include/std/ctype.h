/* SPDX-License-Identifier: MIT */
/* The standard name of libsecos/ctype.h. */
#pragma once

#include <libsecos/ctype.h>
