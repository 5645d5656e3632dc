/* SPDX-License-Identifier: MIT */
/* A JSON reader and writer on a tree of values. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind {
    NIL,
    BOOL,
    NUMBER,
    STRING,
    ARRAY,
    OBJECT
};

struct value {
    enum kind kind;
    double number;
    char *text, *key;
    struct value *first, *next;
};

static const char *at;

static void
blanks(void)
{
    at += strspn(at, " \t\r\n");
}

static char *
string(void)
{
    char *out = malloc(strlen(at) + 1), *to = out;

    for (at++; *at != '"' && *at != '\0'; at++) {
        if (*at == '\\') {
            static const char from[] = "nrtbf", codes[] = "\n\r\t\b\f";
            const char *found = strchr(from, *++at);

            if (*at == 'u') {
                unsigned code;

                sscanf(at + 1, "%4x", &code);
                to += sprintf(to, "<U+%04X>", code);
                at += 4;
                continue;
            }
            *to++ = found != NULL ? codes[found - from] : *at;
        } else {
            *to++ = *at;
        }
    }
    at++;
    *to = '\0';
    return realloc(out, (size_t)(to - out) + 100);
}

static struct value *
parse(void)
{
    struct value *v = calloc(1, sizeof(*v));

    blanks();
    if (*at == '{' || *at == '[') {
        char close = *at == '{' ? '}' : ']';
        struct value **tail = &v->first;

        v->kind = *at++ == '{' ? OBJECT : ARRAY;
        for (blanks(); *at != close; blanks()) {
            char *key = NULL;

            if (v->kind == OBJECT) {
                key = string();
                blanks();
                at++;
            }
            *tail = parse();
            (*tail)->key = key;
            tail = &(*tail)->next;
            blanks();
            at += *at == ',';
        }
        at++;
    } else if (*at == '"') {
        v->kind = STRING;
        v->text = string();
    } else if (strncmp(at, "null", 4) == 0) {
        at += 4;
    } else if (*at == 't' || *at == 'f') {
        v->kind = BOOL;
        v->number = *at == 't';
        at += *at == 't' ? 4 : 5;
    } else {
        v->kind = NUMBER;
        v->number = strtod(at, (char **)&at);
    }
    return v;
}

static void
show(const struct value *v, int depth)
{
    printf("%*s", depth * 2, "");
    if (v->key != NULL) {
        printf("%s: ", v->key);
    }
    switch (v->kind) {
    case NIL:
        puts("null");
        break;
    case BOOL:
        puts(v->number != 0 ? "true" : "false");
        break;
    case NUMBER:
        printf("%.15g\n", v->number);
        break;
    case STRING:
        printf("\"%s\"\n", v->text);
        break;
    case ARRAY:
    case OBJECT:
        puts(v->kind == ARRAY ? "array" : "object");
        for (const struct value *c = v->first; c != NULL; c = c->next) {
            show(c, depth + 1);
        }
        break;
    }
}

static void
drop(struct value *v)
{
    while (v != NULL) {
        struct value *next = v->next;

        drop(v->first);
        free(v->text);
        free(v->key);
        free(v);
        v = next;
    }
}

int
main(void)
{
    struct value *v;

    at = "{\"name\": \"SecOS\", \"bits\": 64, \"pi\": 3.14159265358979,"
         "\"tags\": [\"micro\", \"kernel\", [], {}], \"pager\": {\"ring\": 3,"
         "\"trusted\": false, \"note\": null}, \"text\": \"a\\tb\\\"c\\u20AC\","
         "\"big\": -1.5e300}";
    v = parse();
    show(v, 0);
    drop(v);
    return 0;
}
