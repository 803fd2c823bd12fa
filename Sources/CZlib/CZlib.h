// zlib's stable interface: raw deflate streams (RFC 1951) and CRC-32, for gzip (RFC 1952) and zip.
#include <zlib.h>
