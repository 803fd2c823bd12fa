#include "System.h"

#include <stdint.h>

// Numbers of system calls: linux/include/uapi/asm-generic/unistd.h.
enum { callRead = 63, callWrite = 64, callExitGroup = 94 };

static int64_t systemCall(int64_t number, int64_t a, int64_t b, int64_t c) {
    register int64_t x8 __asm__("x8") = number;
    register int64_t x0 __asm__("x0") = a;
    register int64_t x1 __asm__("x1") = b;
    register int64_t x2 __asm__("x2") = c;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory", "cc");
    return x0;
}

void leave(int status) {
    for (;;) systemCall(callExitGroup, status, 0, 0);
}

_Bool readInput(void *memory, size_t byteCount) {
    size_t done = 0;
    while (done < byteCount) {
        int64_t count = systemCall(callRead, 0, (int64_t)((char *)memory + done), (int64_t)(byteCount - done));
        if (count == -4) continue;  // EINTR
        if (count <= 0) return 0;
        done += (size_t)count;
    }
    return 1;
}

void writeOutput(const void *memory, size_t byteCount) {
    size_t done = 0;
    while (done < byteCount) {
        int64_t count = systemCall(callWrite, 1, (int64_t)((const char *)memory + done), (int64_t)(byteCount - done));
        if (count == -4) continue;
        if (count <= 0) leave(1);
        done += (size_t)count;
    }
}

static unsigned char memoryOfCalls[96 << 20] __attribute__((aligned(64)));
unsigned char *arena(void) { return memoryOfCalls; }
size_t arenaByteCount(void) { return sizeof memoryOfCalls; }

int main(int, char **);
// The stack is aligned when the kernel of Linux enters here.
void _start(void) { leave(main(0, 0)); }

// What compilers call without being asked. Compiled with -fno-builtin, or each would become a call of itself.
void *memcpy(void *restrict to, const void *restrict from, size_t byteCount) {
    for (size_t i = 0; i < byteCount; i++) ((unsigned char *)to)[i] = ((const unsigned char *)from)[i];
    return to;
}
void *memmove(void *to, const void *from, size_t byteCount) {
    unsigned char *target = to;
    const unsigned char *source = from;
    if (target < source) {
        for (size_t i = 0; i < byteCount; i++) target[i] = source[i];
    } else {
        while (byteCount > 0) byteCount--, target[byteCount] = source[byteCount];
    }
    return to;
}
void *memset(void *memory, int value, size_t byteCount) {
    for (size_t i = 0; i < byteCount; i++) ((unsigned char *)memory)[i] = (unsigned char)value;
    return memory;
}

// What Swift allocates with. Kernels allocate nothing: a call that does ends the process with a status of its own.
int posix_memalign(void **memory, size_t alignment, size_t byteCount) {
    (void)memory, (void)alignment, (void)byteCount;
    leave(3);
}
void free(void *memory) {
    (void)memory;
    leave(3);
}
