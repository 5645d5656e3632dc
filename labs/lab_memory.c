/* SPDX-License-Identifier: MIT */
/* Memory that a checker shares with its children. In a file of its own, since
 * <sys/mman.h> and SecOS both have a PROT_READ. */
#include <stddef.h>

#include <sys/mman.h>

void *lab_shared(size_t bytes);

void *
lab_shared(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return memory == MAP_FAILED ? NULL : memory;
}
