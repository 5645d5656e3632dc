/* SPDX-License-Identifier: MIT */
/* The standard name of libsecos/errno.h. */
#pragma once

#include <libsecos/errno.h>
