/*
 * eval/pictures/webp.c - WebP through libwebp's animation decoder, as Pillow reads it
 *
 * A still picture is an animation of one frame; of a longer one the first frame counts.
 * Pixels under full transparency keep the colour that the file gives them, for alpha is
 * dropped.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/pictures/decoder.h"

#include <webp/decode.h>
#include <webp/demux.h>

static imgcls_status broken(struct decoding *in, const char *what)
{
    return icl_decoder_refuse(in, IMGCLS_BAD_INPUT, "broken WebP: %s", what);
}

static int32_t orientation_of(const WebPAnimDecoder *decoder)
{
    int32_t orientation = 0;
    WebPChunkIterator chunk;
    if (WebPDemuxGetChunk(WebPAnimDecoderGetDemuxer(decoder), "EXIF", 1, &chunk)) {
        orientation = icl_exif_orientation(chunk.chunk.bytes, chunk.chunk.size);
        WebPDemuxReleaseChunkIterator(&chunk);
    }
    return orientation;
}

static imgcls_status read_frame(struct decoding *in, WebPAnimDecoder *decoder)
{
    WebPAnimInfo info;
    uint8_t *frame; /* borrowed from the decoder: RGBA */
    int timestamp;
    if (!WebPAnimDecoderGetInfo(decoder, &info))
        return broken(in, "no header");
    imgcls_status status = icl_decoder_begin(in, info.canvas_width, info.canvas_height);
    if (status != IMGCLS_OK)
        return status;
    if (!WebPAnimDecoderGetNext(decoder, &frame, &timestamp))
        return broken(in, "its picture does not decode (truncated or damaged)");
    in->out->orientation = orientation_of(decoder);
    for (int32_t y = 0; y < in->out->height; y++)
        icl_decoder_row(in, y, frame + (size_t)y * (size_t)in->out->width * 4, 4);
    return IMGCLS_OK;
}

imgcls_status icl_decode_webp(struct decoding *in)
{
    /* The decoder allocates the canvas at once, so its size is looked at first. */
    WebPBitstreamFeatures features;
    VP8StatusCode code = WebPGetFeatures(in->bytes, in->size, &features);
    if (code != VP8_STATUS_OK)
        return broken(in, code == VP8_STATUS_NOT_ENOUGH_DATA ? "truncated header"
                                                             : "no header");
    if ((int64_t)features.width * features.height > ICL_PICTURE_PIXELS_MAX)
        return icl_decoder_refuse(in, IMGCLS_BAD_INPUT,
                                  "is %d x %d pixels large, at most %d in all are allowed",
                                  features.width, features.height, ICL_PICTURE_PIXELS_MAX);
    WebPAnimDecoderOptions options;
    if (!WebPAnimDecoderOptionsInit(&options))
        return icl_decoder_refuse(in, IMGCLS_INTERNAL,
                                  "libwebp has another version than its "
                                  "headers");
    options.color_mode = MODE_RGBA;
    options.use_threads = 0;
    WebPData data = {in->bytes, in->size};
    WebPAnimDecoder *decoder = WebPAnimDecoderNew(&data, &options);
    if (!decoder)
        return broken(in, "truncated or damaged");
    imgcls_status status = read_frame(in, decoder);
    WebPAnimDecoderDelete(decoder);
    return status;
}
