/* SPDX-License-Identifier: MIT */
/* A tiny language of eight signs, interpreted: it greets, counts and reverses. */
#include <stdio.h>
#include <string.h>

static unsigned char cells[30000];

static void
run(const char *program, const char *input)
{
    unsigned char *cell = cells + 1000;

    memset(cells, 0, sizeof(cells));
    for (const char *p = program; *p != '\0'; p++) {
        int depth = 0;

        switch (*p) {
        case '>':
            cell++;
            break;
        case '<':
            cell--;
            break;
        case '+':
            ++*cell;
            break;
        case '-':
            --*cell;
            break;
        case '.':
            putchar(*cell);
            break;
        case ',':
            *cell = (unsigned char)*input;
            input += *input != '\0';
            break;
        case '[':
            if (*cell == 0) {
                do {
                    depth += *p == '[' ? 1 : *p == ']' ? -1 : 0;
                    p++;
                } while (depth != 0);
                p--;
            }
            break;
        case ']':
            if (*cell != 0) {
                do {
                    depth += *p == ']' ? 1 : *p == '[' ? -1 : 0;
                    p--;
                } while (depth != 0);
                p++;
            }
            break;
        }
    }
}

int
main(void)
{
    run("++++++++[>++++[>++>+++>+++>+<<<<-]>+>+>->>+[<]<-]>>.>---.+++++++..+++.>>."
        "<-.<.+++.------.--------.>>+.>++.",
        "");
    run("++++++[>++++++++++<-]>+++++<+++++++[>.+<-]", "");
    run(",[>,]<[.<]", "lenrekorcim");
    putchar('\n');
    return 0;
}
