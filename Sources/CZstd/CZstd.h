// The stable interface of libzstd (ZSTD_STATIC_LINKING_ONLY is left undefined on purpose) and its error codes.
#include <zstd.h>
#include <zstd_errors.h>
