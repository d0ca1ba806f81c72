/*
 * eval/leaderboard/machine.h - what a run says about the machine it was made on
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_BOARD_MACHINE_H
#define ICL_BOARD_MACHINE_H

#include <stddef.h>
#include <stdint.h>

/* The processor's own name, from /proc/cpuinfo, else the kernel's word for it ("aarch64"). */
void icl_cpu_name(char *text, size_t capacity);
/* Memory of the machine in bytes, 0 where it cannot be told. */
int64_t icl_machine_memory(void);
/* "user@host". */
void icl_machine_user(char *text, size_t capacity);
/* Most memory that was resident in this process since it began, or since the reset where the
 * kernel lets it be reset (Linux does); in bytes, 0 where it cannot be told. */
void icl_peak_memory_reset(void);
int64_t icl_peak_memory(void);

#endif
