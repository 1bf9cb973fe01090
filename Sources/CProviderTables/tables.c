#include "CProviderTables.h"

// The data files as they are; a change of one builds this file anew.

// `#embed` came with C23; clang has it for every C, and says so.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char providers[] = {
#embed "providers.json"
};

static const unsigned char models[] = {
#embed "models.tsv"
};

embedded_file provider_table(void) {
  embedded_file file = {providers, sizeof providers};
  return file;
}

embedded_file model_table(void) {
  embedded_file file = {models, sizeof models};
  return file;
}
