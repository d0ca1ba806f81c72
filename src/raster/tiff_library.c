/*
 * src/raster/tiff_library.c - libtiff by name
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/raster/tiff_library.h"

#include <dlfcn.h>

#include "src/raster/tiff_soname.h"

imgcls_status icl_tiff_load(struct icl_raster *raster, struct icl_tiff_library *library)
{
    void *handle = dlopen(LIBTIFF_SONAME, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    const char *missing = NULL;
    if (!handle)
        return icl_raster_refuse(raster, IMGCLS_UNSUPPORTED,
                                 "is a TIFF, and libtiff cannot be loaded: %s", dlerror());
#define RESOLVE(name)                                                                      \
    *(void **)&library->name = dlsym(handle, #name);                                       \
    if (!library->name)                                                                    \
        missing = #name;
    ICL_TIFF_FUNCTIONS(RESOLVE)
#undef RESOLVE
    dlclose(handle); /* only the count of those who ask: the library stays */
    if (missing)
        return icl_raster_refuse(raster, IMGCLS_UNSUPPORTED,
                                 "is a TIFF, and %s has no function %s; version 4.5 is needed",
                                 LIBTIFF_SONAME, missing);
    return IMGCLS_OK;
}
