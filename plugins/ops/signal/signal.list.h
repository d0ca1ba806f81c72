/*
 * plugins/ops/signal/signal.list.h - every operator of this plugin, once
 *
 * Include with SIGNAL_OP(name) defined. Not listed, not offered; listed and not defined,
 * not linked.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/* window.c */
SIGNAL_OP(hann_window_op)
SIGNAL_OP(hamming_window_op)
SIGNAL_OP(blackman_window_op)
/* det.c */
SIGNAL_OP(det_op)
/* fourier.c */
SIGNAL_OP(dft_op)
SIGNAL_OP(stft_op)
/* mel.c */
SIGNAL_OP(mel_weight_matrix_op)
