/*
 * plugins/ops/picture/image_decoder.c - ImageDecoder: the bytes of a file become pixels
 *
 * The format is told by the first bytes, never by a name. Gray is ITU-R 601 in 16 bits of
 * fraction, as Pillow converts to "L".
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "picture.h"
#include "src/raster/raster.h"

#define SIDE_MAX 65535

imgcls_status picture_create(const struct encoded *file, int64_t width, int64_t height,
                             struct picture *out)
{
    if (width < 1 || height < 1 || width > SIDE_MAX || height > SIDE_MAX)
        return OP_FAIL(file->host, file->node, IMGCLS_BAD_INPUT,
                       "a picture of %lld x %lld, sides are 1..%d", (long long)width,
                       (long long)height, SIDE_MAX);
    out->width = width;
    out->height = height;
    out->pixels = file->host->alloc(file->host, (size_t)width * (size_t)height, 3);
    return out->pixels ? IMGCLS_OK : IMGCLS_NO_MEMORY;
}

/* ---- The readers that know no hosts ---------------------------------------------------*/

struct work {
    const struct encoded *file;
    struct picture *out;
};

static imgcls_status begin_raster(struct icl_raster *raster, uint64_t width, uint64_t height)
{
    const struct work *work = raster->owner;
    const uint64_t most = SIDE_MAX + 1;
    return picture_create(work->file, (int64_t)(width < most ? width : most),
                          (int64_t)(height < most ? height : most), work->out);
}

static void take_raster_row(struct icl_raster *raster, uint64_t y, const uint8_t *samples,
                            int count)
{
    const struct picture *out = ((const struct work *)raster->owner)->out;
    unsigned char *to = out->pixels + 3 * (int64_t)y * out->width;
    for (int64_t x = 0; x < out->width; x++, to += 3, samples += count) {
        if (count == 4)
            icl_raster_rgb_of_cmyk(samples, to);
        else if (count == 3)
            memcpy(to, samples, 3);
        else
            memset(to, samples[0], 3);
    }
}

static imgcls_status decode_raster(const struct encoded *file,
                                   imgcls_status (*read)(struct icl_raster *raster),
                                   struct picture *out)
{
    struct work work = {file, out};
    struct icl_raster raster = {.bytes = file->bytes,
                                .size = file->size,
                                .owner = &work,
                                .begin = begin_raster,
                                .row = take_raster_row};
    const imgcls_status status = read(&raster);
    if (status != IMGCLS_OK && raster.reason[0])
        return OP_FAIL(file->host, file->node, status, "%s", raster.reason);
    return status;
}

static imgcls_status decode(const struct encoded *file, struct picture *out)
{
    static const struct {
        size_t offset, length;
        const char *magic;
        imgcls_status (*read)(const struct encoded *file, struct picture *out);
        imgcls_status (*raster)(struct icl_raster *raster);
    } formats[] = {
        {0, 3, "\xff\xd8\xff", picture_read_jpeg, NULL},
        {0, 8, "\x89PNG\r\n\x1a\n", picture_read_png, NULL},
        {8, 4, "WEBP", picture_read_webp, NULL},
        {0, 2, "BM", NULL, icl_raster_read_bmp},
        {0, 2, "P1", NULL, icl_raster_read_pnm},
        {0, 2, "P2", NULL, icl_raster_read_pnm},
        {0, 2, "P3", NULL, icl_raster_read_pnm},
        {0, 2, "P4", NULL, icl_raster_read_pnm},
        {0, 2, "P5", NULL, icl_raster_read_pnm},
        {0, 2, "P6", NULL, icl_raster_read_pnm},
        {0, 4, "II*\0", NULL, icl_raster_read_tiff},
        {0, 4, "MM\0*", NULL, icl_raster_read_tiff},
        {0, 4, "II+\0", NULL, icl_raster_read_tiff},
        {0, 4, "MM\0+", NULL, icl_raster_read_tiff},
    };
    size_t i;
    for (i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (file->size >= formats[i].offset + formats[i].length &&
            memcmp(file->bytes + formats[i].offset, formats[i].magic, formats[i].length) == 0)
            return formats[i].read ? formats[i].read(file, out)
                                   : decode_raster(file, formats[i].raster, out);
    if (file->size >= 12 && memcmp(file->bytes + 4, "jP  \r\n\x87\n", 8) == 0)
        return OP_FAIL(file->host, file->node, IMGCLS_UNSUPPORTED,
                       "JPEG 2000 is not supported; JPEG, PNG, WebP, BMP, PNM and TIFF are");
    return OP_FAIL(file->host, file->node, IMGCLS_BAD_INPUT,
                   "%zu bytes that are no picture of JPEG, PNG, WebP, BMP, PNM or TIFF",
                   file->size);
}

/* 3 for colours, 1 for gray; 0 where the attribute says neither. */
static int64_t channels_of(const struct imgcls_host *host, const struct imgcls_node *node)
{
    const char *format = host->attr_string(host, node, "pixel_format", "RGB");
    if (strcmp(format, "Grayscale") == 0)
        return 1;
    return strcmp(format, "RGB") == 0 || strcmp(format, "BGR") == 0 ? 3 : 0;
}

static imgcls_status decoder_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0);
    const int64_t dims[3] = {-1, -1, channels_of(host, infer->node)};
    if (!in)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "input 0 is missing");
    if (dims[2] == 0)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT,
                       "pixel_format is '%s', not RGB, BGR or Grayscale",
                       host->attr_string(host, infer->node, "pixel_format", "RGB"));
    if (in->rank >= 0 && in->rank != 1)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT,
                       "input has %d dimensions, a file's bytes have 1", in->rank);
    return host->infer_output(host, infer, 0, IMGCLS_U8, 3, dims);
}

static void store(const struct picture *picture, int64_t channels, bool reversed,
                  unsigned char *to)
{
    const int64_t count = picture->width * picture->height;
    int64_t i;
    for (i = 0; i < count; i++) {
        const unsigned char *rgb = picture->pixels + 3 * i;
        if (channels == 1) {
            to[i] = (unsigned char)((19595u * rgb[0] + 38470u * rgb[1] + 7471u * rgb[2] +
                                     0x8000u) >> 16);
        } else {
            to[3 * i] = rgb[reversed ? 2 : 0];
            to[3 * i + 1] = rgb[1];
            to[3 * i + 2] = rgb[reversed ? 0 : 2];
        }
    }
}

static imgcls_status decoder_portable(const struct imgcls_host *host,
                                      const struct imgcls_run *run)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    const struct encoded file = {host, run->node, in->data, (size_t)op_count(in)};
    const int64_t channels = channels_of(host, run->node);
    const char *format = host->attr_string(host, run->node, "pixel_format", "RGB");
    struct picture picture = {0};
    imgcls_status status = decode(&file, &picture);
    if (status == IMGCLS_OK) {
        const int64_t dims[3] = {picture.height, picture.width, channels};
        status = op_set_output(host, run, 0, IMGCLS_U8, 3, dims);
    }
    if (status == IMGCLS_OK)
        store(&picture, channels, format[0] == 'B', imgcls_output(run, 0)->data);
    host->release(host, picture.pixels);
    return status;
}

static int32_t decoder_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, OP_BIT(IMGCLS_U8)) && op_is_plain(node) && op_has_output(node, 0);
}

static const struct imgcls_kernel kernel =
    OP_KERNEL("image_decoder_portable", decoder_accepts, decoder_portable);
const struct imgcls_op image_decoder_op =
    OP_ENTRY("ImageDecoder", 20, 0, decoder_infer, NULL, &kernel);
