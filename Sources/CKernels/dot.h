/// The dot product of two rows of `dimension` numbers: one function for each kernel that was built.
#ifndef REARVIEW_DOT_H
#define REARVIEW_DOT_H

#include <stddef.h>
#include <stdint.h>

typedef int32_t dot_function(const int8_t *left, const int8_t *right, size_t dimension);

dot_function rearview_dot_portable;
#if defined(__x86_64__)
dot_function rearview_dot_sse2;
dot_function rearview_dot_avx2;
#elif defined(__aarch64__)
dot_function rearview_dot_neon;
#endif

#endif
