// liblz4's stable interface: blocks without a frame, and frames.
#include <lz4.h>
#include <lz4frame.h>
