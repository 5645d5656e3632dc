/* SPDX-License-Identifier: MIT */
/* The fault journal as sys_faults tells it: one row for each page fault that is
 * over, whoever answered it. */
#pragma once

#include <stdint.h>

/* How a fault ended: the pager's verdict (enum verdict of secos/fault.h), or one
 * of these, which no pager spoke. */
enum fault_ending {
    FAULT_ENDED_CANCELLED = 16, /* its region or its last waiter went      */
    FAULT_ENDED_OBJECT = 17,    /* the kernel showed a memory object's page */
    FAULT_ENDED_REFUSED = 18,   /* the process ended: nothing allows it    */
    FAULT_ENDED_GONE = 19,      /* no pager came in time                   */
    FAULT_ENDED_MEMORY = 20,    /* no memory for the answer                */
};

/* Times are ticks of the TSC since the trap; 0 = that did not happen. Counts are
 * those of the processor between trap and answer, whoever caused them. */
struct fault_record {
    uint64_t sequence; /* counts all faults since the start         */
    uint64_t id;       /* the reply id; 0 = no message was sent     */
    uint64_t page;     /* address / 4096, of the client             */
    uint64_t trap_tsc;
    uint64_t delivered; /* the pager had the question               */
    uint64_t replied;   /* the kernel had the answer                */
    uint64_t resumed;   /* the page was there, the client could run */
    uint32_t client;    /* process that faulted                     */
    uint32_t pager;     /* process that answered; 0 = the kernel    */
    uint32_t region;    /* region_info.id, its low 24 bits          */
    uint32_t kernel_entries;
    uint32_t cr3_loads; /* the one that goes back to the client is not in it */
    uint32_t tlb_flushes; /* of pages or of everything                         */
    uint32_t kind;    /* enum region_kind; 0 = no region                   */
    uint32_t access;  /* enum fault_access bits                            */
    uint32_t verdict; /* enum verdict or enum fault_ending                 */
    uint32_t run;     /* pages that the verdict was for                    */
};

_Static_assert(sizeof(struct fault_record) == 96, "no padding");
