/* SPDX-License-Identifier: MIT */
/* The client of the guest `detach`: obeys its supervisor. */
#pragma once

/* Words of an order: what, and two numbers. */
enum order {
    ORDER_CREATE = 1,  /* region of w1 pages, first w2, by the binding given */
    ORDER_TOUCH = 2,   /* write to page w1 of that region                    */
    ORDER_DESTROY = 3, /* pages w1 to w1 + w2 of it                          */
    ORDER_CHURN = 4,   /* create and destroy w1 times; how often it worked   */
    ORDER_RETRY = 5,   /* the same, until it worked w1 times                 */
    ORDER_EXIT = 6,
};

/* Call the supervisor again and again; each reply is an order, each call its
 * result. A binding that comes along is used from then on. */
int client_main(void);
