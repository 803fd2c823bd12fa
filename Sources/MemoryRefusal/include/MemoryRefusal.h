#ifndef MEMORY_REFUSAL_H
#define MEMORY_REFUSAL_H

/// Makes the process end with a message and an exit status if the system refuses it memory.
///
/// Swift's runtime aborts then, with a trace of the stack, and C++ throws what nobody catches. With glibc the allocation functions of the
/// process are replaced by ones that ask glibc's, and see the refusal first. Elsewhere, and under sanitizers, which have allocation
/// functions of their own, nothing is replaced.
///
/// - Parameters:
///   - status: the exit status.
///   - cleanUp: called once before the process ends, on the thread that was refused. It must not wait for other threads. If it allocates
///     in vain, the process ends at once.
/// - Returns: 1 if refusals are seen; 0 if they are the runtime's.
int xentEndOnMemoryRefusal(int status, void (*cleanUp)(void));

#endif
