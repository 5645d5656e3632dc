/* SPDX-License-Identifier: MIT */
/* The standard name of libsecos/string.h. */
#pragma once

#include <libsecos/string.h>
