/*
 * src/context/pile.h - large blocks side by side in large pages
 *
 * Packed weights are written once into fresh memory. Pages of 4 KiB cost more time than the
 * packing itself, and large pages need whole, aligned 2 MiB, which blocks of some megabytes
 * each for itself do not fill. So blocks that are made together lie together, in chunks that
 * begin where a large page does. A chunk goes when its last block does, or waits for the next
 * blocks while the pile rests.
 *
 * Private to src/context.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_PILE_H
#define ICL_PILE_H

#include "src/context/context.h"

void icl_pile_init(struct icl_pile *pile);
void icl_pile_destroy(struct icl_pile *pile);

/* `bytes` bytes on a multiple of 64, zeroed where `clear`, and the chunk that has them, with one user
 * more; NULL where no pile is open, the block is small, or there is no memory. Thread-safe. */
void *icl_pile_take(struct icl_pile *pile, size_t bytes, bool clear, struct icl_chunk **chunk);
/* One user less. Thread-safe. */
void icl_chunk_release(struct icl_chunk *chunk);

#endif
