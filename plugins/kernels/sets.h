/*
 * plugins/kernels/sets.h - leaving out of a family what was not compiled in
 *
 * The build says which instruction sets it has (config.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KERNELS_SETS_H
#define KERNELS_SETS_H

#if BUILD_AVX2
#define WITH_AVX2(...) __VA_ARGS__
#else
#define WITH_AVX2(...)
#endif

#if BUILD_AVX512
#define WITH_AVX512(...) __VA_ARGS__
#else
#define WITH_AVX512(...)
#endif

#if BUILD_NEON
#define WITH_NEON(...) __VA_ARGS__
#else
#define WITH_NEON(...)
#endif

#endif
