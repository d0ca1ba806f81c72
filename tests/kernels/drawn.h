/*
 * tests/kernels/drawn.h - numbers and memory for tests that compare a kernel with its twin
 *
 * Random numbers from a seed that is printed and can be set (ICL_SEED); ICL_SHARE=4 runs a
 * fourth of the rounds. Inputs end at an unmapped page, so that reading one element too many
 * stops the test; outputs lie between canaries.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_KERNELS_DRAWN_H
#define TESTS_KERNELS_DRAWN_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

static uint64_t drawn_state;

static inline uint64_t draw(void)
{
    /* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators"
     */
    drawn_state ^= drawn_state >> 12;
    drawn_state ^= drawn_state << 25;
    drawn_state ^= drawn_state >> 27;
    return drawn_state * UINT64_C(2685821657736338717);
}

static inline void draw_begin(void)
{
    const char *seed = getenv("ICL_SEED");
    drawn_state = seed ? strtoull(seed, NULL, 0) : 20261124;
    print_message("ICL_SEED=%llu\n", (unsigned long long)drawn_state);
    drawn_state = drawn_state * 2 + 1;
}

/* One round of so many is run: ICL_SHARE, 1 without. For emulators, which are slow. */
static inline int draw_share(void)
{
    const char *share = getenv("ICL_SHARE");
    int value = share ? atoi(share) : 1;
    return value < 1 ? 1 : value;
}

static inline int draw_rounds(int all)
{
    return (all + draw_share() - 1) / draw_share();
}

/* low..high, both included */
static inline int64_t draw_between(int64_t low, int64_t high)
{
    return low + (int64_t)(draw() >> 11) % (high - low + 1);
}

static inline float draw_float(void)
{
    return (float)((double)(draw() >> 40) / (1 << 23) - 1);
}

/* count floats that end where the mapping ends. */
static inline float *guarded(int64_t count)
{
    size_t bytes = (size_t)count * sizeof(float), page = 4096;
    size_t room = (bytes + page - 1) / page * page;
    char *memory =
        mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(memory != MAP_FAILED);
    assert_int_equal(mprotect(memory + room, page, PROT_NONE), 0);
    return (float *)(memory + room - bytes);
}

static inline void guarded_free(float *floats, int64_t count)
{
    size_t bytes = (size_t)count * sizeof(float), page = 4096;
    size_t room = (bytes + page - 1) / page * page;
    munmap((char *)floats + bytes - room, room + page);
}

static inline float *guarded_drawn(int64_t count)
{
    float *floats = guarded(count);
    int64_t i;
    for (i = 0; i < count; i++)
        floats[i] = draw_float();
    return floats;
}

#define CANARIES 64

/* count floats of NaN between canaries; free with canary_free, which looks at them. */
static inline float *between_canaries(int64_t count)
{
    float *floats = malloc((size_t)(count + 2 * CANARIES) * sizeof *floats);
    int64_t i;
    assert_non_null(floats);
    for (i = 0; i < count + 2 * CANARIES; i++)
        floats[i] = NAN;
    for (i = 0; i < CANARIES; i++)
        floats[i] = floats[CANARIES + count + i] = 12345.5f;
    return floats + CANARIES;
}

static inline void canary_free(float *floats, int64_t count)
{
    int64_t i;
    for (i = 0; i < CANARIES; i++) {
        assert_true(floats[i - CANARIES] == 12345.5f);
        assert_true(floats[count + i] == 12345.5f);
    }
    free(floats - CANARIES);
}

/* Same bits, where one NaN is as good as another. */
static inline int same_bits(const float *a, const float *b, int64_t count, int64_t *where)
{
    for (*where = 0; *where < count; ++*where)
        if (memcmp(a + *where, b + *where, sizeof *a) != 0 &&
            !(a[*where] != a[*where] && b[*where] != b[*where]))
            return 0;
    return 1;
}

#endif
