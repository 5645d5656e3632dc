/* SPDX-License-Identifier: MIT */
/*
 * printf without a C library.
 *
 * A conversion is taken apart into a struct fmt_spec (what the format says) and
 * printed from a struct fmt_piece (what has to appear), always in this order:
 *
 *      |  spaces  | prefix |  zeros  |  text  |  spaces  |
 *        unless -   + 0x     0 or .n            if -
 *
 * so that flags, width and precision meet in one function, fmt_emit.
 */
#include <stdbool.h>
#include <stdint.h>

#include <base/fmt.h>
#include <base/string.h>

/* 64 binary digits would fit; we print at most 22 octal ones. */
#define FMT_DIGITS 24

enum fmt_length {
    FMT_INT,
    FMT_CHAR,
    FMT_SHORT,
    FMT_LONG,
};

struct fmt_spec {
    bool left;
    bool zero;
    bool plus;
    bool space;
    bool alternate;
    bool has_precision;
    size_t width;
    size_t precision;
    enum fmt_length length;
    char conversion;
};

struct fmt_piece {
    char prefix[3];
    size_t prefix_bytes;
    size_t zeros;
    const char *text;
    size_t text_bytes;
};

struct fmt_sink {
    fmt_put_fn put;
    void *context;
    int count;
};

/* va_list may be an array type, which a function cannot take by address
 * portably; wrapped, it is passed on like any structure. */
struct fmt_args {
    va_list list;
};

static void
fmt_put(struct fmt_sink *sink, char c)
{
    sink->put(sink->context, c);
    sink->count++;
}

static void
fmt_put_many(struct fmt_sink *sink, char c, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fmt_put(sink, c);
    }
}

static void
fmt_put_text(struct fmt_sink *sink, const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        fmt_put(sink, text[i]);
    }
}

static void
fmt_emit(struct fmt_sink *sink, const struct fmt_spec *spec,
         const struct fmt_piece *piece)
{
    size_t used = piece->prefix_bytes + piece->zeros + piece->text_bytes;
    size_t padding = spec->width > used ? spec->width - used : 0;

    if (!spec->left) {
        fmt_put_many(sink, ' ', padding);
    }
    fmt_put_text(sink, piece->prefix, piece->prefix_bytes);
    fmt_put_many(sink, '0', piece->zeros);
    fmt_put_text(sink, piece->text, piece->text_bytes);
    if (spec->left) {
        fmt_put_many(sink, ' ', padding);
    }
}

/* Read digits at *@at, clamped to FMT_WIDTH_MAX, and step over them. */
static size_t
fmt_parse_number(const char **at)
{
    size_t n = 0;

    while (**at >= '0' && **at <= '9') {
        n = n * 10 + (size_t)(**at - '0');
        n = n > FMT_WIDTH_MAX ? FMT_WIDTH_MAX : n;
        (*at)++;
    }
    return n;
}

static const char *
fmt_parse_flags(const char *at, struct fmt_spec *spec)
{
    for (;; at++) {
        switch (*at) {
        case '-':
            spec->left = true;
            break;
        case '0':
            spec->zero = true;
            break;
        case '+':
            spec->plus = true;
            break;
        case ' ':
            spec->space = true;
            break;
        case '#':
            spec->alternate = true;
            break;
        default:
            return at;
        }
    }
}

static const char *
fmt_parse_width(const char *at, struct fmt_spec *spec, struct fmt_args *args)
{
    if (*at != '*') {
        spec->width = fmt_parse_number(&at);
        return at;
    }
    int width = va_arg(args->list, int);

    /* A negative width is the - flag and its absolute value. */
    spec->left = spec->left || width < 0;
    spec->width = width < 0 ? 0u - (unsigned)width : (unsigned)width;
    spec->width = spec->width > FMT_WIDTH_MAX ? FMT_WIDTH_MAX : spec->width;
    return at + 1;
}

static const char *
fmt_parse_precision(const char *at, struct fmt_spec *spec,
                    struct fmt_args *args)
{
    if (*at != '.') {
        return at;
    }
    at++;
    if (*at != '*') {
        spec->has_precision = true;
        spec->precision = fmt_parse_number(&at);
        return at;
    }
    int precision = va_arg(args->list, int);

    /* A negative precision counts as none. */
    spec->has_precision = precision >= 0;
    spec->precision = precision >= 0 ? (size_t)precision : 0;
    if (spec->precision > FMT_WIDTH_MAX) {
        spec->precision = FMT_WIDTH_MAX;
    }
    return at + 1;
}

static const char *
fmt_parse_length(const char *at, struct fmt_spec *spec)
{
    spec->length = FMT_INT;
    switch (*at) {
    case 'h':
        spec->length = at[1] == 'h' ? FMT_CHAR : FMT_SHORT;
        return at + (at[1] == 'h' ? 2 : 1);
    case 'l':
        /* long and long long are both 64 bits here. */
        spec->length = FMT_LONG;
        return at + (at[1] == 'l' ? 2 : 1);
    case 'z':
    case 't':
    case 'j':
        spec->length = FMT_LONG;
        return at + 1;
    default:
        return at;
    }
}

_Static_assert(sizeof(long) == sizeof(long long)
                   && sizeof(long) == sizeof(size_t),
               "l, ll, z, t and j are one length");

static int64_t
fmt_take_signed(struct fmt_args *args, enum fmt_length length)
{
    if (length == FMT_LONG) {
        return va_arg(args->list, long);
    }
    int value = va_arg(args->list, int);

    if (length == FMT_CHAR) {
        return (signed char)value;
    }
    return length == FMT_SHORT ? (short)value : value;
}

static uint64_t
fmt_take_unsigned(struct fmt_args *args, enum fmt_length length)
{
    if (length == FMT_LONG) {
        return va_arg(args->list, unsigned long);
    }
    unsigned value = va_arg(args->list, unsigned);

    if (length == FMT_CHAR) {
        return (unsigned char)value;
    }
    return length == FMT_SHORT ? (unsigned short)value : value;
}

/* Write @value in @base to the end of @digits; returns where it starts. */
static const char *
fmt_digits(char digits[FMT_DIGITS], uint64_t value, unsigned base, bool upper)
{
    const char *alphabet = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char *at = digits + FMT_DIGITS;

    do {
        *--at = alphabet[value % base];
        value /= base;
    } while (value != 0);
    return at;
}

static void
fmt_prefix(struct fmt_piece *piece, char c)
{
    piece->prefix[piece->prefix_bytes++] = c;
}

static unsigned
fmt_base(char conversion)
{
    if (conversion == 'x' || conversion == 'X' || conversion == 'p') {
        return 16;
    }
    return conversion == 'o' ? 8 : 10;
}

/* Print the magnitude @value of an integer; @piece holds its sign by now. */
static void
fmt_integer(struct fmt_sink *sink, const struct fmt_spec *spec,
            struct fmt_piece *piece, uint64_t value)
{
    char digits[FMT_DIGITS];
    unsigned base = fmt_base(spec->conversion);

    if (base == 16
        && ((spec->alternate && value != 0) || spec->conversion == 'p')) {
        fmt_prefix(piece, '0');
        fmt_prefix(piece, spec->conversion == 'X' ? 'X' : 'x');
    }
    piece->text = fmt_digits(digits, value, base, spec->conversion == 'X');
    piece->text_bytes = (size_t)(digits + FMT_DIGITS - piece->text);
    if (value == 0 && spec->has_precision && spec->precision == 0) {
        piece->text_bytes = 0;
    }
    /* # makes the first octal digit a 0, unless it is one already. */
    if (base == 8 && spec->alternate
        && (value != 0 || piece->text_bytes == 0)) {
        piece->zeros = 1;
    }
    if (spec->has_precision) {
        if (spec->precision > piece->text_bytes) {
            piece->zeros = spec->precision - piece->text_bytes;
        }
    } else if (spec->zero && !spec->left) {
        size_t used = piece->prefix_bytes + piece->text_bytes;

        if (spec->width > used) {
            piece->zeros = spec->width - used;
        }
    }
    fmt_emit(sink, spec, piece);
}

static void
fmt_signed(struct fmt_sink *sink, const struct fmt_spec *spec,
           struct fmt_args *args)
{
    struct fmt_piece piece = { .prefix_bytes = 0 };
    int64_t value = fmt_take_signed(args, spec->length);

    if (value < 0) {
        fmt_prefix(&piece, '-');
    } else if (spec->plus || spec->space) {
        fmt_prefix(&piece, spec->plus ? '+' : ' ');
    }
    /* Negated as unsigned: INT64_MIN has no positive counterpart. */
    fmt_integer(sink, spec, &piece,
                value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

static void
fmt_unsigned(struct fmt_sink *sink, const struct fmt_spec *spec,
             struct fmt_args *args)
{
    struct fmt_piece piece = { .prefix_bytes = 0 };
    uint64_t value;

    if (spec->conversion == 'p') {
        value = (uint64_t)(uintptr_t)va_arg(args->list, void *);
    } else {
        value = fmt_take_unsigned(args, spec->length);
    }
    fmt_integer(sink, spec, &piece, value);
}

static void
fmt_text(struct fmt_sink *sink, const struct fmt_spec *spec, const char *text)
{
    struct fmt_piece piece = { .prefix_bytes = 0 };

    piece.text = text != NULL ? text : "(null)";
    /* With a precision the text need not end in a NUL. */
    piece.text_bytes = spec->has_precision
                           ? strnlen(piece.text, spec->precision)
                           : strlen(piece.text);
    fmt_emit(sink, spec, &piece);
}

/* Returns false for a conversion that does not exist. */
static bool
fmt_convert(struct fmt_sink *sink, const struct fmt_spec *spec,
            struct fmt_args *args)
{
    struct fmt_piece piece = { .prefix_bytes = 0 };
    char c;

    switch (spec->conversion) {
    case 'd':
    case 'i':
        fmt_signed(sink, spec, args);
        return true;
    case 'u':
    case 'x':
    case 'X':
    case 'o':
    case 'p':
        fmt_unsigned(sink, spec, args);
        return true;
    case 's':
        fmt_text(sink, spec, va_arg(args->list, const char *));
        return true;
    case 'c':
        c = (char)va_arg(args->list, int);
        piece.text = &c;
        piece.text_bytes = 1;
        fmt_emit(sink, spec, &piece);
        return true;
    case '%':
        fmt_put(sink, '%');
        return true;
    default:
        return false;
    }
}

int
fmt_vprint(fmt_put_fn put, void *context, const char *format, va_list args)
{
    struct fmt_sink sink = { .put = put, .context = context };
    struct fmt_args left;
    const char *at = format;

    va_copy(left.list, args);
    while (*at != '\0') {
        if (*at != '%') {
            fmt_put(&sink, *at++);
            continue;
        }
        struct fmt_spec spec = { .left = false };
        const char *start = at;

        at = fmt_parse_flags(at + 1, &spec);
        at = fmt_parse_width(at, &spec, &left);
        at = fmt_parse_precision(at, &spec, &left);
        at = fmt_parse_length(at, &spec);
        spec.conversion = *at;
        if (fmt_convert(&sink, &spec, &left)) {
            at++;
        } else {
            fmt_put_text(&sink, start, (size_t)(at - start));
        }
    }
    va_end(left.list);
    return sink.count;
}

int
fmt_print(fmt_put_fn put, void *context, const char *format, ...)
{
    va_list args;
    int count;

    va_start(args, format);
    count = fmt_vprint(put, context, format, args);
    va_end(args);
    return count;
}

struct fmt_buffer {
    char *bytes;
    size_t size;
    size_t used;
};

static void
fmt_put_buffer(void *context, char c)
{
    struct fmt_buffer *buffer = context;

    if (buffer->used + 1 < buffer->size) {
        buffer->bytes[buffer->used] = c;
    }
    buffer->used++;
}

int
fmt_vsnprintf(char *buffer, size_t bytes, const char *format, va_list args)
{
    struct fmt_buffer sink = { .bytes = buffer, .size = bytes };
    int count = fmt_vprint(fmt_put_buffer, &sink, format, args);

    if (bytes > 0) {
        buffer[sink.used < bytes ? sink.used : bytes - 1] = '\0';
    }
    return count;
}

int
fmt_snprintf(char *buffer, size_t bytes, const char *format, ...)
{
    va_list args;
    int count;

    va_start(args, format);
    count = fmt_vsnprintf(buffer, bytes, format, args);
    va_end(args);
    return count;
}
