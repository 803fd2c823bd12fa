// liblz4's stable interface: blocks without a frame.
#include <lz4.h>
