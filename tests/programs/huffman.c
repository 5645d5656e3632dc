/* SPDX-License-Identifier: MIT */
/* Huffman's code: built on a heap, written and read back bit by bit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct node {
    unsigned long weight;
    int symbol, order;
    struct node *child[2];
};

static struct node pool[512], *heap[256];
static int used, heaped;
static char codes[256][64];

static int
before(const struct node *a, const struct node *b)
{
    return a->weight != b->weight ? a->weight < b->weight : a->order < b->order;
}

static void
push(struct node *n)
{
    int i = heaped++;

    for (; i > 0 && before(n, heap[(i - 1) / 2]); i = (i - 1) / 2) {
        heap[i] = heap[(i - 1) / 2];
    }
    heap[i] = n;
}

static struct node *
pop(void)
{
    struct node *top = heap[0], *last = heap[--heaped];
    int i = 0;

    for (int c; (c = 2 * i + 1) < heaped; i = c) {
        c += c + 1 < heaped && before(heap[c + 1], heap[c]);
        if (!before(heap[c], last)) {
            break;
        }
        heap[i] = heap[c];
    }
    heap[i] = last;
    return top;
}

static void
assign(const struct node *n, char *prefix, int depth)
{
    if (n->child[0] == NULL) {
        prefix[depth] = '\0';
        strcpy(codes[n->symbol], prefix);
        return;
    }
    for (int i = 0; i < 2; i++) {
        prefix[depth] = (char)('0' + i);
        assign(n->child[i], prefix, depth + 1);
    }
}

int
main(void)
{
    static const char text[] = "a page fault served by a user process in fewer "
                               "instructions than anybody else executes for it";
    unsigned long weights[256] = { 0 };
    char prefix[64], *bits = calloc(1, 64 * sizeof(text)), *at = bits;
    struct node *root;

    for (const char *p = text; *p != '\0'; p++) {
        weights[(unsigned char)*p]++;
    }
    for (int i = 0; i < 256; i++) {
        if (weights[i] > 0) {
            pool[used] = (struct node){ weights[i], i, used, { NULL, NULL } };
            push(&pool[used++]);
        }
    }
    while (heaped > 1) {
        struct node *a = pop(), *b = pop();

        pool[used] = (struct node){ a->weight + b->weight, -1, used, { a, b } };
        push(&pool[used++]);
    }
    root = pop();
    assign(root, prefix, 0);
    for (const char *p = text; *p != '\0'; p++) {
        at = stpcpy(at, codes[(unsigned char)*p]);
    }
    printf("%zu letters, %zu bits\n", strlen(text), strlen(bits));
    for (const char *p = "a est"; *p != '\0'; p++) {
        printf("'%c' %zu bits\n", *p, strlen(codes[(unsigned char)*p]));
    }
    for (const char *p = bits; *p != '\0';) {
        const struct node *n = root;

        while (n->child[0] != NULL) {
            n = n->child[*p++ - '0'];
        }
        putchar(n->symbol);
    }
    putchar('\n');
    free(bits);
    return 0;
}
