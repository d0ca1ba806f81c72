/*
 * tests/plan/winograd_test.c - every kernel of Winograd's method is offered, once, for its
 * instruction set
 *
 * The family's list in the kernels' header is what is compiled; the operator lists its kernels by
 * itself. A form that one of them lacks runs on slower kernels, which no result shows.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/winograd.h"

#include <imgcls/plugin.h>

#include "src/context/context.h"
#include "src/registry/registry.h"
#include "tests/plan/drawn_graph.h"

struct entry {
    const char *name;
    uint64_t isa;
};
#define ENTRY(NAME, SET, ...) {"cl_conv_" #NAME, SET},
static const struct entry family[] = {WINOGRAD_FAMILY(ENTRY)};

static void every_kernel_is_offered_once(void **state)
{
    const struct imgcls_kernel *const *kernels;
    struct icl_registry *registry;
    size_t count, i, k, found;

    (void)state;
    begin();
    ok(icl_context_registry(ctx, &registry));
    kernels = icl_registry_kernels(registry, "imgcls.channels_last", "Conv", 1, &count);
    for (i = 0; i < sizeof family / sizeof *family; i++) {
        for (found = k = 0; k < count; k++)
            if (strcmp(kernels[k]->name, family[i].name) == 0) {
                assert_int_equal(kernels[k]->isa, family[i].isa);
                found++;
            }
        if (found != 1)
            fail_msg("%s is offered %zu times", family[i].name, found);
    }
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_kernel_is_offered_once)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
