/*
 * src/checkpoint/settings.c - a source's configuration, asked by path
 *
 * A path is keys and list indices joined with dots: "backbone.arch", "input_size.1". What
 * is absent, null or of another kind gives the caller's fallback: configurations come from
 * many versions of many libraries, and a reader states what it takes absence to mean.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/checkpoint/entries.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define KEY_MAX 128 /* bytes of one key */

static const json_t *element(const json_t *list, const char *key)
{
    size_t index = 0;
    for (const char *p = key; *p; p++) {
        if (*p < '0' || *p > '9' || index > json_array_size(list))
            return NULL;
        index = index * 10 + (size_t)(*p - '0');
    }
    return *key ? json_array_get(list, index) : NULL;
}

static const json_t *at_path(const json_t *json, const char *path)
{
    while (json && *path) {
        char key[KEY_MAX];
        size_t length = strcspn(path, ".");
        if (length >= sizeof key)
            return NULL;
        memcpy(key, path, length);
        key[length] = 0;
        json = json_is_array(json) ? element(json, key) : json_object_get(json, key);
        path += length + (path[length] == '.');
    }
    return json;
}

imgcls_status icl_checkpoint_set_config(struct imgcls_checkpoint *checkpoint,
                                        const char *text)
{
    json_error_t error;
    json_t *config = text ? json_loads(text, 0, &error) : NULL;
    if (text && !json_is_object(config)) {
        json_decref(config);
        return icl_fail(checkpoint->ctx, IMGCLS_BAD_INPUT,
                        "configuration: no JSON object (line %d: %s)",
                        config ? 1 : error.line, config ? "something else" : error.text);
    }
    json_decref(checkpoint->config);
    checkpoint->config = config;
    return IMGCLS_OK;
}

int64_t icl_checkpoint_int(const struct imgcls_checkpoint *checkpoint, const char *path,
                           int64_t fallback)
{
    const char *text = icl_checkpoint_text(checkpoint, path);
    const json_t *found = text ? NULL : at_path(checkpoint->config, path);
    if (text && *text) {
        char *end;
        errno = 0;
        long long number = strtoll(text, &end, 10);
        return errno || *end ? fallback : number;
    }
    if (json_is_boolean(found))
        return json_is_true(found);
    if (json_is_real(found)) { /* 224.0 */
        double real = json_real_value(found);
        return real == rint(real) && fabs(real) < 9e15 ? (int64_t)real : fallback;
    }
    return json_is_integer(found) ? json_integer_value(found) : fallback;
}

double icl_checkpoint_real(const struct imgcls_checkpoint *checkpoint, const char *path,
                           double fallback)
{
    const json_t *found = at_path(checkpoint->config, path);
    if (json_is_boolean(found))
        return json_is_true(found);
    return json_is_number(found) ? json_number_value(found) : fallback;
}

const char *icl_checkpoint_string(const struct imgcls_checkpoint *checkpoint,
                                  const char *path, const char *fallback)
{
    const char *text = icl_checkpoint_text(checkpoint, path);
    const json_t *found = text ? NULL : at_path(checkpoint->config, path);
    if (text)
        return text;
    return json_is_string(found) ? json_string_value(found) : fallback;
}
