/*
 * src/plan/pack.c - kernels pack their weights and say what they need
 *
 * Steps do not depend on each other here, so the pool's threads share them. Those with most
 * weights come first, so that no thread is left alone with a large one at the end, and that a
 * large weight and its packed form meet while little else is packed. What a step has packed need not stay: pages of a mapped file go back to the
 * page cache, bytes of the plan's own are freed once their last reader has packed them, so that
 * no more than one form of a weight is in memory for longer than it takes to pack it.
 *
 * The same whatever thread does it, and when: a kernel packs as its node and its weights say. In
 * a plan for one run that is just before a node runs, and what it packed goes right after, so
 * that the next one packs into the same memory: the system need not clear fresh pages for all of
 * the weights, which takes longer than packing them, and what was packed is still in the caches.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/plan/step.h"

#include <stdlib.h>

#include "src/bundle/checks.h"
#include "src/file/file.h"
#include "src/plan/shapes.h"
#include "src/session/pool.h"
#include "src/tensor/tensor.h"

#define LARGE ((size_t)256 << 10)
#define SMALL ((size_t)4 << 10) /* less is not worth remembering its checksum */
#define SHARE ((size_t)16 << 20) /* a thread's, of what a plan for one run packs at a time */

/* One step to prepare; those of most bytes first. */
struct job {
    size_t step, bytes;
};

struct packing {
    struct icl_plan *plan;
    struct job *jobs;
    size_t count;
    _Atomic size_t next;
    pthread_mutex_t lock; /* guards status, failed, and the counts and constants of slots */
    imgcls_status status;
    size_t failed; /* the step that status is of */
};

/* -- constants that were packed ---------------------------------------------------------*/

static void count_use(struct icl_plan *plan, size_t slot)
{
    if (slot != ICL_NONE)
        plan->slots[icl_slot_root(plan, slot)].uses++;
}

static void count_uses(struct icl_plan *plan)
{
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct icl_step *step = &plan->steps[i];
        for (size_t k = 0; k < step->input_count; k++)
            count_use(plan, step->inputs[k]);
        for (size_t k = 0; k < step->capture_count; k++)
            count_use(plan, step->captures[k]);
    }
    for (size_t i = 0; i < plan->graph->output_count; i++)
        count_use(plan, plan->outputs[i]);
}

static int by_address(const void *a, const void *b)
{
    uintptr_t one = (uintptr_t)*(void *const *)a, other = (uintptr_t)*(void *const *)b;
    return one < other ? -1 : one > other;
}

/* Folded values that no slot has were steps on the way to others. */
static imgcls_status drop_passed(struct icl_plan *plan)
{
    size_t count = 0;
    const void **needed = calloc(plan->slot_count + 1, sizeof *needed);
    if (!needed)
        return icl_fail(plan->ctx, IMGCLS_NO_MEMORY, "no memory for a plan");
    for (size_t i = 0; i < plan->slot_count; i++)
        if (plan->slots[i].info->constant)
            needed[count++] = plan->slots[i].info->constant->data;
    qsort(needed, count, sizeof *needed, by_address);
    for (size_t i = 0; i < plan->folded_count; i++) {
        struct imgcls_value *value = plan->folded[i];
        if (!value || !value->tensor || !value->tensor->data ||
            bsearch(&value->tensor->data, needed, count, sizeof *needed, by_address))
            continue;
        icl_value_release(plan->ctx, value);
        plan->folded[i] = NULL;
    }
    free(needed);
    return IMGCLS_OK;
}

/* Frees the folded value whose bytes start at `data`; false where it is none of ours. */
static bool free_folded(struct icl_plan *plan, const void *data)
{
    for (size_t i = 0; i < plan->folded_count; i++) {
        struct imgcls_value *value = plan->folded[i];
        if (!value || !value->tensor || value->tensor->data != data)
            continue;
        icl_value_release(plan->ctx, value);
        plan->folded[i] = NULL;
        return true;
    }
    return false;
}

/* Bytes that nobody reads any more: pages of a file, a folded value, or a share in an
 * initializer that a pass made. The tensor stays, without data where it was ours. */
static void drop(struct icl_plan *plan, struct icl_slot *slot)
{
    struct icl_value *value = slot->value;
    struct imgcls_tensor *tensor = slot->wide ? &slot->wide->tensor : &value->tensor;
    if (!tensor->data)
        return;
    if (free_folded(plan, tensor->data)) {
        tensor->data = NULL;
    } else if (!slot->wide && value->storage) {
        icl_storage_forget(value->storage, tensor->data, tensor->size_bytes);
        if (!icl_storage_is_mapped(value->storage)) {
            icl_storage_release(value->storage);
            value->storage = NULL;
            tensor->data = NULL;
        }
    }
}

static void drop_unread(struct icl_plan *plan)
{
    for (size_t i = 0; i < plan->slot_count; i++) {
        struct icl_slot *slot = &plan->slots[i];
        if (slot->place == ICL_PLACE_CONSTANT && slot->root == i && slot->uses == 0)
            drop(plan, slot);
    }
}

/* Under the lock: inputs that the step has packed. */
static void drop_packed(struct icl_plan *plan, const struct icl_step *step)
{
    for (size_t i = 0; i < step->input_count && i < 64; i++) {
        if (!(step->released >> i & 1) || step->inputs[i] == ICL_NONE)
            continue;
        struct icl_slot *root = &plan->slots[icl_slot_root(plan, step->inputs[i])];
        if (root->place == ICL_PLACE_CONSTANT && ++root->released_uses == root->uses)
            drop(plan, root);
    }
}

/* -- steps ------------------------------------------------------------------------------*/

static size_t constant_bytes(const struct imgcls_node *node)
{
    size_t sum = 0;
    for (size_t i = 0; i < node->input_count; i++)
        if (node->inputs[i] && node->inputs[i]->constant)
            sum += node->inputs[i]->constant->size_bytes;
    return sum;
}

/* Bytes of a file that the kernel is about to read: their pages are asked for, and where their
 * checksum was not verified yet it is taken now, for which they come to the caches anyway. */
static void expect_constants(const struct icl_plan *plan, const struct icl_step *step)
{
    for (size_t i = 0; i < step->input_count; i++) {
        if (step->inputs[i] == ICL_NONE)
            continue;
        const struct icl_slot *root = &plan->slots[icl_slot_root(plan, step->inputs[i])];
        if (root->place != ICL_PLACE_CONSTANT || root->wide || !root->value->storage)
            continue;
        const struct imgcls_tensor *constant = root->info->constant;
        if (constant->size_bytes >= LARGE)
            icl_storage_expect(root->value->storage, constant->data, constant->size_bytes);
        if (constant->size_bytes >= SMALL)
            icl_checks_read(plan->options.checks, constant->data, constant->size_bytes);
    }
}

static void prepare_step(struct packing *packing, size_t index)
{
    struct icl_plan *plan = packing->plan;
    struct icl_step *step = &plan->steps[index];
    struct imgcls_prepare prepare = {.struct_size = sizeof prepare,
                                     .node = step->node,
                                     .threads = plan->options.threads};
    expect_constants(plan, step);
    imgcls_status status = icl_interrupted()
                               ? icl_fail(plan->ctx, IMGCLS_INTERRUPTED, "interrupted")
                               : step->kernel->prepare(&plan->ctx->host, &prepare);
    step->state = prepare.state;
    step->workspace_bytes = prepare.workspace_bytes;
    step->constant_bytes = prepare.constant_bytes;
    step->released = prepare.inputs_released;
    pthread_mutex_lock(&packing->lock);
    if (status == IMGCLS_OK) {
        drop_packed(plan, step);
    } else if (packing->status == IMGCLS_OK) {
        packing->status = status;
        packing->failed = index;
    }
    pthread_mutex_unlock(&packing->lock);
}

static bool has_failed(struct packing *packing)
{
    pthread_mutex_lock(&packing->lock);
    bool failed = packing->status != IMGCLS_OK;
    pthread_mutex_unlock(&packing->lock);
    return failed;
}

static void body(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    struct packing *packing = argument;
    (void)begin, (void)end, (void)thread;
    while (!has_failed(packing)) {
        size_t next = atomic_fetch_add(&packing->next, 1);
        if (next >= packing->count)
            return;
        prepare_step(packing, packing->jobs[next].step);
    }
}

static int by_bytes(const void *a, const void *b)
{
    const struct job *one = a, *other = b;
    if (one->bytes != other->bytes)
        return one->bytes < other->bytes ? 1 : -1;
    return one->step < other->step ? -1 : 1;
}

/* Steps from `first` on whose kernels have something to prepare, before `end`. */
static imgcls_status pack_range(struct icl_plan *plan, struct icl_pool *pool, size_t first,
                                size_t end)
{
    struct packing packing = {.plan = plan};
    int32_t threads = pool ? icl_pool_threads(pool) : 1; /* it may have more than a run */
    packing.jobs = calloc(end - first + 1, sizeof *packing.jobs);
    if (!packing.jobs)
        return icl_fail(plan->ctx, IMGCLS_NO_MEMORY, "no memory for a plan");
    for (size_t i = first; i < end; i++) {
        const struct icl_step *step = &plan->steps[i];
        if (!step->kernel || !step->kernel->prepare)
            continue;
        struct job *job = &packing.jobs[packing.count++];
        job->step = i;
        job->bytes = constant_bytes(step->node);
    }
    qsort(packing.jobs, packing.count, sizeof *packing.jobs, by_bytes);
    pthread_mutex_init(&packing.lock, NULL);
    icl_pool_run(pool, threads, threads, 1, body, &packing);
    pthread_mutex_destroy(&packing.lock);
    free(packing.jobs);
    return packing.status
               ? icl_fail_within_node(plan->ctx, packing.status, plan->steps[packing.failed].node)
               : IMGCLS_OK;
}

/* Bytes of constants that steps from `first` on read, as long as `end` does not reach all steps
 * and the sum is below `limit`. */
static size_t measure_window(const struct icl_plan *plan, size_t first, size_t limit,
                             size_t *end)
{
    size_t bytes = 0, i = first;
    for (; i < plan->step_count && bytes < limit; i++)
        if (plan->steps[i].kernel && plan->steps[i].kernel->prepare)
            bytes += constant_bytes(plan->steps[i].node);
    *end = i;
    return bytes;
}

imgcls_status icl_plan_pack(struct icl_plan *plan, struct icl_pool *pool)
{
    size_t end;
    imgcls_status status = drop_passed(plan);
    if (status)
        return status;
    count_uses(plan);
    drop_unread(plan);
    plan->packing_bytes = measure_window(plan, 0, SIZE_MAX, &end);
    if (plan->options.once)
        return IMGCLS_OK;
    icl_pile_begin(plan->ctx, plan->packing_bytes);
    status = pack_range(plan, pool, 0, end);
    icl_pile_end(plan->ctx);
    return status;
}

/* -- in a plan for one run --------------------------------------------------------------*/

imgcls_status icl_plan_pack_next(struct icl_plan *plan, struct icl_pool *pool, size_t first,
                                 size_t *end)
{
    size_t threads = (size_t)plan->options.threads;
    measure_window(plan, first, threads == 1 ? 1 : threads * SHARE, end);
    icl_pile_begin(plan->ctx, plan->packing_bytes);
    imgcls_status status = pack_range(plan, pool, first, *end);
    icl_pile_rest(plan->ctx);
    return status;
}

void icl_plan_unpack(struct icl_plan *plan, size_t index)
{
    struct icl_step *step = &plan->steps[index];
    if (step->state && step->kernel && step->kernel->release)
        step->kernel->release(&plan->ctx->host, step->state);
    step->state = NULL;
}

void icl_plan_pack_end(struct icl_plan *plan)
{
    for (size_t i = 0; i < plan->step_count; i++)
        icl_plan_unpack(plan, i);
    icl_pile_end(plan->ctx);
}
