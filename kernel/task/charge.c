/* SPDX-License-Identifier: MIT */
/* Charges of small objects. */
#include "charge.h"

#include "process.h"

enum status
charge_make(struct charge *charge, struct process *maker, uint64_t bytes)
{
    charge->maker = maker;
    charge->bytes = bytes;
    charge->on_orphan = NULL;
    list_init(&charge->link);
    if (maker == NULL) {
        return ST_OK;
    }
    list_add_tail(&maker->made, &charge->link);
    if (process_charge_bytes(maker, bytes) != ST_OK) {
        list_remove(&charge->link);
        charge->maker = NULL;
        return ST_ENOMEM;
    }
    return ST_OK;
}

void
charge_drop(struct charge *charge)
{
    if (charge->maker != NULL) {
        list_remove(&charge->link);
        process_uncharge_bytes(charge->maker, charge->bytes);
        charge->maker = NULL;
    }
}

bool
charge_orphan_step(struct process *maker, unsigned most)
{
    for (; most > 0 && !list_is_empty(&maker->made); most--) {
        struct charge *charge =
            LIST_ENTRY(list_first(&maker->made), struct charge, link);

        charge_drop(charge);
        if (charge->on_orphan != NULL) {
            charge->on_orphan(charge);
        }
    }
    return list_is_empty(&maker->made);
}
