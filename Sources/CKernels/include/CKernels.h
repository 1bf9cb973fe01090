/// Dot products of vectors of 8-bit whole numbers, and a search of masks, by the widest instructions that this processor has.
///
/// All kernels give the same numbers to the last bit: their sums are whole numbers. Nothing outside of the given rows is
/// read, whatever the dimension, and no pointer to 8-bit numbers needs an alignment.
#ifndef REARVIEW_KERNELS_H
#define REARVIEW_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The largest dimension whose sums fit 32 bits, whatever the numbers are: 2^31 / (128 * 128) - 1.
#define REARVIEW_DIMENSION_LIMIT 131071

/// The kernels that there are. A machine has the portable one and those that were built for it.
typedef enum {
  REARVIEW_KERNEL_PORTABLE = 0,
  /// The baseline of x86-64.
  REARVIEW_KERNEL_SSE2 = 1,
  REARVIEW_KERNEL_AVX2 = 2,
  /// The baseline of 64-bit ARM.
  REARVIEW_KERNEL_NEON = 3,
} rearview_kernel;

/// Whether this program and this processor have a kernel.
bool rearview_kernel_is_available(rearview_kernel kernel);

/// The kernel that `rearview_int8_scores` uses: the widest that is available.
rearview_kernel rearview_kernel_in_use(void);

/// `portable`, `SSE2`, `AVX2` or `NEON`.
const char *_Nonnull rearview_kernel_name(rearview_kernel kernel);

/// Scores rows against a query: `scores[i] = (query · rows[i]) * query_scale * scales[i]`.
///
/// - `rows`: `count` rows of `dimension` numbers each, one behind the other.
/// - `dimension`: at most `REARVIEW_DIMENSION_LIMIT`; 0 makes every score 0.
/// - `scales`, `scores`: `count` numbers each.
void rearview_int8_scores(
    const int8_t *_Nonnull query, const int8_t *_Nonnull rows, size_t count, size_t dimension,
    const float *_Nonnull scales, float query_scale, float *_Nonnull scores);

/// The same by a kernel of the caller's choice, which must be available.
void rearview_int8_scores_by(
    rearview_kernel kernel, const int8_t *_Nonnull query, const int8_t *_Nonnull rows, size_t count, size_t dimension,
    const float *_Nonnull scales, float query_scale, float *_Nonnull scores);

/// Finds the masks that lack at most `limit` of the bits of `asked`, and writes their places in order into `found`, which
/// has room for `count` places. Returns how many they are.
size_t rearview_near_masks(
    const uint64_t *_Nonnull masks, size_t count, uint64_t asked, int limit, uint32_t *_Nonnull found);

#endif
