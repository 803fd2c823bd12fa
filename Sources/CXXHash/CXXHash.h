// libxxhash's stable interface. XXH64 is what zstd's checksums are made of.
#include <xxhash.h>
