/*
 * plugins/ops/string/string.list.h - every operator of this plugin, once
 *
 * Include with STRING_OP(name) defined. Not listed, not offered; listed and not defined, not
 * linked.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/* concat.c */
STRING_OP(string_concat_op)
/* match.c */
STRING_OP(regex_full_match_op)
/* ngrams.c */
STRING_OP(tf_idf_vectorizer_op)
/* normalize.c */
STRING_OP(string_normalizer_op)
/* split.c */
STRING_OP(string_split_op)
