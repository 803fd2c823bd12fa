#include "MemoryRefusal.h"

#include <errno.h>
#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define XENT_HAS_SANITIZER 1
#endif
#endif

// glibc's own names of its functions are part of its ABI. Its header of limits says which library it is.
#include <limits.h>
#if defined(__GLIBC__) && !defined(XENT_HAS_SANITIZER)

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static int exitStatus = 0;
static void (*cleanUpAtEnd)(void) = NULL;
static atomic_int endingCount = 0;
static _Thread_local int isEnding = 0;

/// Ends the process, if it asked for that; else returns.
static void refuse(size_t byteCount) {
    if (cleanUpAtEnd == NULL) return;
    if (isEnding) _exit(exitStatus);
    isEnding = 1;
    // Another thread that was refused too is about to end the process.
    if (atomic_fetch_add(&endingCount, 1) > 0) {
        for (;;) pause();
    }
    char text[256];
    const int length = snprintf(
        text, sizeof text,
        "xent: memory: the system refused %zu bytes; use fewer threads (--threads 1), or raise the limit of memory (ulimit -v)\n",
        byteCount);
    if (length > 0) {
        // There is nowhere to report that the message could not be written.
        const ssize_t written = write(2, text, (size_t)length);
        (void)written;
    }
    cleanUpAtEnd();
    _exit(exitStatus);
}

void *malloc(size_t byteCount) {
    void *const memory = __libc_malloc(byteCount);
    if (__builtin_expect(memory == NULL, 0)) refuse(byteCount);
    return memory;
}

void *calloc(size_t count, size_t byteCount) {
    void *const memory = __libc_calloc(count, byteCount);
    if (__builtin_expect(memory == NULL, 0)) {
        size_t product;
        refuse(__builtin_mul_overflow(count, byteCount, &product) ? SIZE_MAX : product);
    }
    return memory;
}

void *realloc(void *old, size_t byteCount) {
    void *const memory = __libc_realloc(old, byteCount);
    // Of 0 bytes it frees the memory.
    if (__builtin_expect(memory == NULL, 0) && byteCount > 0) refuse(byteCount);
    return memory;
}

void *memalign(size_t alignment, size_t byteCount) {
    void *const memory = __libc_memalign(alignment, byteCount);
    if (__builtin_expect(memory == NULL, 0)) refuse(byteCount);
    return memory;
}

void *aligned_alloc(size_t alignment, size_t byteCount) { return memalign(alignment, byteCount); }

int posix_memalign(void **memory, size_t alignment, size_t byteCount) {
    if (alignment % sizeof(void *) != 0 || alignment == 0 || (alignment & (alignment - 1)) != 0) return EINVAL;
    void *const found = memalign(alignment, byteCount);
    if (found == NULL) return ENOMEM;
    *memory = found;
    return 0;
}

int xentEndOnMemoryRefusal(int status, void (*cleanUp)(void)) {
    exitStatus = status;
    cleanUpAtEnd = cleanUp;
    return 1;
}

#else

int xentEndOnMemoryRefusal(int status, void (*cleanUp)(void)) {
    (void)status;
    (void)cleanUp;
    return 0;
}

#endif
