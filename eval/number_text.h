/*
 * eval/number_text.h - numbers as text that every program reads, whatever the locale
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_NUMBER_TEXT_H
#define ICL_NUMBER_TEXT_H

#include <stddef.h>

/* Enough for all of them but icl_number_fixed from 1e15 on. */
#define ICL_NUMBER_CAPACITY 32

/* A finite number with at most `digits` significant digits ("%.9g" in the C locale). Returns
 * the length, 0 where the capacity is too small. */
size_t icl_number_text(double value, int digits, char *text, size_t capacity);
/* The shortest text that reads back as the same double. */
size_t icl_number_exact(double value, char *text, size_t capacity);

/* With so many decimals ("%.2f" in the C locale). */
size_t icl_number_fixed(double value, int decimals, char *text, size_t capacity);

#endif
