/*
 * eval/leaderboard/machine.h - what a run says about the machine it was made on
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_BOARD_MACHINE_H
#define ICL_BOARD_MACHINE_H

#include <stddef.h>

/* The processor's own name, from /proc/cpuinfo, else the kernel's word for it ("aarch64"). */
void icl_cpu_name(char *text, size_t capacity);

#endif
