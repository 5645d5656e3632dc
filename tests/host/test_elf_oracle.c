/* SPDX-License-Identifier: MIT */
/*
 * elf_validate against a second opinion: tests/tools/elf_oracle.py, written
 * from the documents in another language.
 *
 *      test_elf_oracle [SEED]      run the comparison; what `make` does
 *      test_elf_oracle --verdicts  answer the oracle: images on stdin, each with
 *                                  its length in four bytes before it; one line
 *                                  for each: the code and, if 0, the plan
 */
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "elf_sample.h"

static void
print_verdict(enum elf_status status, const struct elf_plan *plan)
{
    const struct manifest *m = &plan->manifest;

    printf("%d", (int)status);
    if (status != ELF_OK) {
        printf("\n");
        return;
    }
    printf(" entry=%#llx movable=%d align=%#llx pages=%#llx-%#llx count=%llu",
           (unsigned long long)plan->entry, plan->movable,
           (unsigned long long)plan->align,
           (unsigned long long)plan->first_page,
           (unsigned long long)plan->end_page,
           (unsigned long long)plan->page_count);
    for (unsigned i = 0; i < plan->segment_count; i++) {
        const struct elf_segment *s = &plan->segments[i];

        printf(" segment=%#llx+%#llx,%#llx+%#llx,%u",
               (unsigned long long)s->vaddr, (unsigned long long)s->mem_bytes,
               (unsigned long long)s->offset, (unsigned long long)s->file_bytes,
               s->prot);
    }
    printf(" manifest=%u,%u,%#x,%#llx,%#llx,%#x,%u,%#llx\n", m->present,
           m->version, m->flags, (unsigned long long)m->max_mem,
           (unsigned long long)m->entry_hint, m->permissions,
           m->priority_ceiling, (unsigned long long)m->stack_bytes);
}

static int
answer_oracle(void)
{
    uint32_t bytes;

    while (fread(&bytes, sizeof bytes, 1, stdin) == 1) {
        uint8_t *image = malloc(bytes + 1u);
        struct elf_plan plan;

        if (fread(image, 1, bytes, stdin) != bytes) {
            fprintf(stderr, "test_elf_oracle: input cut\n");
            return EXIT_FAILURE;
        }
        print_verdict(sample_validate(image, bytes, bytes % 8, &plan), &plan);
        free(image);
    }
    return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
    const char *python = getenv("PYTHON");
    char *const arguments[] = { (char *)(python != NULL ? python : "python3"),
                                (char *)"tests/tools/elf_oracle.py", argv[0],
                                argc > 1 ? argv[1] : NULL, NULL };

    if (argc > 1 && strcmp(argv[1], "--verdicts") == 0) {
        return answer_oracle();
    }
    execvp(arguments[0], arguments);
    perror(arguments[0]);
    return EXIT_FAILURE;
}
