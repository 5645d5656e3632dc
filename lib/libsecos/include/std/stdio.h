/* SPDX-License-Identifier: MIT */
/* The standard name of libsecos/stdio.h. */
#pragma once

#include <libsecos/stdio.h>
