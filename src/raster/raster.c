/*
 * src/raster/raster.c - what the readers of one file type each share
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/raster/raster.h"

#include <stdarg.h>
#include <stdio.h>

imgcls_status icl_raster_refuse(struct icl_raster *raster, imgcls_status status,
                                const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(raster->reason, sizeof raster->reason, format, args);
    va_end(args);
    for (char *p = raster->reason; *p; p++)
        if ((unsigned char)*p < 0x20)
            *p = ' '; /* a library's text may have a line break */
    return status;
}

/* a * b / 255, rounded, in Pillow's integers. */
static uint32_t scaled(uint32_t a, uint32_t b)
{
    uint32_t t = a * b + 128;
    return ((t >> 8) + t) >> 8;
}

void icl_raster_rgb_of_cmyk(const uint8_t cmyk[4], uint8_t rgb[3])
{
    const uint32_t white = 255u - cmyk[3];
    for (int c = 0; c < 3; c++)
        rgb[c] = (uint8_t)(white - scaled(cmyk[c], white));
}
