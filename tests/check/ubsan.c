/* SPDX-License-Identifier: MIT */
/*
 * The runtime of -fsanitize=undefined: the compiler calls one of these functions
 * where a C operation would have no defined result, with what it knows about the
 * place. All of them end in a panic.
 *
 * Names and structures are the compiler's: GCC's libsanitizer/ubsan
 * (ubsan_handlers.h, ubsan_value.h), which is LLVM's.
 */
#include <stdint.h>

#include <klib/panic.h>

struct ubsan_place {
    const char *file;
    uint32_t line;
    uint32_t column;
};

/* Kind 0 is an integer: bit 0 of info says signed, the rest log2 of its bits. */
struct ubsan_type {
    uint16_t kind;
    uint16_t info;
    char name[];
};

/* What comes behind the place depends on the check. */
struct ubsan_types {
    struct ubsan_place place;
    const struct ubsan_type *first;
    const struct ubsan_type *second;
};

struct ubsan_mismatch {
    struct ubsan_place place;
    const struct ubsan_type *type;
    uint8_t log2_alignment;
    uint8_t access;
};

/* The start of every such structure. */
struct ubsan_data {
    struct ubsan_place place;
};

static NORETURN void
ubsan_fail(const struct ubsan_place *place, const char *what, uint64_t a,
           uint64_t b)
{
    panic("ubsan: %s:%u:%u: %s (0x%llx, 0x%llx)", place->file, place->line,
          place->column, what, (unsigned long long)a, (unsigned long long)b);
}

/* The compiler's functions with two operands, one, or none; and their _abort
 * twins, which -fno-sanitize-recover calls. */
#define UBSAN_2(name, what)                                                \
    void __ubsan_handle_##name(const struct ubsan_data *data, uintptr_t a, \
                               uintptr_t b);                               \
    void __ubsan_handle_##name(const struct ubsan_data *data, uintptr_t a, \
                               uintptr_t b)                                \
    {                                                                      \
        ubsan_fail(&data->place, what, a, b);                              \
    }
#define UBSAN_1(name, what)                                                 \
    void __ubsan_handle_##name(const struct ubsan_data *data, uintptr_t a); \
    void __ubsan_handle_##name(const struct ubsan_data *data, uintptr_t a)  \
    {                                                                       \
        ubsan_fail(&data->place, what, a, 0);                               \
    }
#define UBSAN_0(name, what)                                    \
    void __ubsan_handle_##name(const struct ubsan_data *data); \
    void __ubsan_handle_##name(const struct ubsan_data *data)  \
    {                                                          \
        ubsan_fail(&data->place, what, 0, 0);                  \
    }

UBSAN_2(add_overflow, "signed addition overflows")
UBSAN_2(sub_overflow, "signed subtraction overflows")
UBSAN_2(mul_overflow, "signed multiplication overflows")
UBSAN_2(divrem_overflow, "division by zero, or one that overflows")
UBSAN_2(shift_out_of_bounds, "shift beyond the width, or of a negative number")
UBSAN_2(pointer_overflow, "pointer arithmetic wraps")
UBSAN_1(negate_overflow, "negation overflows")
UBSAN_1(out_of_bounds, "index outside of the array")
UBSAN_1(vla_bound_not_positive, "array without elements")
UBSAN_1(load_invalid_value, "value that the type does not have")
UBSAN_0(builtin_unreachable, "reached what cannot be reached")
UBSAN_0(missing_return, "end of a function that returns a value")
UBSAN_0(invalid_builtin, "ctz or clz of 0")
UBSAN_0(nonnull_arg, "NULL argument where there must be none")

void __ubsan_handle_nonnull_return_v1(const struct ubsan_data *data,
                                      const struct ubsan_place *place);
void
__ubsan_handle_nonnull_return_v1(const struct ubsan_data *data,
                                 const struct ubsan_place *place)
{
    (void)data;
    ubsan_fail(place, "NULL returned where there must be none", 0, 0);
}

void __ubsan_handle_type_mismatch_v1(const struct ubsan_mismatch *data,
                                     uintptr_t pointer);
void
__ubsan_handle_type_mismatch_v1(const struct ubsan_mismatch *data,
                                uintptr_t pointer)
{
    uint64_t alignment = 1ull << data->log2_alignment;

    if (pointer == 0) {
        ubsan_fail(&data->place, "access through NULL", 0, 0);
    }
    if ((pointer & (alignment - 1)) != 0) {
        ubsan_fail(&data->place, "misaligned pointer", pointer, alignment);
    }
    ubsan_fail(&data->place, "object larger than its memory", pointer, 0);
}
