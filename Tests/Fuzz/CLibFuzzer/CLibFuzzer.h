// libFuzzer as a library: what its own main calls. SwiftPM gives an executable's main another name, and so libFuzzer's is not used.
#include <stddef.h>
#include <stdint.h>
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*test_one_input)(const uint8_t *bytes, size_t byte_count));
