/*
 * plugins/formats/folder/shards.c - weights in several files, and the index that names them
 *
 * {"weight_map": {name: file}}. Files lie beside the index and have plain names. Every name
 * of the map must be in its file, and every name of a file in the map, under that file.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/folder/folder.h"

#include <string.h>
#include <strings.h>

static const char ending[] = ".index.json";

int32_t shards_bid(const struct imgcls_host *host, const struct imgcls_source *source)
{
    size_t length = strlen(source->path), wanted = sizeof ending - 1;
    (void)host;
    if (source->is_folder || length < wanted || source->size < 2 ||
        strcasecmp(source->path + length - wanted, ending) != 0)
        return 0;
    return source->bytes[0] == '{' ? 80 : 20;
}

static imgcls_status check_names(const struct imgcls_host *host,
                                 const struct imgcls_source *index, const json_t *map,
                                 const struct imgcls_checkpoint *checkpoint, size_t first,
                                 const char *file)
{
    const char *name;
    for (size_t i = first; (name = host->checkpoint_at(host, checkpoint, i, NULL)); i++) {
        const char *said = json_string_value(json_object_get(map, name));
        if (!said || strcmp(said, file) != 0)
            return host->fail(host, IMGCLS_BAD_INPUT,
                              "%s: tensor '%s' is in %s, the index says %s", index->path,
                              name, file, said ? said : "nothing of it");
    }
    return IMGCLS_OK;
}

static imgcls_status read_shard(const struct imgcls_host *host,
                                const struct imgcls_source *index, const json_t *map,
                                const char *file, struct imgcls_checkpoint *checkpoint)
{
    struct imgcls_source *shard;
    size_t first = 0;
    if (strchr(file, '/') || strchr(file, '\\') || strcmp(file, "..") == 0)
        return host->fail(host, IMGCLS_BAD_INPUT, "%s: '%s' is no plain name of a file",
                          index->path, file);
    while (host->checkpoint_at(host, checkpoint, first, NULL))
        first++;
    imgcls_status status = host->source_open_beneath(host, index, file, &shard);
    if (status != IMGCLS_OK)
        return status;
    status = host->read_checkpoint(host, shard, checkpoint);
    host->source_close(host, shard);
    return status == IMGCLS_OK ? check_names(host, index, map, checkpoint, first, file)
                               : status;
}

static imgcls_status read_all(const struct imgcls_host *host,
                              const struct imgcls_source *source, json_t *map,
                              struct imgcls_checkpoint *checkpoint)
{
    json_t *done = json_object(), *file;
    const char *name;
    imgcls_status status = done ? IMGCLS_OK : IMGCLS_NO_MEMORY;
    json_object_foreach(map, name, file)
    {
        if (status != IMGCLS_OK)
            break;
        if (!json_is_string(file))
            status = host->fail(host, IMGCLS_BAD_INPUT,
                                "%s: tensor '%s' has no file's name", source->path, name);
        else if (!json_object_get(done, json_string_value(file)))
            status =
                json_object_set_new(done, json_string_value(file), json_true()) == 0
                    ? read_shard(host, source, map, json_string_value(file), checkpoint)
                    : IMGCLS_NO_MEMORY;
    }
    const struct imgcls_tensor *found;
    json_object_foreach(map, name, file)
    {
        if (status != IMGCLS_OK)
            break;
        found = host->checkpoint_find(host, checkpoint, name);
        if (!found)
            status = host->fail(host, IMGCLS_BAD_INPUT,
                                "%s: tensor '%s' is not in %s, where it should be",
                                source->path, name, json_string_value(file));
    }
    json_decref(done);
    return status;
}

imgcls_status shards_read(const struct imgcls_host *host,
                          const struct imgcls_source *source,
                          struct imgcls_checkpoint *checkpoint)
{
    json_t *index = folder_json(host, source);
    json_t *map = json_object_get(index, "weight_map");
    imgcls_status status = IMGCLS_BAD_INPUT;
    if (index && !json_is_object(map))
        status = host->fail(host, IMGCLS_BAD_INPUT, "%s: has no weight_map", source->path);
    else if (index)
        status = read_all(host, source, map, checkpoint);
    json_decref(index);
    return status;
}
