/*
 * plugins/formats/folder/folder.c - a folder as ModelScope, Hugging Face or timm leave it
 *
 * config.json with "architectures" or "model_type" is Hugging Face's, whatever else lies
 * there (ModelScope mirrors such folders); with "architecture" it is timm's;
 * configuration.json with "framework" is ModelScope's own, where a config.py goes first, as
 * it does there. Weights are read before settings, so that what a configuration file says
 * stands above what is pickled with the weights; class names are the pickle's.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/folder/folder.h"

#include <string.h>

#define SETTINGS_MAX ((size_t)16 << 20) /* bytes of a configuration file */

/* In the order of preference. */
static const char *const weights[] = {
    "model.safetensors",
    "pytorch_model.bin",
    "model.safetensors.index.json",
    "pytorch_model.bin.index.json",
    "pytorch_model.pt",
    "checkpoints.pth",
    "model.pth",
    "model.pt",
};
static const char *const modelscope_weights[] = {
    "pytorch_model.pt",
    "checkpoints.pth",
    "pytorch_model.bin",
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin.index.json",
};
static const char *const label_files[] = {"classname.txt", "classes.txt", "labels.txt"};

#define COUNT(list) (sizeof(list) / sizeof *(list))

struct opened {
    const struct imgcls_host *host;
    const struct imgcls_source *folder;
    struct imgcls_checkpoint *checkpoint;
    json_t *config;        /* config.json, or NULL */
    json_t *configuration; /* configuration.json, or NULL */
};

int32_t folder_bid(const struct imgcls_host *host, const struct imgcls_source *source)
{
    if (!source->is_folder)
        return 0;
    bool settings = host->source_has(host, source, "config.json") ||
                    host->source_has(host, source, "configuration.json");
    for (size_t i = 0; i < COUNT(weights); i++)
        if (host->source_has(host, source, weights[i]))
            return settings ? 90 : 60;
    return settings ? 50 : 0;
}

json_t *folder_json(const struct imgcls_host *host, const struct imgcls_source *source)
{
    json_error_t error;
    if (source->size > SETTINGS_MAX) {
        host->fail(host, IMGCLS_BAD_INPUT, "%s: %zu bytes, at most %zu are read",
                   source->path, source->size, SETTINGS_MAX);
        return NULL;
    }
    json_t *json = json_loadb((const char *)source->bytes, source->size, 0, &error);
    if (!json_is_object(json)) {
        host->fail(host, IMGCLS_BAD_INPUT, "%s: no JSON object (line %d: %s)", source->path,
                   json ? 1 : error.line, json ? "something else" : error.text);
        json_decref(json);
        return NULL;
    }
    return json;
}

/* A file of the folder as JSON; NULL where it is not there. */
static imgcls_status read_json(const struct opened *in, const char *name, json_t **out)
{
    struct imgcls_source *file;
    *out = NULL;
    if (!in->host->source_has(in->host, in->folder, name))
        return IMGCLS_OK;
    imgcls_status status = in->host->source_open_beneath(in->host, in->folder, name, &file);
    if (status != IMGCLS_OK)
        return status;
    *out = folder_json(in->host, file);
    in->host->source_close(in->host, file);
    return *out ? IMGCLS_OK : IMGCLS_BAD_INPUT;
}

static bool is_transformers(const struct opened *in)
{
    return json_object_get(in->config, "architectures") ||
           json_object_get(in->config, "model_type");
}

static bool is_timm(const struct opened *in)
{
    return json_is_string(json_object_get(in->config, "architecture"));
}

/* ---- Weights --------------------------------------------------------------------------*/

static imgcls_status read_weights(const struct opened *in)
{
    const struct imgcls_host *host = in->host;
    bool modelscope = in->configuration && !is_transformers(in) && !is_timm(in);
    const char *const *list = modelscope ? modelscope_weights : weights;
    size_t count = modelscope ? COUNT(modelscope_weights) : COUNT(weights);
    for (size_t i = 0; i < count; i++) {
        struct imgcls_source *file;
        if (!host->source_has(host, in->folder, list[i]))
            continue;
        imgcls_status status = host->source_open_beneath(host, in->folder, list[i], &file);
        if (status != IMGCLS_OK)
            return status;
        status = host->read_checkpoint(host, file, in->checkpoint);
        host->source_close(host, file);
        return status;
    }
    return host->fail(
        host, IMGCLS_BAD_INPUT,
        "%s: no weights in it (%s, %s, %s, ...); a file of another name can be "
        "given itself",
        in->folder->path, list[0], list[1], list[2]);
}

/* ---- Settings -------------------------------------------------------------------------*/

static imgcls_status read_python(const struct opened *in, const struct settings *settings)
{
    struct imgcls_source *file;
    imgcls_status status =
        in->host->source_open_beneath(in->host, in->folder, "config.py", &file);
    if (status != IMGCLS_OK)
        return status;
    struct settings within = *settings;
    within.path = file->path;
    json_t *config = NULL;
    if (file->size > SETTINGS_MAX)
        status = settings_wrong(&within, "%zu bytes, at most %zu are read", file->size,
                                SETTINGS_MAX);
    else
        config = settings_literals(&within, (const char *)file->bytes, file->size);
    if (status == IMGCLS_OK)
        status = config ? settings_mm_config(&within, config) : IMGCLS_NO_MEMORY;
    json_decref(config);
    in->host->source_close(in->host, file);
    return status;
}

static imgcls_status read_transformers(const struct opened *in,
                                       const struct settings *settings)
{
    json_t *preprocessor;
    imgcls_status status = read_json(in, "preprocessor_config.json", &preprocessor);
    if (status == IMGCLS_OK)
        status = settings_transformers(settings, in->config, preprocessor);
    json_decref(preprocessor);
    return status;
}

static imgcls_status read_settings(const struct opened *in)
{
    const struct settings settings = {in->host, in->checkpoint, in->folder->path};
    imgcls_status status = IMGCLS_OK;
    if (is_transformers(in))
        return read_transformers(in, &settings);
    if (is_timm(in))
        return settings_timm(&settings, in->config);
    if (in->configuration)
        status = settings_modelscope(&settings, in->configuration);
    if (status == IMGCLS_OK && in->host->source_has(in->host, in->folder, "config.py"))
        status = read_python(in, &settings);
    return status;
}

/* Where neither weights nor settings have class names: a list beside them. */
static imgcls_status read_label_file(const struct opened *in)
{
    const struct imgcls_host *host = in->host;
    for (size_t i = 0; i < COUNT(label_files); i++) {
        struct imgcls_source *file;
        if (host->checkpoint_text(host, in->checkpoint, IMGCLS_META_LABELS) ||
            !host->source_has(host, in->folder, label_files[i]))
            continue;
        imgcls_status status =
            host->source_open_beneath(host, in->folder, label_files[i], &file);
        if (status != IMGCLS_OK)
            return status;
        char *text = NULL;
        if (file->size > SETTINGS_MAX || memchr(file->bytes, 0, file->size))
            status = host->fail(host, IMGCLS_BAD_INPUT, "%s: no list of class names",
                                file->path);
        else if (!(text = host->alloc(host, file->size + 1, 1)))
            status = IMGCLS_NO_MEMORY;
        if (text) {
            memcpy(text, file->bytes, file->size);
            status =
                host->checkpoint_set_text(host, in->checkpoint, IMGCLS_META_LABELS, text);
        }
        host->release(host, text);
        host->source_close(host, file);
        if (status != IMGCLS_OK)
            return status;
    }
    return IMGCLS_OK;
}

imgcls_status folder_read(const struct imgcls_host *host,
                          const struct imgcls_source *source,
                          struct imgcls_checkpoint *checkpoint)
{
    struct opened in = {.host = host, .folder = source, .checkpoint = checkpoint};
    imgcls_status status = read_json(&in, "config.json", &in.config);
    if (status == IMGCLS_OK)
        status = read_json(&in, "configuration.json", &in.configuration);
    if (status == IMGCLS_OK)
        status = read_weights(&in);
    if (status == IMGCLS_OK)
        status = read_settings(&in);
    if (status == IMGCLS_OK)
        status = read_label_file(&in);
    json_decref(in.config);
    json_decref(in.configuration);
    return status;
}
