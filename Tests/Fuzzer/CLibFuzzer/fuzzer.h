#include <stddef.h>
#include <stdint.h>

/* libFuzzer as a library, from compiler-rt, for which LLVM ships no header. */
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*take)(const uint8_t *bytes, size_t count));
