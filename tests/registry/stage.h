/*
 * tests/registry/stage.h - a folder of plugins made for one test, and what was logged
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_REGISTRY_STAGE_H
#define TESTS_REGISTRY_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "src/registry/plugins.h"

struct stage {
    char folder[512]; /* removed with all that is in it by stage_clear */
    char cache[600];  /* "folder/cache/imgcls/plugins.cache" */
    struct imgcls_context *ctx;
    char log[16384]; /* every line of the context's log, debug included */
};

/* Fails the running test where anything of it fails. */
void stage_make(struct stage *stage);
void stage_clear(struct stage *stage);
/* Copies tests/registry/.libs/sample_NAME.so to "folder/FILE" (FILE may name a subfolder).
 */
void stage_put(struct stage *stage, const char *name, const char *file);
/* Writes bytes to "folder/FILE", with a mode that only the owner may write. */
void stage_write(struct stage *stage, const char *file, const void *bytes, size_t size);
/* The sample's bytes; own: free. */
unsigned char *stage_sample(const char *name, size_t *size);
/* Opens a registry over the stage's folder with its cache; fails the test where it fails.
 */
struct icl_registry *stage_open(struct stage *stage, const char *disable);
/* The file of that name among the registry's; fails the test where it is not there. */
const struct icl_plugin_file *stage_file(struct icl_registry *registry, const char *file);
/* Whether this process has the file mapped. */
bool stage_is_mapped(const struct stage *stage, const char *file);

#endif
