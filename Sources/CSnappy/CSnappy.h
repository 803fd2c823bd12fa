// snappy's interface for C: whole blocks, and the size that a block will have.
#include <snappy-c.h>
