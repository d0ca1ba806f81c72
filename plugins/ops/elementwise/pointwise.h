/*
 * plugins/ops/elementwise/pointwise.h - operators of one input whose float32 form is a kernel
 * of plugins/kernels/pointwise.h
 *
 * POINTWISE_OP defines the operator `op` with a kernel for each instruction set. float64 is
 * the expression, by the C library: it judges the others. In it x is the element.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_ELEMENTWISE_POINTWISE_H
#define OPS_ELEMENTWISE_POINTWISE_H

#include "map.h"
#include "plugins/kernels/pointwise.h"
#include "plugins/kernels/sets.h"

/* All of a float32 tensor, or of a part of it, through a kernel. */
imgcls_status pointwise_run(const struct imgcls_host *host, const struct imgcls_run *run,
                            pointwise_kernel *kernel);
/* Input 0 is float32. */
int32_t pointwise_accepts(const struct imgcls_host *host, const struct imgcls_node *node);

/* The run function of `kernel`. */
#define POINTWISE_RUN(name, kernel)                                                        \
    static imgcls_status name(const struct imgcls_host *host,                              \
                              const struct imgcls_run *run)                                \
    {                                                                                      \
        return pointwise_run(host, run, kernel);                                           \
    }
/* name_portable: both types. */
#define POINTWISE_PORTABLE(name, expression)                                               \
    MAP_ROW(name##_f64, double, expression)                                                \
    static imgcls_status name##_portable(const struct imgcls_host *host,                   \
                                         const struct imgcls_run *run)                     \
    {                                                                                      \
        static const struct map_parameters none = {0, 0};                                  \
        if (run->node->inputs[0]->type == IMGCLS_F32)                                      \
            return pointwise_run(host, run, pointwise_##name##_portable);                  \
        return broadcast_run(host, run, IMGCLS_F64, BROADCAST_GRAIN_DEAR, name##_f64,      \
                             &none);                                                       \
    }
#define POINTWISE_KERNEL(stem, set, isa_, accepts_)                                        \
    static const struct imgcls_kernel stem##_kernel_##set = {                              \
        .struct_size = sizeof(struct imgcls_kernel),                                       \
        .name = #stem "_f32_" #set,                                                        \
        .isa = isa_,                                                                       \
        .accepts = accepts_,                                                               \
        .run = stem##_run_##set,                                                           \
    };
/* The faster kernels of a function and the portable one's descriptor. */
#define POINTWISE_KERNELS(name, accepts_floats_, accepts_f32_)                             \
    WITH_AVX2(POINTWISE_RUN(name##_run_avx2, pointwise_##name##_avx2))                     \
    WITH_AVX2(POINTWISE_KERNEL(name, avx2, IMGCLS_ISA_AVX2, accepts_f32_))                 \
    WITH_AVX512(POINTWISE_RUN(name##_run_avx512, pointwise_##name##_avx512))               \
    WITH_AVX512(POINTWISE_KERNEL(name, avx512, IMGCLS_ISA_AVX512, accepts_f32_))           \
    static const struct imgcls_kernel name##_kernel =                                      \
        OP_KERNEL(#name "_portable", accepts_floats_, name##_portable);
/* For OP_ENTRY: equal costs go to the first. */
#define POINTWISE_LIST(name)                                                               \
    WITH_AVX512(&name##_kernel_avx512 POINTWISE_COMMA)                                     \
    WITH_AVX2(&name##_kernel_avx2 POINTWISE_COMMA) &name##_kernel
#define POINTWISE_COMMA ,

#define POINTWISE_OP(op, type, since, name, expression)                                    \
    POINTWISE_PORTABLE(name, expression)                                                   \
    POINTWISE_KERNELS(name, map_accepts_floats, pointwise_accepts)                         \
    const struct imgcls_op op =                                                            \
        OP_ENTRY(type, since, MAP_TRAITS, map_infer, map_upgrade, POINTWISE_LIST(name));

#endif
