/* SPDX-License-Identifier: MIT */
/* The standard name of libsecos/stdlib.h. */
#pragma once

#include <libsecos/stdlib.h>
