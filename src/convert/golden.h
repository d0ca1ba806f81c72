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

/* Concrete shapes for the model's inputs as described above; shapes has room for one an
 * input. */
imgcls_status icl_golden_shapes(struct imgcls_model *model, struct imgcls_tensor *shapes);

#endif
