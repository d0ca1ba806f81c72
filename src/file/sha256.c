/*
 * src/file/sha256.c - SHA-256 as text (nettle)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <stdlib.h>

#include <nettle/sha2.h>

#include "src/file/file.h"

struct icl_sha256 {
    struct sha256_ctx state;
};

static void text_of(struct sha256_ctx *state, char text[65])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_digest(state, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++) {
        text[2 * i] = digits[digest[i] >> 4];
        text[2 * i + 1] = digits[digest[i] & 15];
    }
    text[64] = '\0';
}

imgcls_status icl_sha256_create(struct imgcls_context *ctx, struct icl_sha256 **out)
{
    *out = malloc(sizeof **out);
    if (!*out)
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory for a hash");
    sha256_init(&(*out)->state);
    return IMGCLS_OK;
}

void icl_sha256_update(struct icl_sha256 *hash, const void *bytes, size_t size)
{
    sha256_update(&hash->state, size, bytes);
}

void icl_sha256_finish(struct icl_sha256 *hash, char text[65])
{
    text_of(&hash->state, text);
    free(hash);
}

void icl_sha256_of(const void *bytes, size_t size, char text[65])
{
    struct sha256_ctx state;
    sha256_init(&state);
    sha256_update(&state, size, bytes);
    text_of(&state, text);
}
