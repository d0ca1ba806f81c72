/*
 * src/tensor/value.c - values that own what is beneath them
 *
 * A tensor value is one block: head, then elements at the next multiple of 64. A string tensor
 * owns each element's text besides. A list owns its items, or a share of them: the head counts
 * who holds a value, and the last one frees it. It also remembers how deep a value nests, so
 * that copying and releasing may recurse safely.
 *
 * Only what nobody writes any more is shared: lists, and tensors that stand in one. A tensor
 * that a kernel is still to fill, or that a later step may overwrite, stands in none. The
 * counts are atomic, since sessions of several threads may hold the same folded constant.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/tensor/tensor.h"

#include <stdatomic.h>
#include <string.h>

struct owned {
    struct imgcls_value value; /* first; its struct_size is that of the whole */
    struct imgcls_tensor tensor;
    struct imgcls_context *ctx; /* whose memory it is */
    _Atomic size_t holders;
    int depth;    /* 1 for a tensor and for an empty list */
    bool settled; /* stands in a list: nobody writes it */
};

/* Where elements begin in the block. */
#define HEAD_BYTES ((sizeof(struct owned) + 63) / 64 * 64)

static void fill_head(struct imgcls_context *ctx, struct owned *owned, int32_t kind)
{
    owned->ctx = ctx;
    atomic_init(&owned->holders, 1);
    owned->depth = 1;
    owned->value.struct_size = sizeof *owned;
    owned->value.kind = kind;
}

/* The head of a value made here; NULL for one that a caller put together, which may end behind
 * its last member, and for a plain copy of the struct: what either points to lies elsewhere. */
static struct owned *head_of(const struct imgcls_value *value)
{
    uintptr_t at = (uintptr_t)value;
    bool ours = value->struct_size == sizeof(struct owned) &&
                (value->kind == IMGCLS_KIND_TENSOR
                     ? (uintptr_t)value->tensor == at + offsetof(struct owned, tensor)
                     : (uintptr_t)value->items == at + HEAD_BYTES);
    return ours ? (struct owned *)(uintptr_t)value : NULL;
}

/* The value itself with one more holder, where that is safe; else NULL. */
static struct imgcls_value *share(struct imgcls_context *ctx, const struct imgcls_value *value)
{
    struct owned *owned = head_of(value);
    if (!owned || owned->ctx != ctx || (value->kind == IMGCLS_KIND_TENSOR && !owned->settled))
        return NULL;
    /* Whoever calls holds it, or holds a list that does: it cannot go meanwhile. */
    atomic_fetch_add_explicit(&owned->holders, 1, memory_order_relaxed);
    return &owned->value;
}

imgcls_status icl_value_tensor(struct imgcls_context *ctx, int32_t type, int32_t rank,
                               const int64_t *dims, struct imgcls_value **out)
{
    struct imgcls_tensor tensor;
    size_t bytes;
    *out = NULL;
    imgcls_status status = icl_tensor_borrow(ctx, type, rank, dims, NULL, &tensor);
    if (status != IMGCLS_OK)
        return status;
    if (!icl_add_size(HEAD_BYTES, tensor.size_bytes, &bytes))
        return icl_fail(ctx, IMGCLS_LIMIT, "tensor: %zu bytes are more than any memory",
                        tensor.size_bytes);
    unsigned char *block = icl_alloc(ctx, bytes, 1);
    if (!block)
        return icl_alloc_status(ctx);
    struct owned *owned = (struct owned *)block;
    owned->tensor = tensor;
    owned->tensor.data = block + HEAD_BYTES;
    fill_head(ctx, owned, IMGCLS_KIND_TENSOR);
    owned->value.type = type;
    owned->value.tensor = &owned->tensor;
    *out = &owned->value;
    return IMGCLS_OK;
}

imgcls_status icl_value_set_string(struct imgcls_context *ctx, struct imgcls_value *value,
                                   size_t index, const char *bytes, size_t length)
{
    size_t room;
    struct imgcls_tensor *tensor = value->tensor;
    if (!tensor || tensor->type != IMGCLS_STRING)
        return icl_fail(ctx, IMGCLS_INTERNAL, "value: a text for something that holds none");
    if (index >= tensor->size_bytes / sizeof(struct imgcls_string))
        return icl_fail(ctx, IMGCLS_INTERNAL, "value: text %zu of %zu", index,
                        tensor->size_bytes / sizeof(struct imgcls_string));
    if (!icl_add_size(length, 1, &room))
        return icl_fail(ctx, IMGCLS_LIMIT, "value: a text of %zu bytes", length);
    char *copy = icl_alloc(ctx, room, 1); /* NUL behind it, for whoever prints */
    if (!copy)
        return icl_alloc_status(ctx);
    if (length)
        memcpy(copy, bytes, length);
    struct imgcls_string *element = (struct imgcls_string *)tensor->data + index;
    icl_free(ctx, (void *)element->bytes);
    element->bytes = copy;
    element->length = length;
    return IMGCLS_OK;
}

/* What the kinds allow: how many items, and of which type. */
static imgcls_status check_items(struct imgcls_context *ctx, int32_t kind, int32_t type,
                                 size_t count, struct imgcls_value *const *items)
{
    if (kind != IMGCLS_KIND_SEQUENCE && kind != IMGCLS_KIND_OPTIONAL &&
        kind != IMGCLS_KIND_MAP)
        return icl_fail(ctx, IMGCLS_INTERNAL, "value: kind %d has no items", (int)kind);
    if (kind == IMGCLS_KIND_OPTIONAL && count > 1)
        return icl_fail(ctx, IMGCLS_BAD_INPUT, "optional: %zu items, allowed are 0 and 1",
                        count);
    if (kind == IMGCLS_KIND_MAP &&
        (count != 2 || !items[0] || items[0]->kind != IMGCLS_KIND_TENSOR || !items[1]))
        return icl_fail(ctx, IMGCLS_BAD_INPUT,
                        "map: wants a tensor of keys and a tensor or sequence of values");
    for (size_t i = 0; i < count; i++) {
        if (!items[i])
            return icl_fail(ctx, IMGCLS_BAD_INPUT, "value: item %zu is missing", i);
        if (kind != IMGCLS_KIND_MAP && type != IMGCLS_UNDEFINED &&
            items[i]->type != IMGCLS_UNDEFINED && items[i]->type != type)
            return icl_fail(ctx, IMGCLS_BAD_INPUT, "value: item %zu is %s among %s", i,
                            icl_type_name(items[i]->type), icl_type_name(type));
        if (((struct owned *)items[i])->depth >= ICL_VALUE_DEPTH)
            return icl_fail(ctx, IMGCLS_BAD_INPUT, "value: nests deeper than %d",
                            ICL_VALUE_DEPTH);
    }
    return IMGCLS_OK;
}

imgcls_status icl_value_list(struct imgcls_context *ctx, int32_t kind, int32_t type,
                             size_t count, struct imgcls_value **items,
                             struct imgcls_value **out)
{
    size_t bytes;
    *out = NULL;
    imgcls_status status = check_items(ctx, kind, type, count, items);
    if (status != IMGCLS_OK)
        return status;
    if (!icl_mul_size(count, sizeof *items, &bytes) ||
        !icl_add_size(bytes, HEAD_BYTES, &bytes))
        return icl_fail(ctx, IMGCLS_LIMIT, "value: %zu items", count);
    unsigned char *block = icl_alloc(ctx, bytes, 1);
    if (!block)
        return icl_alloc_status(ctx);
    struct owned *owned = (struct owned *)block;
    struct imgcls_value **list = (struct imgcls_value **)(block + HEAD_BYTES);
    fill_head(ctx, owned, kind);
    for (size_t i = 0; i < count; i++) {
        struct owned *item = (struct owned *)items[i];
        list[i] = items[i];
        if (!item->settled) /* a shared one is already, and may be read meanwhile */
            item->settled = true;
        int depth = item->depth + 1;
        if (owned->depth < depth)
            owned->depth = depth;
        if (type == IMGCLS_UNDEFINED && kind != IMGCLS_KIND_MAP)
            type = items[i]->type;
    }
    owned->value.type = kind == IMGCLS_KIND_MAP ? items[1]->type : type;
    owned->value.count = count;
    owned->value.items = list;
    *out = &owned->value;
    return IMGCLS_OK;
}

void icl_value_release(struct imgcls_context *ctx, struct imgcls_value *value)
{
    if (!value)
        return;
    /* Release what was read before the share is given up, acquire before the last one frees. */
    if (atomic_fetch_sub_explicit(&((struct owned *)value)->holders, 1, memory_order_acq_rel) > 1)
        return;
    if (value->tensor && value->tensor->type == IMGCLS_STRING) {
        struct imgcls_string *texts = value->tensor->data;
        size_t count = value->tensor->size_bytes / sizeof *texts;
        for (size_t i = 0; i < count; i++)
            icl_free(ctx, (void *)texts[i].bytes);
    }
    for (size_t i = 0; i < value->count; i++)
        icl_value_release(ctx, value->items[i]);
    icl_free(ctx, value);
}

/* Copies the elements of a strided tensor in row-major order. */
static void gather(const struct imgcls_tensor *from, unsigned char *to)
{
    size_t width = icl_type_bits(from->type) / 8;
    int64_t index[IMGCLS_MAX_RANK] = {0};
    int64_t count = imgcls_count(from->rank, from->dims);
    for (int64_t done = 0; done < count; done++) {
        int64_t offset = 0;
        for (int32_t i = 0; i < from->rank; i++)
            offset += index[i] * from->strides[i];
        memcpy(to, (const unsigned char *)from->data + offset * (int64_t)width, width);
        to += width;
        for (int32_t i = from->rank - 1; i >= 0 && ++index[i] == from->dims[i]; i--)
            index[i] = 0;
    }
}

static imgcls_status copy_tensor(struct imgcls_context *ctx, const struct imgcls_tensor *from,
                                 struct imgcls_value **out)
{
    struct imgcls_value *copy;
    imgcls_status status = icl_value_tensor(ctx, from->type, from->rank, from->dims, &copy);
    if (status != IMGCLS_OK)
        return status;
    size_t bytes = copy->tensor->size_bytes;
    if (from->type == IMGCLS_STRING) {
        /* Texts one by one; until its text is copied an element is empty. */
        struct imgcls_string *texts = icl_alloc(ctx, bytes, 1);
        if (texts)
            gather(from, (unsigned char *)texts);
        else
            status = icl_alloc_status(ctx);
        for (size_t i = 0; status == IMGCLS_OK && i < bytes / sizeof *texts; i++)
            status = icl_value_set_string(ctx, copy, i, texts[i].bytes, texts[i].length);
        icl_free(ctx, texts);
        if (status != IMGCLS_OK) {
            icl_value_release(ctx, copy);
            return status;
        }
    } else if (icl_tensor_is_row_major(from)) {
        if (bytes)
            memcpy(copy->tensor->data, from->data, bytes);
    } else {
        gather(from, copy->tensor->data);
    }
    *out = copy;
    return IMGCLS_OK;
}

imgcls_status icl_value_copy(struct imgcls_context *ctx, const struct imgcls_value *value,
                             struct imgcls_value **out)
{
    imgcls_status status = IMGCLS_OK;
    *out = NULL;
    if (value->kind == IMGCLS_KIND_TENSOR) {
        if (!value->tensor)
            return icl_fail(ctx, IMGCLS_INTERNAL, "value: a tensor that was never set");
        return copy_tensor(ctx, value->tensor, out);
    }
    *out = share(ctx, value);
    if (*out)
        return IMGCLS_OK;
    struct imgcls_value **items = icl_alloc(ctx, value->count, sizeof *items);
    if (!items)
        return icl_alloc_status(ctx);
    size_t made = 0;
    for (; made < value->count && status == IMGCLS_OK; made += status == IMGCLS_OK)
        status = icl_value_item(ctx, value->items[made], &items[made]);
    if (status == IMGCLS_OK)
        status = icl_value_list(ctx, value->kind, value->type, made, items, out);
    for (size_t i = 0; status != IMGCLS_OK && i < made; i++)
        icl_value_release(ctx, items[i]);
    icl_free(ctx, items);
    return status;
}

imgcls_status icl_value_item(struct imgcls_context *ctx, const struct imgcls_value *value,
                             struct imgcls_value **out)
{
    *out = share(ctx, value);
    return *out ? IMGCLS_OK : icl_value_copy(ctx, value, out);
}
