/* SPDX-License-Identifier: MIT */
/* A hash table with open addressing counts the words of a text. */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    char *word;
    int count;
};

static struct entry *table;
static size_t room, used;

static struct entry *
lookup(const char *word)
{
    uint64_t hash = 14695981039346656037u;

    for (const char *p = word; *p != '\0'; p++) {
        hash = (hash ^ (unsigned char)*p) * 1099511628211u;
    }
    for (size_t i = hash % room;; i = (i + 1) % room) {
        if (table[i].word == NULL || strcmp(table[i].word, word) == 0) {
            return &table[i];
        }
    }
}

static void
grow(void)
{
    struct entry *old = table;
    size_t old_room = room;

    room = room == 0 ? 8 : room * 2;
    table = calloc(room, sizeof(*table));
    for (size_t i = 0; i < old_room; i++) {
        if (old[i].word != NULL) {
            *lookup(old[i].word) = old[i];
        }
    }
    free(old);
}

static int
compare(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    return x->count != y->count ? y->count - x->count
                                : strcmp(x->word, y->word);
}

int
main(void)
{
    char word[64];
    size_t n = 0;
    int c, words = 0;

    do {
        c = getchar();
        if (isalpha(c)) {
            word[n++] = (char)tolower(c);
            continue;
        }
        word[n] = '\0';
        if (n > 0) {
            struct entry *entry;

            if (used * 2 >= room) {
                grow();
            }
            entry = lookup(word);
            if (entry->word == NULL) {
                entry->word = strdup(word);
                used++;
            }
            entry->count++;
            words++;
        }
        n = 0;
    } while (c != EOF);
    for (size_t i = 0, j = 0; i < room; i++) {
        if (table[i].word != NULL) {
            table[j++] = table[i];
        }
    }
    qsort(table, used, sizeof(*table), compare);
    printf("%d words, %zu different\n", words, used);
    for (size_t i = 0; i < used; i++) {
        if (table[i].count > 1) {
            printf("%4d %s\n", table[i].count, table[i].word);
        }
    }
    return 0;
}
