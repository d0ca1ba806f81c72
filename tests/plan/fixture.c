/*
 * tests/plan/fixture.c - a plugin of small operators to test planner and session with
 *
 * Domain test.plan, version 1. Each operator is there for one ability of the executor: in
 * place, view, shapes alone, packed weights and workspace, outputs that depend on data,
 * inner graphs, decomposition, native float16. They compute in the most obvious way.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <imgcls/plugin.h>

#include <string.h>

#define DOMAIN "test.plan"

static size_t width_of(int32_t type)
{
    return type == IMGCLS_F64 || type == IMGCLS_I64 ? 8
           : type == IMGCLS_F16                     ? 2
           : type == IMGCLS_BOOL                    ? 1
                                                    : 4;
}

static double get(const struct imgcls_tensor *t, int64_t i)
{
    if (t->type == IMGCLS_F32)
        return ((const float *)t->data)[i];
    if (t->type == IMGCLS_F64)
        return ((const double *)t->data)[i];
    return (double)((const int64_t *)t->data)[i];
}

static void put(struct imgcls_tensor *t, int64_t i, double x)
{
    if (t->type == IMGCLS_F32)
        ((float *)t->data)[i] = (float)x;
    else if (t->type == IMGCLS_F64)
        ((double *)t->data)[i] = x;
    else
        ((int64_t *)t->data)[i] = (int64_t)x;
}

static int32_t is_number(int32_t type)
{
    return type == IMGCLS_F32 || type == IMGCLS_F64 || type == IMGCLS_I64;
}

static int32_t accepts_numbers(const struct imgcls_host *host,
                               const struct imgcls_node *node)
{
    (void)host;
    for (size_t i = 0; i < node->input_count; i++)
        if (node->inputs[i] && !is_number(node->inputs[i]->type))
            return 0;
    return 1;
}

static int32_t accepts_all(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    (void)node;
    return 1;
}

/* -- Add, Mul: broadcasting, may write over an input ------------------------------------*/

static imgcls_status infer_broadcast(const struct imgcls_host *host,
                                     struct imgcls_infer *infer)
{
    const struct imgcls_value_info *a = infer->node->inputs[0], *b = infer->node->inputs[1];
    int64_t dims[IMGCLS_MAX_RANK];
    int32_t rank;
    imgcls_status status =
        host->broadcast(host, infer->node, a->rank, a->dims, b->rank, b->dims, &rank, dims);
    return status ? status : host->infer_output(host, infer, 0, a->type, rank, dims);
}

/* Index into `t` of element `index` of the broadcast result `out`. */
static int64_t source_index(const struct imgcls_tensor *out, const struct imgcls_tensor *t,
                            int64_t index)
{
    int64_t at = 0, stride = 1;
    for (int32_t i = out->rank - 1; i >= 0; i--) {
        int64_t coordinate = index % out->dims[i];
        int32_t d = i - (out->rank - t->rank);
        index /= out->dims[i];
        if (d < 0)
            continue;
        if (t->dims[d] != 1)
            at += coordinate * stride;
        stride *= t->dims[d];
    }
    return at;
}

static imgcls_status run_binary(const struct imgcls_run *run, int multiply)
{
    const struct imgcls_tensor *a = imgcls_input(run, 0), *b = imgcls_input(run, 1);
    struct imgcls_tensor *out = imgcls_output(run, 0);
    int64_t count = imgcls_count(out->rank, out->dims);
    for (int64_t i = 0; i < count; i++) {
        double x = get(a, source_index(out, a, i)), y = get(b, source_index(out, b, i));
        put(out, i, multiply ? x * y : x + y);
    }
    return IMGCLS_OK;
}

static imgcls_status add_portable(const struct imgcls_host *host,
                                  const struct imgcls_run *run)
{
    (void)host;
    return run_binary(run, 0);
}

static imgcls_status mul_portable(const struct imgcls_host *host,
                                  const struct imgcls_run *run)
{
    (void)host;
    return run_binary(run, 1);
}

static double cost_low(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    (void)node;
    return 10;
}

static int32_t accepts_f32(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    for (size_t i = 0; i < node->input_count; i++)
        if (node->inputs[i] && node->inputs[i]->type != IMGCLS_F32)
            return 0;
    return 1;
}

static const struct imgcls_kernel add_kernel = {.struct_size = sizeof(struct imgcls_kernel),
                                                .name = "add_portable",
                                                .accepts = accepts_numbers,
                                                .run = add_portable};
/* Cheaper by its own word, and only for float32: the one to be chosen there. */
static const struct imgcls_kernel add_cheap = {.struct_size = sizeof(struct imgcls_kernel),
                                               .name = "add_f32_cheap",
                                               .accepts = accepts_f32,
                                               .cost = cost_low,
                                               .run = add_portable};
static const struct imgcls_op add = {
    .struct_size = sizeof(struct imgcls_op),
    .domain = DOMAIN,
    .type = "Add",
    .since_first = 1,
    .since_last = 1,
    .traits = IMGCLS_TRAIT_ELEMENTWISE | IMGCLS_TRAIT_IN_PLACE,
    .infer = infer_broadcast,
    .kernels = (const struct imgcls_kernel *const[]){&add_kernel, &add_cheap, NULL}};
static const struct imgcls_kernel mul_kernel = {.struct_size = sizeof(struct imgcls_kernel),
                                                .name = "mul_portable",
                                                .accepts = accepts_numbers,
                                                .run = mul_portable};
static const struct imgcls_op mul = {
    .struct_size = sizeof(struct imgcls_op),
    .domain = DOMAIN,
    .type = "Mul",
    .since_first = 1,
    .since_last = 1,
    .traits = IMGCLS_TRAIT_ELEMENTWISE | IMGCLS_TRAIT_IN_PLACE,
    .infer = infer_broadcast,
    .kernels = (const struct imgcls_kernel *const[]){&mul_kernel, NULL}};

/* -- MatMul: two dimensions; constant weights are packed, the workspace is overwritten --*/

static imgcls_status infer_matmul(const struct imgcls_host *host,
                                  struct imgcls_infer *infer)
{
    const struct imgcls_value_info *a = infer->node->inputs[0], *b = infer->node->inputs[1];
    if (a->rank < 0 || b->rank < 0)
        return host->infer_output(host, infer, 0, a->type, -1, NULL);
    if (a->rank != 2 || b->rank != 2 ||
        (a->dims[1] >= 0 && b->dims[0] >= 0 && a->dims[1] != b->dims[0]))
        return host->fail(host, IMGCLS_BAD_INPUT, "inner dimensions %lld and %lld differ",
                          (long long)a->dims[1], (long long)b->dims[0]);
    int64_t dims[2] = {a->dims[0], b->dims[1]};
    return host->infer_output(host, infer, 0, a->type, 2, dims);
}

#define SCRATCH 4096

static imgcls_status matmul_prepare(const struct imgcls_host *host,
                                    struct imgcls_prepare *prepare)
{
    const struct imgcls_tensor *b = prepare->node->inputs[1]->constant;
    prepare->workspace_bytes = SCRATCH;
    if (!b)
        return IMGCLS_OK;
    prepare->state = host->alloc(host, b->size_bytes + 1, 1);
    if (!prepare->state)
        return IMGCLS_NO_MEMORY;
    memcpy(prepare->state, b->data, b->size_bytes);
    prepare->constant_bytes = b->size_bytes;
    prepare->inputs_released = UINT64_C(1) << 1;
    return IMGCLS_OK;
}

static void matmul_release(const struct imgcls_host *host, void *state)
{
    host->release(host, state);
}

struct rows {
    const struct imgcls_tensor *a, *b;
    struct imgcls_tensor *out;
};

static void multiply_rows(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    struct rows *rows = argument;
    int64_t n = rows->b->dims[1], k = rows->b->dims[0];
    (void)thread;
    for (int64_t i = begin; i < end; i++)
        for (int64_t j = 0; j < n; j++) {
            double sum = 0;
            for (int64_t l = 0; l < k; l++)
                sum += get(rows->a, i * k + l) * get(rows->b, l * n + j);
            put(rows->out, i * n + j, sum);
        }
}

static imgcls_status matmul_portable(const struct imgcls_host *host,
                                     const struct imgcls_run *run)
{
    struct imgcls_tensor b = *imgcls_input(run, 1);
    struct rows rows = {imgcls_input(run, 0), &b, imgcls_output(run, 0)};
    if (run->state)
        b.data = run->state;
    memset(run->workspace, 0xff, run->workspace_bytes); /* NaN over whatever lies there */
    host->parallel_for(host, run, rows.a->dims[0], 1, multiply_rows, &rows);
    return IMGCLS_OK;
}

static int64_t matmul_macs(const struct imgcls_host *host, const struct imgcls_node *node)
{
    const struct imgcls_value_info *a = node->inputs[0], *b = node->inputs[1];
    (void)host;
    if (a->rank != 2 || b->rank != 2 || a->dims[0] < 0 || b->dims[0] < 0 || b->dims[1] < 0)
        return -1;
    return a->dims[0] * b->dims[0] * b->dims[1];
}

static const struct imgcls_kernel matmul_kernel = {.struct_size =
                                                       sizeof(struct imgcls_kernel),
                                                   .name = "matmul_portable",
                                                   .accepts = accepts_numbers,
                                                   .prepare = matmul_prepare,
                                                   .run = matmul_portable,
                                                   .release = matmul_release};
static const struct imgcls_op matmul = {
    .struct_size = sizeof(struct imgcls_op),
    .domain = DOMAIN,
    .type = "MatMul",
    .since_first = 1,
    .since_last = 1,
    .infer = infer_matmul,
    .macs = matmul_macs,
    .kernels = (const struct imgcls_kernel *const[]){&matmul_kernel, NULL}};

/* -- Reshape: a view; the target shape is its second input ------------------------------*/

static imgcls_status infer_reshape(const struct imgcls_host *host,
                                   struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = infer->node->inputs[0];
    const struct imgcls_tensor *shape = infer->node->inputs[1]->constant;
    int64_t dims[IMGCLS_MAX_RANK];
    if (!shape)
        return host->infer_output(host, infer, 0, in->type, -1, NULL);
    for (int64_t i = 0; i < shape->dims[0]; i++)
        dims[i] = ((const int64_t *)shape->data)[i];
    if (in->rank >= 0 && imgcls_count(in->rank, in->dims) >= 0 &&
        imgcls_count(in->rank, in->dims) != imgcls_count((int32_t)shape->dims[0], dims))
        return host->fail(host, IMGCLS_BAD_INPUT, "element counts differ");
    return host->infer_output(host, infer, 0, in->type, (int32_t)shape->dims[0], dims);
}

static imgcls_status copy_portable(const struct imgcls_host *host,
                                   const struct imgcls_run *run)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    struct imgcls_tensor *out = imgcls_output(run, 0);
    (void)host;
    memcpy(out->data, in->data,
           (size_t)imgcls_count(in->rank, in->dims) * width_of(in->type));
    return IMGCLS_OK;
}

static const struct imgcls_kernel copy_kernel = {.struct_size =
                                                     sizeof(struct imgcls_kernel),
                                                 .name = "copy_portable",
                                                 .accepts = accepts_all,
                                                 .run = copy_portable};
static const struct imgcls_op reshape = {
    .struct_size = sizeof(struct imgcls_op),
    .domain = DOMAIN,
    .type = "Reshape",
    .since_first = 1,
    .since_last = 1,
    .traits = IMGCLS_TRAIT_VIEW,
    .infer = infer_reshape,
    .kernels = (const struct imgcls_kernel *const[]){&copy_kernel, NULL}};

/* -- Move: copies, any type natively ----------------------------------------------------*/

static imgcls_status infer_same(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    return host->infer_like(host, infer, 0, 0);
}

static const struct imgcls_op move = {
    .struct_size = sizeof(struct imgcls_op),
    .domain = DOMAIN,
    .type = "Move",
    .since_first = 1,
    .since_last = 1,
    .infer = infer_same,
    .kernels = (const struct imgcls_kernel *const[]){&copy_kernel, NULL}};

/* -- Shape: reads no elements -----------------------------------------------------------*/

static imgcls_status infer_shape(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    int64_t rank = infer->node->inputs[0]->rank;
    return host->infer_output(host, infer, 0, IMGCLS_I64, 1, &rank);
}

static imgcls_status shape_portable(const struct imgcls_host *host,
                                    const struct imgcls_run *run)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    (void)host;
    memcpy(imgcls_output(run, 0)->data, in->dims, (size_t)in->rank * sizeof(int64_t));
    return IMGCLS_OK;
}

static const struct imgcls_kernel shape_kernel = {.struct_size =
                                                      sizeof(struct imgcls_kernel),
                                                  .name = "shape_portable",
                                                  .accepts = accepts_all,
                                                  .run = shape_portable};
static const struct imgcls_op shape = {
    .struct_size = sizeof(struct imgcls_op),
    .domain = DOMAIN,
    .type = "Shape",
    .since_first = 1,
    .since_last = 1,
    .traits = IMGCLS_TRAIT_SHAPE_ONLY,
    .infer = infer_shape,
    .kernels = (const struct imgcls_kernel *const[]){&shape_kernel, NULL}};

/* -- Positives: the elements above zero, however many there are -------------------------*/

static imgcls_status infer_positives(const struct imgcls_host *host,
                                     struct imgcls_infer *infer)
{
    int64_t open = -1;
    return host->infer_output(host, infer, 0, infer->node->inputs[0]->type, 1, &open);
}

static imgcls_status positives_portable(const struct imgcls_host *host,
                                        const struct imgcls_run *run)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    int64_t count = imgcls_count(in->rank, in->dims), found = 0, at = 0;
    for (int64_t i = 0; i < count; i++)
        found += get(in, i) > 0;
    imgcls_status status = host->run_output(host, run, 0, in->type, 1, &found);
    if (status)
        return status;
    for (int64_t i = 0; i < count; i++)
        if (get(in, i) > 0)
            put(imgcls_output(run, 0), at++, get(in, i));
    return IMGCLS_OK;
}

static const struct imgcls_kernel positives_kernel = {.struct_size =
                                                          sizeof(struct imgcls_kernel),
                                                      .name = "positives_portable",
                                                      .accepts = accepts_numbers,
                                                      .run = positives_portable};
static const struct imgcls_op positives = {
    .struct_size = sizeof(struct imgcls_op),
    .domain = DOMAIN,
    .type = "Positives",
    .since_first = 1,
    .since_last = 1,
    .infer = infer_positives,
    .kernels = (const struct imgcls_kernel *const[]){&positives_kernel, NULL}};

/* -- Twice: no kernel; x + x ------------------------------------------------------------*/

static imgcls_status twice_decompose(const struct imgcls_host *host,
                                     struct imgcls_graph *graph, struct imgcls_node *node)
{
    const char *sum = host->graph_unique_name(host, graph, "sum");
    const char *x = node->inputs[0]->name;
    if (!sum)
        return IMGCLS_NO_MEMORY;
    /* The user of `sum` first: parts may come in any order. */
    imgcls_status status =
        host->graph_add_node(host, graph, DOMAIN, "Move", "", 1, (const char *[]){sum}, 1,
                             (const char *[]){node->outputs[0]->name}, NULL);
    return status ? status
                  : host->graph_add_node(host, graph, DOMAIN, "Add", "", 2,
                                         (const char *[]){x, x}, 1, (const char *[]){sum},
                                         NULL);
}

static const struct imgcls_op twice = {.struct_size = sizeof(struct imgcls_op),
                                       .domain = DOMAIN,
                                       .type = "Twice",
                                       .since_first = 1,
                                       .since_last = 1,
                                       .infer = infer_same,
                                       .decompose = twice_decompose};

/* -- Choose: one of two inner graphs, by the sign of a number ---------------------------*/

static imgcls_status infer_open(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    return host->infer_output(host, infer, 0, IMGCLS_UNDEFINED, -1, NULL);
}

static imgcls_status choose_portable(const struct imgcls_host *host,
                                     const struct imgcls_run *run)
{
    int yes = get(imgcls_input(run, 0), 0) > 0;
    const struct imgcls_attr *attr = host->attr(host, run->node, yes ? "then" : "else");
    struct imgcls_value *out = NULL;
    if (!attr)
        return host->fail(host, IMGCLS_BAD_INPUT, "a branch is missing");
    imgcls_status status = host->run_graph(host, run, attr->graphs[0], 0, NULL, 1, &out);
    if (status == IMGCLS_OK)
        status = host->run_copy(host, run, 0, out);
    host->value_release(host, out);
    return status;
}

static const struct imgcls_kernel choose_kernel = {.struct_size =
                                                       sizeof(struct imgcls_kernel),
                                                   .name = "choose_portable",
                                                   .accepts = accepts_all,
                                                   .run = choose_portable};
static const struct imgcls_op choose = {
    .struct_size = sizeof(struct imgcls_op),
    .domain = DOMAIN,
    .type = "Choose",
    .since_first = 1,
    .since_last = 1,
    .traits = IMGCLS_TRAIT_SUBGRAPH,
    .infer = infer_open,
    .kernels = (const struct imgcls_kernel *const[]){&choose_kernel, NULL}};

/* -- Repeat: state = body(state), `times` times -----------------------------------------*/

static imgcls_status repeat_portable(const struct imgcls_host *host,
                                     const struct imgcls_run *run)
{
    const struct imgcls_attr *attr = host->attr(host, run->node, "body");
    int64_t times = (int64_t)get(imgcls_input(run, 0), 0);
    const struct imgcls_value *state = run->inputs[1];
    struct imgcls_value *held = NULL;
    imgcls_status status = IMGCLS_OK;
    for (int64_t i = 0; i < times && status == IMGCLS_OK; i++) {
        struct imgcls_value *next = NULL;
        status = host->run_graph(host, run, attr->graphs[0], 1, &state, 1, &next);
        host->value_release(host, held);
        state = held = next;
    }
    if (status == IMGCLS_OK)
        status = host->run_copy(host, run, 0, state);
    host->value_release(host, held);
    return status;
}

static const struct imgcls_kernel repeat_kernel = {.struct_size =
                                                       sizeof(struct imgcls_kernel),
                                                   .name = "repeat_portable",
                                                   .accepts = accepts_all,
                                                   .run = repeat_portable};
static const struct imgcls_op repeat = {
    .struct_size = sizeof(struct imgcls_op),
    .domain = DOMAIN,
    .type = "Repeat",
    .since_first = 1,
    .since_last = 1,
    .traits = IMGCLS_TRAIT_SUBGRAPH,
    .infer = infer_open,
    .kernels = (const struct imgcls_kernel *const[]){&repeat_kernel, NULL}};

static const struct imgcls_plugin plugin = {
    .abi_major = IMGCLS_ABI_MAJOR,
    .abi_minor_needed = 1,
    .struct_size = sizeof(struct imgcls_plugin),
    .name = "test-plan",
    .version = "1.0.0",
    .licence = "Apache-2.0",
    .ops = (const struct imgcls_op *const[]){&add, &mul, &matmul, &reshape, &move, &shape,
                                             &positives, &twice, &choose, &repeat, NULL},
};

const struct imgcls_plugin *imgcls_plugin_entry(const struct imgcls_host *host)
{
    (void)host;
    return &plugin;
}
