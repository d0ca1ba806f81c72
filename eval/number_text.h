/*
 * eval/number_text.h - numbers as text that every program reads, whatever the locale
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_NUMBER_TEXT_H
#define ICL_NUMBER_TEXT_H

#include <stddef.h>

/* A finite number with at most `digits` significant digits ("%.9g" in the C locale). Returns
 * the length; capacity of 32 is enough. */
size_t icl_number_text(double value, int digits, char *text, size_t capacity);
/* The shortest text that reads back as the same double. */
size_t icl_number_exact(double value, char *text, size_t capacity);

#endif
