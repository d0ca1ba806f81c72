/*
 * tests/architectures/convolutional_test.c - convolutional networks against the libraries
 * that their weights come from
 *
 * The cases and their float64 logits are made by convolutional_cases.py.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "tests/architectures/case.h"

#include <stdio.h>
#include <string.h>

#define LIMIT 2e-5 /* relative L2 */

static void families_compute_what_their_sources_do(void **state)
{
    (void)state;
    case_check_all("cnn_*", 81, LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(families_compute_what_their_sources_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
