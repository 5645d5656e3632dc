/* SPDX-License-Identifier: MIT */
/* A balanced tree (AVL): insertions, removals, and its law after each step. */
#include <stdio.h>
#include <stdlib.h>

struct node {
    int key, height;
    struct node *left, *right;
};

static int
height(const struct node *n)
{
    return n != NULL ? n->height : 0;
}

static void
update(struct node *n)
{
    int l = height(n->left), r = height(n->right);

    n->height = (l > r ? l : r) + 1;
}

static struct node *
turn_right(struct node *n)
{
    struct node *top = n->left;

    n->left = top->right;
    top->right = n;
    update(n);
    update(top);
    return top;
}

static struct node *
turn_left(struct node *n)
{
    struct node *top = n->right;

    n->right = top->left;
    top->left = n;
    update(n);
    update(top);
    return top;
}

static struct node *
balance(struct node *n)
{
    int lean;

    update(n);
    lean = height(n->left) - height(n->right);
    if (lean > 1) {
        if (height(n->left->left) < height(n->left->right)) {
            n->left = turn_left(n->left);
        }
        return turn_right(n);
    }
    if (lean < -1) {
        if (height(n->right->right) < height(n->right->left)) {
            n->right = turn_right(n->right);
        }
        return turn_left(n);
    }
    return n;
}

static struct node *
insert(struct node *n, int key)
{
    if (n == NULL) {
        n = calloc(1, sizeof(*n));
        n->key = key;
    } else if (key < n->key) {
        n->left = insert(n->left, key);
    } else if (key > n->key) {
        n->right = insert(n->right, key);
    }
    return balance(n);
}

static struct node *
take_least(struct node *n, struct node **least)
{
    if (n->left == NULL) {
        *least = n;
        return n->right;
    }
    n->left = take_least(n->left, least);
    return balance(n);
}

static struct node *
erase(struct node *n, int key)
{
    if (n == NULL) {
        return NULL;
    }
    if (key < n->key) {
        n->left = erase(n->left, key);
    } else if (key > n->key) {
        n->right = erase(n->right, key);
    } else {
        struct node *l = n->left, *r = n->right, *least;

        free(n);
        if (r == NULL) {
            return l;
        }
        r = take_least(r, &least);
        least->left = l;
        least->right = r;
        return balance(least);
    }
    return balance(n);
}

static int
check(const struct node *n, long low, long high)
{
    int l, r;

    if (n == NULL) {
        return 0;
    }
    l = check(n->left, low, n->key);
    r = check(n->right, n->key, high);
    if (l < 0 || r < 0 || abs(l - r) > 1 || n->key <= low || n->key >= high) {
        return -1;
    }
    return (l > r ? l : r) + 1;
}

int
main(void)
{
    struct node *root = NULL;
    unsigned state = 7;

    for (int i = 0; i < 3000; i++) {
        state = state * 1664525u + 1013904223u;
        if (state >> 30 == 0) {
            root = erase(root, (int)(state >> 8) % 1000);
        } else {
            root = insert(root, (int)(state >> 8) % 1000);
        }
        if (i % 100 == 0 && check(root, -1, 1000) < 0) {
            printf("broken at %d\n", i);
            return 1;
        }
    }
    printf("height %d root %d\n", height(root), root->key);
    while (root != NULL) {
        root = erase(root, root->key);
    }
    puts("empty");
    return 0;
}
