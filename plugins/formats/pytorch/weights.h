/*
 * plugins/formats/pytorch/weights.h - from a read pickle to a checkpoint
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PYTORCH_WEIGHTS_H
#define PYTORCH_WEIGHTS_H

#include "plugins/formats/pytorch/pickle.h"

/* Bytes of one storage; kept in pickle_storage.owner. */
struct stored {
    const unsigned char *bytes;
    size_t size; /* whole elements of the storage's type */
    struct imgcls_storage *storage;
};

/* Whoever knows the container finds the bytes of a key: those that `elements` of `type`
 * take, or a failure. */
struct storage_finder {
    imgcls_status (*find)(void *owner, const struct pickle_storage *storage, size_t size,
                          struct stored *out);
    void *owner;
};

/* storages.c: gives every storage of the pickle its bytes, each key once. */
imgcls_status storages_find(struct pickle *pickle, const struct storage_finder *finder);

/* weights.c: the tensors of the dictionary that holds the weights. limit: bytes that a
 * tensor may have at most (the file's). */
imgcls_status weights_add(struct pickle *pickle, const struct pickle_value *top,
                          size_t limit, struct imgcls_checkpoint *checkpoint);
/* meta.c: class names, architecture, the globals, from the rest of the top dictionary. */
imgcls_status meta_add(struct pickle *pickle, const struct pickle_value *top,
                       struct imgcls_checkpoint *checkpoint);

/* zip.c, legacy.c */
int32_t torch_zip_bid(const struct imgcls_host *host, const struct imgcls_source *source);
imgcls_status torch_zip_read(const struct imgcls_host *host,
                             const struct imgcls_source *source,
                             struct imgcls_checkpoint *checkpoint);
int32_t torch_legacy_bid(const struct imgcls_host *host,
                         const struct imgcls_source *source);
imgcls_status torch_legacy_read(const struct imgcls_host *host,
                                const struct imgcls_source *source,
                                struct imgcls_checkpoint *checkpoint);

#endif
