/*
 * src/raster/tiff_library.h - libtiff, loaded when the first TIFF is met
 *
 * It brings eight more libraries along, one of them in C++: too much for the start of every
 * command, most of which never meet a TIFF. Once loaded it stays, so that asking again is
 * cheap and any number of threads may.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_TIFF_LIBRARY_H
#define ICL_TIFF_LIBRARY_H

#include "src/raster/raster.h"

#include <tiffio.h>

#define ICL_TIFF_FUNCTIONS(X)                                                              \
    X(TIFFClientOpenExt)                                                                   \
    X(TIFFClose)                                                                           \
    X(TIFFGetField)                                                                        \
    X(TIFFGetFieldDefaulted)                                                               \
    X(TIFFIsTiled)                                                                         \
    X(TIFFOpenOptionsAlloc)                                                                \
    X(TIFFOpenOptionsFree)                                                                 \
    X(TIFFOpenOptionsSetErrorHandlerExtR)                                                  \
    X(TIFFOpenOptionsSetMaxSingleMemAlloc)                                                 \
    X(TIFFOpenOptionsSetWarningHandlerExtR)                                                \
    X(TIFFReadRGBAImageOriented)                                                           \
    X(TIFFReadScanline)                                                                    \
    X(TIFFReadTile)                                                                        \
    X(TIFFScanlineSize64)                                                                  \
    X(TIFFSetField)                                                                        \
    X(TIFFTileRowSize64)                                                                   \
    X(TIFFTileSize64)

struct icl_tiff_library {
#define DECLARE(name) __typeof__(&name) name;
    ICL_TIFF_FUNCTIONS(DECLARE)
#undef DECLARE
};

/* Fills *library; a reason in raster where that cannot be. Nothing is to be undone. */
imgcls_status icl_tiff_load(struct icl_raster *raster, struct icl_tiff_library *library);

#endif
