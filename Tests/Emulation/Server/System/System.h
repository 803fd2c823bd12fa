// All that the server needs of an operating system: Linux's system calls on arm64, so that building it takes no C library of another
// processor's.
#ifndef XENT_SERVER_SYSTEM_H
#define XENT_SERVER_SYSTEM_H

#include <stddef.h>

/// Fills the memory from standard input; whether it did before the input's end.
_Bool readInput(void *_Nonnull memory, size_t byteCount);
/// Writes all of the memory to standard output, or ends the process with status 1.
void writeOutput(const void *_Nonnull memory, size_t byteCount);
/// Ends the process.
_Noreturn void leave(int status);
/// Memory for the arrays of one call, zero at first, aligned to 64 bytes.
unsigned char *_Nonnull arena(void);
size_t arenaByteCount(void);

#endif
