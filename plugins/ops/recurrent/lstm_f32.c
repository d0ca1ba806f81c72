/*
 * plugins/ops/recurrent/lstm_f32.c - LSTM in float32, many sequences together
 *
 * Most LSTMs have constant weights, the default activations, and sequences of one length. Then a
 * step of up to ROWS sequences is two products, of the inputs and of the hidden states with the
 * weights of all gates, by the kernels that MatMul runs on; activations are those of
 * kernels/pointwise.h. So the bits depend on neither instruction set, threads nor batch: a
 * sequence is a row of products. Where there is one sequence, many steps' inputs are one product.
 *
 * Not here: everything else that the operator can be told to do (lstm.c, recurrent.c, in double).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <strings.h>

#include "plugins/kernels/pointwise.h"
#include "plugins/ops/nn/product.h"
#include "recurrent.h"

#define GATES 4
#define ROWS  42 /* whole tiles of 6 and of 14 rows; their gates stay in L2 */
#define LEAST 6  /* sequences that are worth a job of their own */

/* One way to compute: products, and functions of many numbers. */
struct lstm_set {
    const struct product_kernel *product;
    pointwise_kernel *sigmoid, *tanh;
};

static bool has_default_activations(const struct imgcls_host *host,
                                    const struct imgcls_node *node, int64_t directions)
{
    static const char *const names[] = {"Sigmoid", "Tanh", "Tanh"};
    const struct imgcls_attr *list = host->attr(host, node, "activations");
    size_t i;

    if (!list || list->count == 0)
        return true;
    if (list->kind != IMGCLS_ATTR_STRINGS || list->count != 3 * (size_t)directions)
        return false;
    for (i = 0; i < list->count; i++) {
        const char *name = names[i % 3];
        if (list->strings[i].length != strlen(name) ||
            strncasecmp(list->strings[i].bytes, name, strlen(name)) != 0)
            return false;
    }
    return true;
}

bool lstm_f32_takes(const struct imgcls_host *host, const struct imgcls_node *node,
                    struct recurrent_extent *e)
{
    return recurrent_accepts(host, node) && node->inputs[R_X]->type == IMGCLS_F32 &&
           node->inputs[R_W]->constant && node->inputs[R_R]->constant &&
           !op_in(node, R_LENGTHS) && !op_in(node, R_PEEPHOLES) &&
           host->attr_int(host, node, "input_forget", 0) == 0 &&
           !(host->attr_float(host, node, "clip", 0) > 0) &&
           recurrent_extent_of(host, node, &lstm_kind, e) == IMGCLS_OK && e->steps > 0 &&
           e->batch > 0 && e->inputs > 0 && e->size > 0 && e->size <= INT32_MAX &&
           has_default_activations(host, node, e->directions);
}

static int32_t accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    struct recurrent_extent extent;
    return lstm_f32_takes(host, node, &extent);
}

/* ---- Weights ----------------------------------------------------------------------------*/

/* The product of rows of `k` numbers with the gates' weights [GATES * size, k]. */
static struct gemm_job gates_job(const struct recurrent_extent *e, int64_t k,
                                 const struct product_kernel *kernel, const float *weights)
{
    const struct gemm_job job = {
        .n = GATES * e->size,
        .k = k,
        .a_column = 1,
        .b = weights,
        .b_row = 1,
        .b_column = k,
        .b_panel = kernel->b_panel,
        .c_row = GATES * e->size,
        .alpha = 1,
        .beta = 1,
        .bias_column = 1,
    };
    return job;
}

static int64_t panels_of(const struct recurrent_extent *e, int64_t k,
                         const struct product_kernel *kernel)
{
    return gemm_packed_b_size(k, GATES * e->size, kernel->b_panel);
}

/* Floats of one thread's room: gates of inputs and of hidden states, states. */
static int64_t room_of(const struct recurrent_extent *e)
{
    return ROWS * (2 * GATES + 2) * e->size;
}

static size_t thread_bytes(const struct recurrent_extent *e,
                           const struct product_kernel *kernel)
{
    return kernel->workspace() + ((size_t)room_of(e) * sizeof(float) + 63) / 64 * 64;
}

static imgcls_status prepare(const struct imgcls_host *host, struct imgcls_prepare *prepare_,
                             const struct lstm_set *set)
{
    const struct imgcls_node *node = prepare_->node;
    const size_t threads = prepare_->threads < 1 ? 1 : (size_t)prepare_->threads;
    struct recurrent_extent e;
    int64_t w, r, d;
    float *panels;

    if (!lstm_f32_takes(host, node, &e))
        return OP_FAIL(host, node, IMGCLS_INTERNAL, "its shapes are not those it had");
    if (__builtin_mul_overflow(threads, thread_bytes(&e, set->product),
                               &prepare_->workspace_bytes))
        return OP_FAIL(host, node, IMGCLS_LIMIT, "workspace of %zu threads is past any memory",
                       threads);
    if (!set->product->b_panel) /* reads the weights as they are */
        return IMGCLS_OK;
    w = panels_of(&e, e.inputs, set->product);
    r = panels_of(&e, e.size, set->product);
    panels = host->alloc(host, (size_t)(e.directions * (w + r)), sizeof *panels);
    if (!panels)
        return IMGCLS_NO_MEMORY;
    prepare_->state = panels;
    for (d = 0; d < e.directions; d++, panels += w + r) {
        struct gemm_job job = gates_job(&e, e.inputs, set->product,
                                        (const float *)node->inputs[R_W]->constant->data +
                                            d * GATES * e.size * e.inputs);
        gemm_pack_b(&job, 0, panels);
        job = gates_job(&e, e.size, set->product,
                        (const float *)node->inputs[R_R]->constant->data +
                            d * GATES * e.size * e.size);
        gemm_pack_b(&job, 0, panels + w);
    }
    prepare_->constant_bytes = (size_t)(e.directions * (w + r)) * sizeof *panels;
    prepare_->inputs_released = 1 << R_W | 1 << R_R;
    return IMGCLS_OK;
}

/* ---- Steps ------------------------------------------------------------------------------*/

struct run {
    const struct lstm_set *set;
    struct recurrent_extent e;
    const float *x, *b, *first_hidden, *first_cell; /* all but x may be NULL */
    float *y, *last_hidden, *last_cell;             /* any may be NULL */
    const float *w, *r, *panels;
    int64_t rows, pieces; /* sequences of a job; jobs of a direction */
    char *workspace;
    size_t bytes; /* of a thread */
};

/* Some sequences in one direction. */
struct walk {
    const struct run *run;
    int64_t direction, first, count;
    float *of_inputs, *gates, *hidden, *cell; /* rows of GATES * size, and of size */
    void *workspace;
};

static void multiply(const struct walk *walk, struct gemm_job *job)
{
    const struct product_kernel *kernel = walk->run->set->product;
    const int64_t tiles = kernel->grid(job, 1);

    kernel->run(job, 0, tiles, walk->workspace);
}

/* of_inputs = x W' + B_w of `steps` steps from t on; of more than one only where count is 1. */
static void multiply_inputs(const struct walk *walk, int64_t t, int64_t steps)
{
    const struct run *run = walk->run;
    const struct recurrent_extent *e = &run->e;
    const int64_t d = walk->direction, gates = GATES * e->size, b = walk->first;
    const int64_t sequence = (e->batch_first ? e->steps : 1) * e->inputs;
    const int64_t step = (e->batch_first ? 1 : e->batch) * e->inputs;
    struct gemm_job job =
        gates_job(e, e->inputs, run->set->product, run->w + d * gates * e->inputs);

    job.m = walk->count * steps;
    job.a = run->x + b * sequence + t * step;
    job.a_row = steps > 1 ? step : sequence;
    if (run->panels)
        job.b_packed = run->panels + d * (panels_of(e, e->inputs, run->set->product) +
                                          panels_of(e, e->size, run->set->product));
    job.bias = run->b ? run->b + d * 2 * gates : NULL;
    job.c = walk->of_inputs;
    multiply(walk, &job);
}

/* gates = h R' + B_r + of_inputs, whose rows begin at row `at` */
static void multiply_hidden(const struct walk *walk, int64_t at)
{
    const struct run *run = walk->run;
    const struct recurrent_extent *e = &run->e;
    const int64_t d = walk->direction, gates = GATES * e->size;
    struct gemm_job job =
        gates_job(e, e->size, run->set->product, run->r + d * gates * e->size);

    job.m = walk->count;
    job.a = walk->hidden;
    job.a_row = e->size;
    if (run->panels)
        job.b_packed = run->panels +
                       d * (panels_of(e, e->inputs, run->set->product) +
                            panels_of(e, e->size, run->set->product)) +
                       panels_of(e, e->inputs, run->set->product);
    job.bias = run->b ? run->b + (d * 2 + 1) * gates : NULL;
    job.c = walk->gates;
    job.step_count = 1;
    job.steps[0].kind = IMGCLS_EPILOGUE_ADD;
    job.steps[0].operand = walk->of_inputs + at * gates;
    multiply(walk, &job);
}

/* c = f c + i c~ and h = o tanh c; gates lie i, o, f, c~. */
static void cells(const struct walk *walk)
{
    const struct lstm_set *set = walk->run->set;
    const int64_t n = walk->run->e.size;
    int64_t row, i;

    for (row = 0; row < walk->count; row++) {
        float *input = walk->gates + row * GATES * n, *output = input + n;
        float *forget = output + n, *candidate = forget + n;
        float *hidden = walk->hidden + row * n, *cell = walk->cell + row * n;
        set->sigmoid(input, input, 3 * n);
        set->tanh(candidate, candidate, n);
        for (i = 0; i < n; i++)
            cell[i] = forget[i] * cell[i] + input[i] * candidate[i];
        set->tanh(cell, hidden, n);
        for (i = 0; i < n; i++)
            hidden[i] *= output[i];
    }
}

/* States between the walk's rows and a tensor's, which is `to` (or `from`); NULL: zeros, none. */
static void read_states(const struct walk *walk, const float *from, float *rows)
{
    const struct recurrent_extent *e = &walk->run->e;
    int64_t b;

    memset(rows, 0, (size_t)(walk->count * e->size) * sizeof *rows);
    for (b = 0; from && b < walk->count; b++)
        memcpy(rows + b * e->size,
               from + recurrent_at_state(e, walk->direction, walk->first + b),
               (size_t)e->size * sizeof *rows);
}

static void write_states(const struct walk *walk, const float *rows, float *to)
{
    const struct recurrent_extent *e = &walk->run->e;
    int64_t b;

    for (b = 0; to && b < walk->count; b++)
        memcpy(to + recurrent_at_state(e, walk->direction, walk->first + b),
               rows + b * e->size, (size_t)e->size * sizeof *rows);
}

static void walk_steps(const struct walk *walk)
{
    const struct run *run = walk->run;
    const struct recurrent_extent *e = &run->e;
    const bool backward = walk->direction == 1 || e->reverse;
    const int64_t most = walk->count == 1 ? ROWS : 1; /* steps whose inputs are one product */
    int64_t done, piece, i, b;

    read_states(walk, run->first_hidden, walk->hidden);
    read_states(walk, run->first_cell, walk->cell);
    for (done = 0; done < e->steps; done += piece) {
        piece = e->steps - done < most ? e->steps - done : most;
        multiply_inputs(walk, backward ? e->steps - done - piece : done, piece);
        for (i = 0; i < piece; i++) {
            const int64_t t = backward ? e->steps - 1 - done - i : done + i;
            multiply_hidden(walk, backward ? piece - 1 - i : i);
            cells(walk);
            for (b = 0; run->y && b < walk->count; b++)
                memcpy(run->y + recurrent_at_step(e, t, walk->direction, walk->first + b),
                       walk->hidden + b * e->size, (size_t)e->size * sizeof(float));
        }
    }
    write_states(walk, walk->hidden, run->last_hidden);
    write_states(walk, walk->cell, run->last_cell);
}

static void body(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct run *run = argument;
    char *workspace = run->workspace + (size_t)thread * run->bytes;
    const int64_t gates = ROWS * GATES * run->e.size;
    struct walk walk = {.run = run, .workspace = workspace};

    walk.of_inputs = (float *)(void *)(workspace + run->set->product->workspace());
    walk.gates = walk.of_inputs + gates;
    walk.hidden = walk.gates + gates;
    walk.cell = walk.hidden + ROWS * run->e.size;
    for (; begin < end; begin++) {
        walk.direction = begin / run->pieces;
        walk.first = begin % run->pieces * run->rows;
        walk.count = run->e.batch - walk.first < run->rows ? run->e.batch - walk.first
                                                           : run->rows;
        walk_steps(&walk);
    }
}

static const float *floats_in(const struct imgcls_run *run, size_t i)
{
    const struct imgcls_tensor *tensor = imgcls_input(run, i);
    return tensor ? tensor->data : NULL;
}

static float *floats_out(const struct imgcls_run *run, size_t i)
{
    struct imgcls_tensor *tensor = imgcls_output(run, i);
    return tensor ? tensor->data : NULL;
}

static imgcls_status compute(const struct imgcls_host *host, const struct imgcls_run *run,
                             const struct lstm_set *set)
{
    struct run self = {
        .set = set,
        .x = floats_in(run, R_X),
        .b = floats_in(run, R_B),
        .first_hidden = floats_in(run, R_HIDDEN),
        .first_cell = floats_in(run, R_CELL),
        .y = floats_out(run, R_Y),
        .last_hidden = floats_out(run, R_Y_HIDDEN),
        .last_cell = floats_out(run, R_Y_CELL),
        .panels = run->state,
        .workspace = run->workspace,
    };
    int64_t wanted;

    if (!lstm_f32_takes(host, run->node, &self.e))
        return OP_FAIL(host, run->node, IMGCLS_INTERNAL, "its shapes are not those it had");
    if (!self.panels) {
        self.w = floats_in(run, R_W);
        self.r = floats_in(run, R_R);
    }
    self.bytes = thread_bytes(&self.e, set->product);
    wanted = (run->threads + self.e.directions - 1) / self.e.directions;
    self.rows = (self.e.batch + wanted - 1) / wanted;
    if (self.rows < LEAST)
        self.rows = LEAST < self.e.batch ? LEAST : self.e.batch;
    if (self.rows > ROWS) {
        const int64_t pieces = (self.e.batch + ROWS - 1) / ROWS;
        const int64_t even = (self.e.batch + pieces - 1) / pieces;
        self.rows = even < self.rows ? even : ROWS;
    }
    self.pieces = (self.e.batch + self.rows - 1) / self.rows;
    host->parallel_for(host, run, self.e.directions * self.pieces, 1, body, &self);
    return IMGCLS_OK;
}

/* ---- Kernels ----------------------------------------------------------------------------*/

#define LSTM_KERNEL(SET, ISA, NAME, PRODUCT, FUNCTIONS)                                    \
    static const struct lstm_set set_##SET = {&(PRODUCT), pointwise_sigmoid_##FUNCTIONS,   \
                                              pointwise_tanh_##FUNCTIONS};                 \
    static imgcls_status prepare_##SET(const struct imgcls_host *host,                     \
                                       struct imgcls_prepare *prepare_)                    \
    {                                                                                      \
        return prepare(host, prepare_, &set_##SET);                                        \
    }                                                                                      \
    static imgcls_status run_##SET(const struct imgcls_host *host,                         \
                                   const struct imgcls_run *run)                           \
    {                                                                                      \
        return compute(host, run, &set_##SET);                                             \
    }                                                                                      \
    const struct imgcls_kernel lstm_f32_##SET = {                                          \
        .struct_size = sizeof(struct imgcls_kernel),                                       \
        .name = NAME,                                                                      \
        .isa = ISA,                                                                        \
        .accepts = accepts,                                                                \
        .prepare = prepare_##SET,                                                          \
        .run = run_##SET,                                                                  \
        .release = product_release,                                                        \
    };
LSTM_KERNEL(portable, 0, "lstm_f32_portable", product_f32_portable, portable)
WITH_AVX2(LSTM_KERNEL(avx2, IMGCLS_ISA_AVX2, "lstm_f32_avx2", product_direct_avx2, avx2))
WITH_AVX512(LSTM_KERNEL(avx512, IMGCLS_ISA_AVX2 | IMGCLS_ISA_AVX512, "lstm_f32_avx512",
                        product_direct_avx512, avx512))
WITH_NEON(LSTM_KERNEL(neon, IMGCLS_ISA_NEON, "lstm_f32_neon", product_direct_neon, portable))
