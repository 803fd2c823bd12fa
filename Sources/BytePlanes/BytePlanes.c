#include "BytePlanes.h"
int byte_planes_placeholder(void) { return 0; }
