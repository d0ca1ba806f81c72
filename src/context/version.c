/*
 * src/context/version.c - the library's version and the words for a status
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/context/context.h"

const char *imgcls_version(void)
{
    return PACKAGE_VERSION;
}

const char *imgcls_status_text(imgcls_status status)
{
    static const char *const texts[] = {
        [IMGCLS_OK] = "success",
        [IMGCLS_MISMATCH] = "check failed",
        [IMGCLS_BAD_INPUT] = "bad input",
        [IMGCLS_UNSUPPORTED] = "not supported",
        [IMGCLS_IO] = "input or output failed",
        [IMGCLS_NO_MEMORY] = "out of memory",
        [IMGCLS_LIMIT] = "past a limit",
        [IMGCLS_INTERRUPTED] = "interrupted",
        [IMGCLS_INTERNAL] = "internal error",
    };
    if (status < 0 || (size_t)status >= sizeof texts / sizeof texts[0])
        return "unknown status";
    return texts[status];
}
