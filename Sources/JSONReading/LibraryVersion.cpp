// The version of the library that reads JSON.
#include "JSONReading.h"

#include <simdjson.h>

#define XENT_TEXT_OF(x) #x
#define XENT_TEXT(x) XENT_TEXT_OF(x)

extern "C" const char *jsonLibraryVersion(void) { return XENT_TEXT(SIMDJSON_VERSION); }
