/*
 * src/convert/golden.h - the example that travels with a converted model
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_GOLDEN_H
#define ICL_GOLDEN_H

#include "src/model/model.h"
#include "src/verify/reference.h"

/*
 * Gives model->graph a golden example where it has none: test_data_set_0 beside the source
 * where it is complete, else seeded noise and what the unoptimised source graph makes of it.
 * Open dimensions become 1 for the batch and the recipe's crop for height and width; others
 * ask for --shape. *set (own: icl_references_clear) holds the same values.
 */
imgcls_status icl_golden_make(struct imgcls_model *model, struct icl_references *set);

/* The same as far as it needs no running: an example that the graph has or that lies beside
 * the source; the graph stays without one where there is none. */
imgcls_status icl_golden_find(struct imgcls_model *model, struct icl_references *set);

/* A tensor of seeded noise: about normal where the type is of floats, bytes where it is uint8,
 * zeros where it is of other integers; refuses strings by the input's name. *out is set as soon
 * as there is a value, also on failure. Own: icl_value_release. */
imgcls_status icl_golden_noise(struct imgcls_context *ctx, const char *name, int32_t type,
                               int32_t rank, const int64_t *dims, struct imgcls_value **out);

/* Concrete shapes for the model's inputs as described above; shapes has room for one an
 * input. */
imgcls_status icl_golden_shapes(struct imgcls_model *model, struct imgcls_tensor *shapes);

#endif
