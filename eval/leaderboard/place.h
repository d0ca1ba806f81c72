/*
 * eval/leaderboard/place.h - where the leaderboard lies, and what kind of place that is
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_BOARD_PLACE_H
#define ICL_BOARD_PLACE_H

#include "src/context/context.h"

/* given, else $IMGCLS_DB, else imgcls/leaderboard.db under $XDG_DATA_HOME, else under
 * $HOME/.local/share. With `make` the folders of a default place are made. Own: free. */
imgcls_status icl_board_place(struct imgcls_context *ctx, const char *given, bool make,
                              char **path);
bool icl_board_exists(const char *path);
bool icl_board_is_folder(const char *path);
/* The file cannot change: neither it nor its folder may be written by us. */
bool icl_board_is_shut(const char *path);
/* Is there a log (-wal) beside the file that holds what the file does not have yet? */
bool icl_board_has_log(const char *path);
/* On a file system of another machine, where WAL's shared memory does not work. */
bool icl_board_is_remote(const char *path);
/* "file:PATH?immutable=1", escaped. Own: free; NULL: no memory. */
char *icl_board_uri(const char *path);
/* Absolute form of a path, links kept where it does not exist. Own: free; NULL: no memory. */
char *icl_absolute_path(const char *path);

#endif
