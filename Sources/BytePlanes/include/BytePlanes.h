#pragma once

#include <stddef.h>

// Values whose bytes lie in planes: the lowest byte of each value, then the second byte of each, and so on. Parquet's BYTE_STREAM_SPLIT and
// the shuffle filter of HDF5 store values so.
//
// Joining goes through memory as fast as it is read. Plain loops take as much time as the decompression of the planes.

/// The instructions that join planes. Each gives the same bytes.
enum byte_planes_variant {
    /// Loops that any processor runs.
    byte_planes_portable = 0,
    /// Vectors of 32 bytes.
    byte_planes_avx2 = 1,
    /// Vectors of 64 bytes: AVX-512 F and BW.
    byte_planes_avx512 = 2,
    /// Vectors of 16 bytes, on ARM.
    byte_planes_neon = 3,
    /// The number of variants.
    byte_planes_variant_count = 4,
};

/// Returns 1 if the processor and the system have the instructions of a variant, and 0 if not.
int byte_planes_is_available(int variant);

/// Returns the fastest variant that is available.
int byte_planes_best_variant(void);

/// Puts values together from their planes, and returns the variant that ran: the one that was asked for, or the portable one where that is
/// not available.
///
/// The first plane begins at planes, and each other one plane_stride bytes after the one before it. Each has count bytes, or more. width is
/// the number of bytes of a value, at least 1. target has room for count * width bytes. Nothing needs to be aligned, and nothing overlaps.
/// O(count * width).
int byte_planes_join(int variant, const void *planes, size_t plane_stride, size_t count, size_t width, void *target);

/// Puts the bytes of count values into width planes, each plane_stride bytes after the one before it.
///
/// The planes and values do not overlap, and nothing needs to be aligned. O(count * width).
void byte_planes_split(const void *values, size_t count, size_t width, void *planes, size_t plane_stride);
