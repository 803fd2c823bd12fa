// libbrotli's decoder, whose stable interface decodes a whole text at once.
#include <brotli/decode.h>
