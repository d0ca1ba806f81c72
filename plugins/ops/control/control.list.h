/*
 * plugins/ops/control/control.list.h - every operator of this plugin, once
 *
 * Include with CONTROL_OP(name) defined. Not listed, not offered; listed and not defined, not
 * linked.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/* if.c */
CONTROL_OP(if_op)
/* loop.c */
CONTROL_OP(loop_op)
/* scan.c */
CONTROL_OP(scan_op)
/* scan_batch.c */
CONTROL_OP(scan_8_op)
CONTROL_OP(batch_scan_op)
