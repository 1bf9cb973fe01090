#ifndef REARVIEW_PROVIDER_TABLES_H
#define REARVIEW_PROVIDER_TABLES_H

#include <stddef.h>

/// A file that is part of the program.
typedef struct {
  const unsigned char *_Nonnull bytes;
  size_t count;
} embedded_file;

/// providers.json: a list of providers; ProviderRow.swift says what stands in a row.
embedded_file provider_table(void);

/// models.tsv: one model a line, sorted by name; ModelTable.swift says what stands in a line.
embedded_file model_table(void);

#endif
