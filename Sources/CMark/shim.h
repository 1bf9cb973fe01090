#include <cmark-gfm.h>
#include <cmark-gfm-extension_api.h>
#include <cmark-gfm-core-extensions.h>

#include <wchar.h>

// POSIX, but glibc declares it only under _XOPEN_SOURCE, which the Swift importer does not set.
int wcwidth(wchar_t character);
