/*
 * plugins/formats/settings/settings.c - texts of a checkpoint, from JSON
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/settings/settings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

imgcls_status settings_wrong(const struct settings *in, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return in->host->fail(in->host, IMGCLS_BAD_INPUT, "%s: %s", in->path, text);
}

imgcls_status settings_text(const struct settings *in, const char *key, const char *text)
{
    return in->host->checkpoint_set_text(in->host, in->checkpoint, key, text);
}

imgcls_status settings_note(const struct settings *in, const char *format, ...)
{
    char text[2048];
    const char *before =
        in->host->checkpoint_text(in->host, in->checkpoint, IMGCLS_META_NOTES);
    int used = snprintf(text, sizeof text / 2, "%s", before ? before : "");
    size_t at = used < 0                         ? 0
                : (size_t)used < sizeof text / 2 ? (size_t)used
                                                 : sizeof text / 2 - 1;
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text + at, sizeof text - at - 1, format, args);
    va_end(args);
    at = length < 0 ? at : strlen(text);
    strcpy(text + at, "\n");
    return settings_text(in, IMGCLS_META_NOTES, text);
}

imgcls_status settings_config(const struct settings *in, const json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT);
    imgcls_status status = text ? settings_text(in, IMGCLS_META_CONFIG, text)
                                : settings_wrong(in, "no memory for its configuration");
    free(text);
    return status;
}

imgcls_status settings_size(const struct settings *in, int64_t height, int64_t width)
{
    char text[32];
    if (height < 1 || width < 1)
        return IMGCLS_OK;
    snprintf(text, sizeof text, "%lld", (long long)height);
    imgcls_status status = settings_text(in, IMGCLS_META_HEIGHT, text);
    snprintf(text, sizeof text, "%lld", (long long)width);
    return status == IMGCLS_OK ? settings_text(in, IMGCLS_META_WIDTH, text) : status;
}

imgcls_status settings_labels(const struct settings *in, const json_t *names)
{
    size_t size = 1, i, count = json_array_size(names);
    const json_t *name;
    json_array_foreach(names, i, name)
    {
        if (!json_is_string(name) || json_string_length(name) == 0)
            return settings_wrong(in, "class name %zu is empty or no text", i);
        size += json_string_length(name) + 1;
    }
    if (count == 0)
        return IMGCLS_OK;
    char *text = in->host->alloc(in->host, size, 1), *end = text;
    if (!text)
        return IMGCLS_NO_MEMORY;
    json_array_foreach(names, i, name)
    {
        for (const char *p = json_string_value(name); *p; p++)
            *end++ = (unsigned char)*p < 0x20 ? ' ' : *p;
        *end++ = '\n';
    }
    imgcls_status status = settings_text(in, IMGCLS_META_LABELS, text);
    in->host->release(in->host, text);
    return status;
}
