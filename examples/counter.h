/* SPDX-License-Identifier: MIT */
/*
 * What the counter server and its clients say to each other.
 *
 *      call     label = COUNTER_ADD    w0 = how much       reply  w0 = the new sum
 *               label = COUNTER_LEAVE                      reply  w0 = calls made
 *      reply    label = 0, or 1 for a label that is none
 *
 * Who calls is told by the badge of the handle: a client cannot choose it.
 */
#pragma once

#define COUNTER_ADD   1
#define COUNTER_LEAVE 2
