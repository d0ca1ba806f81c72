/*
 * plugins/ops/sequence/sequence.list.h - every operator of this plugin, once
 *
 * Include with SEQUENCE_OP(name) defined. Not listed, not offered; listed and not defined,
 * not linked.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/* build.c */
SEQUENCE_OP(sequence_construct_op)
SEQUENCE_OP(sequence_empty_op)
SEQUENCE_OP(sequence_insert_op)
SEQUENCE_OP(sequence_erase_op)
/* look.c */
SEQUENCE_OP(sequence_at_op)
SEQUENCE_OP(sequence_length_op)
/* map.c */
SEQUENCE_OP(sequence_map_op)
/* optional.c */
SEQUENCE_OP(optional_op)
SEQUENCE_OP(optional_get_element_op)
SEQUENCE_OP(optional_has_element_op)
/* tensors.c */
SEQUENCE_OP(split_to_sequence_op)
SEQUENCE_OP(concat_from_sequence_op)
