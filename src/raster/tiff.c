/*
 * src/raster/tiff.c - TIFF: the first picture of a file, unpacked by libtiff
 *
 * libtiff undoes compression, predictors, tiles and byte orders. What a sample means is
 * decided here after Pillow's modes: gray of up to 8 bits is stretched to 8, gray of more
 * (integers and floats) is cut off at 0 and 255 and not stretched, colours of 16 bits keep
 * their high byte, a palette's colours as well, colours that were multiplied by alpha are
 * divided by it, other further samples are dropped. Compressed YCbCr is libtiff's own
 * business, as there. The orientation is applied, which Pillow does for TIFF alone.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/raster/tiff_library.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES_MAX 8
#define PIXELS_MAX  178956970 /* Pillow's limit, for tiles that are larger than the picture */
#define MEMORY_MAX  ((tmsize_t)1 << 30) /* of one allocation within libtiff */

struct tiff {
    struct icl_raster *file;
    struct icl_tiff_library library;
    TIFF *handle;
    uint64_t at; /* where libtiff reads in the file */
    uint32_t width, height;
    uint16_t bits, samples, format, photometric, planar, compression, orientation;
    uint16_t *palette[3]; /* libtiff's */
    bool associated;      /* colours were multiplied by the alpha that follows them */
    int kept;             /* samples a pixel that are wanted: 1, 3 or 4 */
    bool plain_ycbcr;     /* three samples a pixel, not converted by libtiff */
    bool streamed;        /* rows are given as they come: pixels holds one of them */
    int given;            /* samples a pixel that the file's owner gets */
    uint8_t *pixels;      /* own: kept samples a pixel */
    uint8_t *row;         /* own: given samples a pixel */
};

/* ---- What libtiff calls ---------------------------------------------------------------*/

static tmsize_t take(thandle_t user, void *to, tmsize_t count)
{
    struct tiff *tiff = (struct tiff *)user;
    const uint64_t left =
        tiff->at < tiff->file->size ? (uint64_t)tiff->file->size - tiff->at : 0;
    if (count < 0)
        return 0;
    if ((uint64_t)count > left)
        count = (tmsize_t)left;
    memcpy(to, tiff->file->bytes + (left ? tiff->at : 0), (size_t)count);
    tiff->at += (uint64_t)count;
    return count;
}

static tmsize_t refuse_write(thandle_t user, void *from, tmsize_t count)
{
    (void)user;
    (void)from;
    (void)count;
    return -1;
}

static toff_t seek(thandle_t user, toff_t offset, int whence)
{
    struct tiff *tiff = (struct tiff *)user;
    tiff->at = offset + (whence == SEEK_CUR   ? tiff->at
                         : whence == SEEK_END ? (uint64_t)tiff->file->size
                                              : 0);
    return tiff->at;
}

static int forget(thandle_t user)
{
    (void)user;
    return 0;
}

static toff_t size_of(thandle_t user)
{
    return ((struct tiff *)user)->file->size;
}

/* The first error is the cause; those after it are what follows from it. */
static int note_error(TIFF *handle, void *user, const char *module, const char *format,
                      va_list args)
{
    struct tiff *tiff = user;
    char text[sizeof tiff->file->reason];
    (void)handle;
    (void)module;
    vsnprintf(text, sizeof text, format, args);
    if (!tiff->file->reason[0])
        icl_raster_refuse(tiff->file, IMGCLS_BAD_INPUT, "broken TIFF: %.200s", text);
    return 1;
}

static int ignore_warning(TIFF *handle, void *user, const char *module, const char *format,
                          va_list args)
{
    (void)handle;
    (void)user;
    (void)module;
    (void)format;
    (void)args;
    return 1;
}

/* ---- What kind of picture it is -------------------------------------------------------*/

static imgcls_status broken(const struct tiff *tiff, const char *why)
{
    if (tiff->file->reason[0])
        return IMGCLS_BAD_INPUT;
    return icl_raster_refuse(tiff->file, IMGCLS_BAD_INPUT, "broken TIFF: %s", why);
}

/* An unsigned number of the file in its byte order; 0 past its end. */
static uint64_t number_at(const struct tiff *tiff, uint64_t at, unsigned count)
{
    const struct icl_raster *file = tiff->file;
    const bool little = file->bytes[0] == 'I';
    uint64_t number = 0;
    if (at > file->size || file->size - at < count)
        return 0;
    for (unsigned i = 0; i < count; i++)
        number = number << 8 | file->bytes[at + (little ? count - 1 - i : i)];
    return number;
}

/* What the first directory itself calls the samples: where libtiff finds no colours for a palette
 * of 8 bits, or they lie past the file's end, it calls its indices gray. */
static uint64_t stated_photometric(const struct tiff *tiff)
{
    const bool big = number_at(tiff, 2, 2) == 43; /* BigTIFF */
    uint64_t at = big ? number_at(tiff, 8, 8) : number_at(tiff, 4, 4);
    uint64_t count = number_at(tiff, at, big ? 8 : 2);
    for (at += big ? 8 : 2; count > 0 && at < tiff->file->size; at += big ? 20 : 12, count--)
        if (number_at(tiff, at, 2) == TIFFTAG_PHOTOMETRIC)
            return number_at(tiff, at + (big ? 12 : 8), 2);
    return 0;
}

static void read_extra_samples(struct tiff *tiff)
{
    uint16_t count = 0, *kinds = NULL;
    tiff->library.TIFFGetFieldDefaulted(tiff->handle, TIFFTAG_EXTRASAMPLES, &count, &kinds);
    tiff->associated = count > 0 && kinds && kinds[0] == EXTRASAMPLE_ASSOCALPHA;
}

static imgcls_status read_tags(struct tiff *tiff)
{
    const struct icl_tiff_library *library = &tiff->library;
    const struct {
        uint32_t tag;
        void *to;
    } tags[] = {
        {TIFFTAG_IMAGEWIDTH, &tiff->width},       {TIFFTAG_IMAGELENGTH, &tiff->height},
        {TIFFTAG_BITSPERSAMPLE, &tiff->bits},     {TIFFTAG_SAMPLESPERPIXEL, &tiff->samples},
        {TIFFTAG_SAMPLEFORMAT, &tiff->format},    {TIFFTAG_PHOTOMETRIC, &tiff->photometric},
        {TIFFTAG_PLANARCONFIG, &tiff->planar},    {TIFFTAG_COMPRESSION, &tiff->compression},
        {TIFFTAG_ORIENTATION, &tiff->orientation}};
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++)
        library->TIFFGetFieldDefaulted(tiff->handle, tags[i].tag, tags[i].to);
    if (tiff->compression == COMPRESSION_OJPEG)
        tiff->photometric = PHOTOMETRIC_YCBCR; /* whatever it says */
    read_extra_samples(tiff);
    if (tiff->photometric != PHOTOMETRIC_PALETTE &&
        stated_photometric(tiff) == PHOTOMETRIC_PALETTE)
        return broken(tiff, "its palette cannot be read");
    if (tiff->photometric == PHOTOMETRIC_PALETTE &&
        !library->TIFFGetField(tiff->handle, TIFFTAG_COLORMAP, &tiff->palette[0],
                               &tiff->palette[1], &tiff->palette[2]))
        return broken(tiff, "it has no palette");
    return IMGCLS_OK;
}

enum { UNSIGNED = 1, SIGNED = 2, FLOATING = 4 };

/* Pillow's modes: a kind of picture and which samples it may have. */
static const struct form {
    uint16_t photometric;
    int colours; /* samples without the further ones */
    int bits, formats;
} forms[] = {
    {PHOTOMETRIC_MINISWHITE, 1, 1, UNSIGNED},   {PHOTOMETRIC_MINISWHITE, 1, 2, UNSIGNED},
    {PHOTOMETRIC_MINISWHITE, 1, 4, UNSIGNED},   {PHOTOMETRIC_MINISWHITE, 1, 8, UNSIGNED},
    {PHOTOMETRIC_MINISWHITE, 1, 16, UNSIGNED},  {PHOTOMETRIC_MINISWHITE, 1, 32, FLOATING},
    {PHOTOMETRIC_MINISBLACK, 1, 1, UNSIGNED},   {PHOTOMETRIC_MINISBLACK, 1, 2, UNSIGNED},
    {PHOTOMETRIC_MINISBLACK, 1, 4, UNSIGNED},   {PHOTOMETRIC_MINISBLACK, 1, 8, UNSIGNED | SIGNED},
    {PHOTOMETRIC_MINISBLACK, 1, 12, UNSIGNED},  {PHOTOMETRIC_MINISBLACK, 1, 16, UNSIGNED | SIGNED},
    {PHOTOMETRIC_MINISBLACK, 1, 32, UNSIGNED | SIGNED | FLOATING},
    {PHOTOMETRIC_RGB, 3, 8, UNSIGNED},          {PHOTOMETRIC_RGB, 3, 16, UNSIGNED},
    {PHOTOMETRIC_PALETTE, 1, 1, UNSIGNED},      {PHOTOMETRIC_PALETTE, 1, 2, UNSIGNED},
    {PHOTOMETRIC_PALETTE, 1, 4, UNSIGNED},      {PHOTOMETRIC_PALETTE, 1, 8, UNSIGNED},
    {PHOTOMETRIC_SEPARATED, 4, 8, UNSIGNED},    {PHOTOMETRIC_SEPARATED, 4, 16, UNSIGNED},
    {PHOTOMETRIC_YCBCR, 3, 8, UNSIGNED},        {PHOTOMETRIC_YCBCR, 1, 8, UNSIGNED},
};

static imgcls_status check_form(struct tiff *tiff)
{
    const int format = tiff->format == SAMPLEFORMAT_INT      ? SIGNED
                       : tiff->format == SAMPLEFORMAT_IEEEFP ? FLOATING
                       : tiff->format == SAMPLEFORMAT_UINT   ? UNSIGNED
                                                             : 0;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (forms[i].photometric == tiff->photometric && forms[i].bits == tiff->bits &&
            (forms[i].formats & format) && forms[i].colours <= tiff->samples &&
            tiff->samples <= SAMPLES_MAX) {
            tiff->kept = forms[i].colours;
            tiff->associated = tiff->associated && tiff->kept == 3 && tiff->samples > 3;
            tiff->kept += tiff->associated;
            return IMGCLS_OK;
        }
    return icl_raster_refuse(
        tiff->file, IMGCLS_UNSUPPORTED,
        "TIFF: %u samples of %u bits, format %u, photometric interpretation %u are not supported",
        tiff->samples, tiff->bits, tiff->format, tiff->photometric);
}

/* ---- Samples --------------------------------------------------------------------------*/

static uint8_t cut_off(double level)
{
    return (uint8_t)(!(level > 0) ? 0 : level >= 255 ? 255 : level);
}

/* Sample i of a row in the machine's byte order. */
static uint8_t level_at(const struct tiff *tiff, const uint8_t *row, size_t i)
{
    const bool colours = tiff->photometric == PHOTOMETRIC_RGB ||
                         tiff->photometric == PHOTOMETRIC_SEPARATED;
    if (tiff->bits < 8) {
        const size_t bit = i * tiff->bits;
        const int most = (1 << tiff->bits) - 1;
        const int value = row[bit / 8] >> (8 - tiff->bits - bit % 8) & most;
        return (uint8_t)(tiff->photometric == PHOTOMETRIC_PALETTE ? value
                                                                  : value * 255 / most);
    }
    if (tiff->bits == 8)
        return row[i];
    if (tiff->bits == 12) {
        const uint8_t *from = row + i * 3 / 2;
        return cut_off(i % 2 ? (from[0] & 15) << 8 | from[1] : from[0] << 4 | from[1] >> 4);
    }
    if (tiff->bits == 16) {
        uint16_t value;
        memcpy(&value, row + 2 * i, sizeof value);
        if (colours)
            return (uint8_t)(value >> 8);
        return cut_off(tiff->format == SAMPLEFORMAT_INT ? (int16_t)value : value);
    }
    if (tiff->format == SAMPLEFORMAT_IEEEFP) {
        float value;
        memcpy(&value, row + 4 * i, sizeof value);
        return cut_off((double)value);
    }
    int32_t value; /* unsigned ones as well: Pillow's mode I is signed */
    memcpy(&value, row + 4 * i, sizeof value);
    return cut_off(value);
}

/* `count` pixels of a chunk's row to (x, y); plane < 0: all samples of a pixel lie together.
 */
static void store(struct tiff *tiff, const uint8_t *row, uint32_t x, uint32_t y,
                  uint32_t count, int plane)
{
    const size_t kept = (size_t)tiff->kept, step = plane < 0 ? tiff->samples : 1;
    const bool inverted =
        tiff->photometric == PHOTOMETRIC_MINISWHITE && tiff->bits <= 8;
    uint8_t *to = tiff->pixels + ((size_t)y * tiff->width + x) * kept;
    for (size_t i = 0; i < count; i++, to += kept)
        for (size_t c = 0; c < (plane < 0 ? kept : 1); c++) {
            const uint8_t level = level_at(tiff, row, i * step + c);
            to[plane < 0 ? c : (size_t)plane] = inverted ? (uint8_t)(255 - level) : level;
        }
}

/* ---- From samples to rows -------------------------------------------------------------*/

/* Rounded to 64ths and down, as Pillow's tables are. */
static int part_of(double factor, int chroma)
{
    return (int)(factor * (chroma - 128) * 64 + 0.5);
}

static uint8_t limited(int level)
{
    return (uint8_t)(level < 0 ? 0 : level > 255 ? 255 : level);
}

static void rgb_of_ycbcr(const uint8_t *from, uint8_t *rgb)
{
    const int y = from[0], cb = from[1], cr = from[2];
    rgb[0] = limited(y + (part_of(1.402, cr) >> 6));
    rgb[1] = limited(y + ((part_of(-0.34414, cb) + part_of(-0.71414, cr)) >> 6));
    rgb[2] = limited(y + (part_of(1.772, cb) >> 6));
}

/* One pixel in samples of which rows consist. */
static void finish(const struct tiff *tiff, const uint8_t *from, uint8_t *to)
{
    if (tiff->photometric == PHOTOMETRIC_PALETTE) {
        for (int c = 0; c < 3; c++)
            to[c] = (uint8_t)(tiff->palette[c][from[0]] >> 8);
    } else if (tiff->plain_ycbcr && tiff->file->gray) {
        to[0] = from[0];
    } else if (tiff->plain_ycbcr) {
        rgb_of_ycbcr(from, to);
    } else if (tiff->associated) {
        for (int c = 0; c < 3; c++)
            to[c] = from[3] ? limited(from[c] * 255 / from[3]) : 0;
    } else {
        memcpy(to, from, (size_t)tiff->kept);
    }
}

/* Where the pixel at (x, y) of the upright picture lies in the file's. */
static size_t place_of(const struct tiff *tiff, uint32_t x, uint32_t y)
{
    const uint32_t right = tiff->width - 1, bottom = tiff->height - 1;
    switch (tiff->orientation) {
    case 2: return (size_t)y * tiff->width + (right - x);
    case 3: return (size_t)(bottom - y) * tiff->width + (right - x);
    case 4: return (size_t)(bottom - y) * tiff->width + x;
    case 5: return (size_t)x * tiff->width + y;
    case 6: return (size_t)(bottom - x) * tiff->width + y;
    case 7: return (size_t)(bottom - x) * tiff->width + (right - y);
    case 8: return (size_t)x * tiff->width + (right - y);
    default: return (size_t)y * tiff->width + x;
    }
}

/* Row y of the upright picture, of which the pixels are row `from` of those at hand. */
static void give_row(const struct tiff *tiff, uint32_t y, uint32_t from, uint32_t width)
{
    const size_t kept = (size_t)tiff->kept, given = (size_t)tiff->given;
    for (uint32_t x = 0; x < width; x++)
        finish(tiff, tiff->pixels + place_of(tiff, x, from) * kept, tiff->row + x * given);
    tiff->file->row(tiff->file, y, tiff->row, tiff->given);
}

/* ---- Strips and tiles -----------------------------------------------------------------*/

/* Room for a row or a tile as libtiff unpacks it. */
static imgcls_status make_room(struct tiff *tiff, uint64_t bytes, uint8_t **out)
{
    *out = NULL;
    if (bytes == 0 || bytes > (uint64_t)PIXELS_MAX * SAMPLES_MAX * 4)
        return broken(tiff, "a strip or tile of no sensible size");
    *out = calloc(1, (size_t)bytes);
    return *out ? IMGCLS_OK
                : icl_raster_refuse(tiff->file, IMGCLS_NO_MEMORY,
                                    "no memory for %llu bytes of a TIFF",
                                    (unsigned long long)bytes);
}

/* A whole row has at least the bytes that its pixels need, whatever the tags say. */
static bool is_wide_enough(const struct tiff *tiff, uint64_t bytes, uint32_t width)
{
    const uint64_t samples = tiff->planar == PLANARCONFIG_SEPARATE ? 1 : tiff->samples;
    return bytes >= ((uint64_t)width * samples * tiff->bits + 7) / 8;
}

static imgcls_status read_strips(struct tiff *tiff)
{
    const struct icl_tiff_library *library = &tiff->library;
    const bool separate = tiff->planar == PLANARCONFIG_SEPARATE;
    const int planes = separate ? tiff->kept : 1;
    const uint64_t bytes = library->TIFFScanlineSize64(tiff->handle);
    uint8_t *row;
    imgcls_status status = make_room(tiff, bytes, &row);
    if (status == IMGCLS_OK && !is_wide_enough(tiff, bytes, tiff->width))
        status = broken(tiff, "rows are shorter than the picture");
    for (int plane = 0; plane < planes; plane++)
        for (uint32_t y = 0; status == IMGCLS_OK && y < tiff->height; y++) {
            if (library->TIFFReadScanline(tiff->handle, row, y, (uint16_t)plane) != 1)
                status = broken(tiff, "a strip is damaged");
            else
                store(tiff, row, 0, tiff->streamed ? 0 : y, tiff->width,
                      separate ? plane : -1);
            if (status == IMGCLS_OK && tiff->streamed)
                give_row(tiff, y, 0, tiff->width);
        }
    free(row);
    return status;
}

static void store_tile(struct tiff *tiff, const uint8_t *tile, uint64_t stride, uint32_t x,
                       uint32_t y, const uint32_t size[2], int plane)
{
    const uint32_t columns = tiff->width - x < size[0] ? tiff->width - x : size[0];
    const uint32_t rows = tiff->height - y < size[1] ? tiff->height - y : size[1];
    for (uint32_t i = 0; i < rows; i++)
        store(tiff, tile + i * stride, x, y + i, columns, plane);
}

static imgcls_status read_tiles(struct tiff *tiff)
{
    const struct icl_tiff_library *library = &tiff->library;
    const bool separate = tiff->planar == PLANARCONFIG_SEPARATE;
    const int planes = separate ? tiff->kept : 1;
    uint32_t size[2] = {0, 0};
    uint8_t *tile = NULL;
    imgcls_status status = IMGCLS_OK;
    library->TIFFGetField(tiff->handle, TIFFTAG_TILEWIDTH, &size[0]);
    library->TIFFGetField(tiff->handle, TIFFTAG_TILELENGTH, &size[1]);
    const uint64_t stride = library->TIFFTileRowSize64(tiff->handle);
    if (size[0] == 0 || size[1] == 0 || (uint64_t)size[0] * size[1] > PIXELS_MAX ||
        !is_wide_enough(tiff, stride, size[0]))
        return broken(tiff, "tiles of no sensible size");
    status = make_room(tiff, library->TIFFTileSize64(tiff->handle), &tile);
    if (status == IMGCLS_OK &&
        library->TIFFTileSize64(tiff->handle) < stride * (uint64_t)size[1])
        status = broken(tiff, "tiles of no sensible size");
    for (int plane = 0; plane < planes; plane++)
        for (uint64_t y = 0; y < tiff->height; y += size[1])
            for (uint64_t x = 0; status == IMGCLS_OK && x < tiff->width; x += size[0]) {
                if (library->TIFFReadTile(tiff->handle, tile, (uint32_t)x, (uint32_t)y, 0,
                                          (uint16_t)plane) < 0)
                    status = broken(tiff, "a tile is damaged");
                else
                    store_tile(tiff, tile, stride, (uint32_t)x, (uint32_t)y, size,
                               separate ? plane : -1);
            }
    free(tile);
    return status;
}

/* YCbCr that is compressed, or has fewer samples of colour: libtiff's conversion. */
static imgcls_status read_converted(struct tiff *tiff)
{
    const size_t count = (size_t)tiff->width * tiff->height;
    uint32_t *packed = malloc(count * sizeof *packed);
    imgcls_status status = IMGCLS_OK;
    if (!packed)
        return icl_raster_refuse(tiff->file, IMGCLS_NO_MEMORY, "no memory for a TIFF");
    /* Asked for as it lies: turning comes later. */
    if (!tiff->library.TIFFReadRGBAImageOriented(tiff->handle, tiff->width, tiff->height,
                                                 packed, tiff->orientation, 1))
        status = broken(tiff, "its YCbCr cannot be converted");
    for (size_t i = 0; status == IMGCLS_OK && i < count; i++) {
        tiff->pixels[3 * i] = (uint8_t)TIFFGetR(packed[i]);
        tiff->pixels[3 * i + 1] = (uint8_t)TIFFGetG(packed[i]);
        tiff->pixels[3 * i + 2] = (uint8_t)TIFFGetB(packed[i]);
    }
    free(packed);
    return status;
}

/* ---- The whole ------------------------------------------------------------------------*/

/* Does libtiff make colours of this YCbCr, as for Pillow? */
static bool is_converted(struct tiff *tiff)
{
    uint16_t across = 1, down = 1;
    if (tiff->photometric != PHOTOMETRIC_YCBCR || tiff->kept != 3)
        return false;
    if (tiff->compression == COMPRESSION_JPEG && tiff->planar == PLANARCONFIG_CONTIG) {
        tiff->library.TIFFSetField(tiff->handle, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
        return false;
    }
    tiff->library.TIFFGetFieldDefaulted(tiff->handle, TIFFTAG_YCBCRSUBSAMPLING, &across,
                                        &down);
    tiff->plain_ycbcr = tiff->compression == COMPRESSION_NONE && across == 1 && down == 1;
    return !tiff->plain_ycbcr;
}

static imgcls_status make_buffers(struct tiff *tiff, uint32_t width)
{
    /* In range, or begin had refused. */
    const size_t pixels = (size_t)tiff->width * (tiff->streamed ? 1 : tiff->height);
    tiff->pixels = calloc(pixels, (size_t)tiff->kept);
    tiff->row = malloc((size_t)width * (size_t)tiff->given);
    return tiff->pixels && tiff->row
               ? IMGCLS_OK
               : icl_raster_refuse(tiff->file, IMGCLS_NO_MEMORY,
                                   "no memory for %zu pixels of a TIFF", pixels);
}

static imgcls_status read_picture(struct tiff *tiff)
{
    imgcls_status status = read_tags(tiff);
    if (status == IMGCLS_OK)
        status = check_form(tiff);
    if (status != IMGCLS_OK)
        return status;
    const bool turned = tiff->orientation >= 5 && tiff->orientation <= 8;
    const uint32_t width = turned ? tiff->height : tiff->width;
    const uint32_t height = turned ? tiff->width : tiff->height;
    const bool converted = is_converted(tiff);
    const bool tiled = tiff->library.TIFFIsTiled(tiff->handle);
    tiff->given = tiff->photometric == PHOTOMETRIC_PALETTE || tiff->associated ? 3
                  : tiff->plain_ycbcr && tiff->file->gray                      ? 1
                                                                               : tiff->kept;
    tiff->streamed = !converted && !tiled && tiff->planar != PLANARCONFIG_SEPARATE &&
                     (tiff->orientation <= 1 || tiff->orientation > 8);
    status = tiff->file->begin(tiff->file, width, height);
    if (status == IMGCLS_OK)
        status = make_buffers(tiff, width);
    if (status == IMGCLS_OK)
        status = converted ? read_converted(tiff)
                 : tiled   ? read_tiles(tiff)
                           : read_strips(tiff);
    for (uint32_t y = 0; status == IMGCLS_OK && !tiff->streamed && y < height; y++)
        give_row(tiff, y, y, width);
    return status;
}

imgcls_status icl_raster_read_tiff(struct icl_raster *file)
{
    struct tiff tiff = {.file = file, .format = SAMPLEFORMAT_UINT, .orientation = 1};
    TIFFOpenOptions *options;
    imgcls_status status = icl_tiff_load(file, &tiff.library);
    if (status != IMGCLS_OK)
        return status;
    options = tiff.library.TIFFOpenOptionsAlloc();
    if (!options)
        return icl_raster_refuse(file, IMGCLS_NO_MEMORY, "no memory for a TIFF decoder");
    tiff.library.TIFFOpenOptionsSetMaxSingleMemAlloc(options, MEMORY_MAX);
    tiff.library.TIFFOpenOptionsSetErrorHandlerExtR(options, note_error, &tiff);
    tiff.library.TIFFOpenOptionsSetWarningHandlerExtR(options, ignore_warning, &tiff);
    /* "m": through the functions above, of memory that is nobody's to write into. */
    tiff.handle = tiff.library.TIFFClientOpenExt("picture", "rm", (thandle_t)&tiff, take,
                                                 refuse_write, seek, forget, size_of, NULL,
                                                 NULL, options);
    tiff.library.TIFFOpenOptionsFree(options);
    status = tiff.handle ? read_picture(&tiff) : broken(&tiff, "it cannot be read");
    if (tiff.handle)
        tiff.library.TIFFClose(tiff.handle);
    free(tiff.pixels);
    free(tiff.row);
    if (status == IMGCLS_OK)
        file->reason[0] = '\0'; /* of errors that libtiff got over */
    return status;
}
