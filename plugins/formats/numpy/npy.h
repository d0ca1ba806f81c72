/*
 * plugins/formats/numpy/npy.h - NumPy's array files
 *
 * A .npy file is a magic number, a version, a header that is a Python dictionary of three
 * entries (element type, order, shape), and the elements
 * (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html). An .npz file is
 * a zip archive of such files.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef NUMPY_NPY_H
#define NUMPY_NPY_H

#include <imgcls/plugin.h>

#include <stdbool.h>

#define NPY_MAGIC       "\x93NUMPY"
#define NPY_MAGIC_BYTES 6

/* How elements of a file stand to ours. */
enum npy_form {
    NPY_PLAIN,   /* the same bytes, or swapped ones */
    NPY_BYTES,   /* 'S': width bytes of text, ended by NULs */
    NPY_UNICODE, /* 'U': width / 4 code points */
};

struct npy_header {
    int32_t type; /* IMGCLS_F32 ... */
    enum npy_form form;
    size_t width; /* bytes of one element in the file */
    bool swapped; /* big-endian */
    bool fortran; /* first index fastest */
    int32_t rank;
    int64_t dims[IMGCLS_MAX_RANK];
    size_t count;       /* elements */
    size_t data_offset; /* from the start of the file */
};

/* npy_header.c: reads and checks a header, the size of the file included. */
imgcls_status npy_header_read(const struct imgcls_host *host,
                              const struct imgcls_source *source,
                              struct npy_header *header);
/* npy_header.c: NumPy's name for an element type, "<f4"; NULL where it has none. */
const char *npy_descr(int32_t type);

/* npy_read.c: an array as a value. Own: value_release. */
imgcls_status npy_read(const struct imgcls_host *host, const struct imgcls_source *source,
                       struct imgcls_value **out);
/* npy_write.c: the format's write_value. */
imgcls_status npy_write(const struct imgcls_host *host, const char *name,
                        const struct imgcls_value *value, struct imgcls_sink *sink);
/* npz.c: the bid and read_values of archives. */
int32_t npz_bid(const struct imgcls_host *host, const struct imgcls_source *source);
imgcls_status npz_read_values(const struct imgcls_host *host,
                              const struct imgcls_source *source, void *values);
/* weights.c: an archive as a checkpoint, its arrays as views. */
imgcls_status npz_read_checkpoint(const struct imgcls_host *host,
                                  const struct imgcls_source *source,
                                  struct imgcls_checkpoint *checkpoint);
/* npz.c: a member's name without .npy, and whether what it claims can be. */
imgcls_status npz_member_name(const struct imgcls_host *host,
                              const struct imgcls_source *archive,
                              const struct imgcls_zip_member *member, char *name,
                              size_t capacity);

#endif
