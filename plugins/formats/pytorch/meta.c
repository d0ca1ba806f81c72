/*
 * plugins/formats/pytorch/meta.c - what a training library saved beside the weights
 *
 * Class names (mmcls: meta.CLASSES; mmpretrain: meta.dataset_meta.classes), the name of the
 * architecture (`arch`), and the list of names that the pickle has, for --inspect.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/pytorch/weights.h"
#include "plugins/formats/settings/settings.h"

#include <stdlib.h>
#include <string.h>

static const struct pickle_value *list_at(const struct pickle_value *dict, const char *key)
{
    const struct pickle_value *found = pickle_get(dict, key);
    bool list = found && (found->kind == PICKLE_LIST || found->kind == PICKLE_TUPLE);
    return list && found->u.list.count ? found : NULL;
}

static const struct pickle_value *class_names(const struct pickle_value *top)
{
    const struct pickle_value *meta = pickle_get(top, "meta"), *found;
    const struct pickle_value *dataset = pickle_get(meta, "dataset_meta");
    if ((found = list_at(dataset, "classes")) || (found = list_at(dataset, "CLASSES")) ||
        (found = list_at(meta, "CLASSES")) || (found = list_at(meta, "classes")))
        return found;
    if ((found = list_at(top, "CLASSES")) || (found = list_at(top, "classes")))
        return found;
    return list_at(top, "class_names");
}

/* One name a line; a name that has line breaks gets spaces for them. */
static imgcls_status add_names(struct pickle *pickle, const struct pickle_value *names,
                               struct imgcls_checkpoint *checkpoint)
{
    const struct imgcls_host *host = pickle->host;
    size_t size = 1;
    for (size_t i = 0; i < names->u.list.count; i++) {
        const struct pickle_value *name = names->u.list.items[i];
        if (name->kind != PICKLE_TEXT)
            return IMGCLS_OK; /* numbers, say: no names */
        size += name->u.text.length + 1;
    }
    char *text = host->alloc(host, size, 1), *end = text;
    if (!text)
        return IMGCLS_NO_MEMORY;
    imgcls_status status = IMGCLS_OK;
    for (size_t i = 0; i < names->u.list.count && status == IMGCLS_OK; i++) {
        const char *name = pickle_text(pickle, names->u.list.items[i]);
        if (!name || !*name) {
            status =
                host->fail(host, IMGCLS_BAD_INPUT,
                           "%s: class name %zu is empty or no UTF-8 text", pickle->path, i);
            break;
        }
        for (const char *p = name; *p; p++)
            *end++ = (unsigned char)*p < 0x20 ? ' ' : *p;
        *end++ = '\n';
    }
    if (status == IMGCLS_OK)
        status = host->checkpoint_set_text(host, checkpoint, IMGCLS_META_LABELS, text);
    host->release(host, text);
    return status;
}

static imgcls_status add_globals(struct pickle *pickle,
                                 struct imgcls_checkpoint *checkpoint)
{
    const struct imgcls_host *host = pickle->host;
    char name[128];
    size_t size = 1;
    for (size_t i = 0; i < pickle->rule_count; i++) {
        pickle_rule_text(pickle->rules[i], name, sizeof name);
        size += strlen(name) + 1;
    }
    char *text = host->alloc(host, size, 1);
    if (!text)
        return IMGCLS_NO_MEMORY;
    for (size_t i = 0, at = 0; i < pickle->rule_count; i++) {
        pickle_rule_text(pickle->rules[i], name, sizeof name);
        size_t length = strlen(name);
        memcpy(text + at, name, length);
        text[at + length] = '\n';
        at += length + 1;
    }
    imgcls_status status =
        host->checkpoint_set_text(host, checkpoint, IMGCLS_META_GLOBALS, text);
    host->release(host, text);
    return status;
}

/* "arch": PyTorch's and timm's training scripts; a tag after a dot is cut off. */
static imgcls_status add_architecture(struct pickle *pickle, const struct pickle_value *top,
                                      struct imgcls_checkpoint *checkpoint)
{
    const char *arch = pickle_text(pickle, pickle_get(top, "arch"));
    if (!arch || !*arch)
        return IMGCLS_OK;
    char name[128];
    size_t length = strcspn(arch, ".");
    if (length >= sizeof name)
        return IMGCLS_OK;
    memcpy(name, arch, length);
    name[length] = 0;
    return pickle->host->checkpoint_set_text(pickle->host, checkpoint,
                                             IMGCLS_META_ARCHITECTURE, name);
}

/* mmcls and mmpretrain save the whole configuration as Python text. */
static imgcls_status add_configuration(struct pickle *pickle,
                                       const struct pickle_value *top,
                                       struct imgcls_checkpoint *checkpoint)
{
    const struct pickle_value *meta = pickle_get(top, "meta");
    const struct pickle_value *text = pickle_get(meta, "config");
    const struct settings in = {pickle->host, checkpoint, pickle->path};
    if (!text)
        text = pickle_get(meta, "cfg");
    if (!text || text->kind != PICKLE_TEXT) {
        bool mm = pickle_get(meta, "mmcls_version") ||
                  pickle_get(meta, "mmpretrain_version") ||
                  pickle_get(meta, "mmengine_version");
        return mm ? settings_text(&in, IMGCLS_META_LIBRARY, "mm") : IMGCLS_OK;
    }
    json_t *config = settings_literals(&in, text->u.text.bytes, text->u.text.length);
    if (!config)
        return IMGCLS_NO_MEMORY;
    imgcls_status status = settings_mm_config(&in, config);
    json_decref(config);
    return status;
}

imgcls_status meta_add(struct pickle *pickle, const struct pickle_value *top,
                       struct imgcls_checkpoint *checkpoint)
{
    const struct pickle_value *names = class_names(top);
    imgcls_status status = add_globals(pickle, checkpoint);
    if (status == IMGCLS_OK && names)
        status = add_names(pickle, names, checkpoint);
    if (status == IMGCLS_OK)
        status = add_configuration(pickle, top, checkpoint);
    if (status == IMGCLS_OK)
        status = add_architecture(pickle, top, checkpoint);
    return status;
}
