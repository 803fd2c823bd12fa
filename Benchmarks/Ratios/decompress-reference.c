// Decompresses every frame of seekable zstd files on some threads, and throws the result away: the time that libzstd alone needs.
// Usage: decompress-reference THREADS FILE…
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

struct frame {
    int file;
    uint32_t size, decoded_size;
    uint64_t offset;
};
static struct frame *frames;
static uint32_t frame_count, largest, largest_decoded;
static atomic_uint next_frame;

static void fail(const char *what) {
    fprintf(stderr, "decompress-reference: %s\n", what);
    exit(1);
}

static void *work(void *unused) {
    ZSTD_DCtx *context = ZSTD_createDCtx();
    char *in = malloc(largest), *out = malloc(largest_decoded);
    for (uint32_t i; (i = atomic_fetch_add(&next_frame, 1)) < frame_count;) {
        struct frame *frame = &frames[i];
        if (pread(frame->file, in, frame->size, frame->offset) != frame->size) fail("a frame cannot be read");
        if (ZSTD_decompressDCtx(context, out, largest_decoded, in, frame->size) != frame->decoded_size) fail("a frame is damaged");
    }
    return unused;
}

// Adds the frames of a file to the list, from its seek table.
static void list(const char *path) {
    struct stat status;
    unsigned char footer[9];
    uint32_t count, magic;
    int file = open(path, O_RDONLY);
    if (file < 0 || fstat(file, &status) || pread(file, footer, 9, status.st_size - 9) != 9) fail("a file cannot be read");
    memcpy(&count, footer, 4);
    memcpy(&magic, footer + 5, 4);
    if (magic != 0x8F92EAB1) fail("a file has no seek table");
    size_t entry = footer[4] & 0x80 ? 12 : 8, table_size = count * entry + 9;
    unsigned char *table = malloc(table_size);
    if (pread(file, table, table_size, status.st_size - table_size) != (ssize_t)table_size) fail("a seek table cannot be read");
    frames = realloc(frames, (frame_count + count) * sizeof *frames);
    uint64_t offset = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct frame *frame = &frames[frame_count + i];
        frame->file = file;
        frame->offset = offset;
        memcpy(&frame->size, table + i * entry, 4);
        memcpy(&frame->decoded_size, table + i * entry + 4, 4);
        offset += frame->size;
        if (frame->size > largest) largest = frame->size;
        if (frame->decoded_size > largest_decoded) largest_decoded = frame->decoded_size;
    }
    frame_count += count;
    free(table);
}

int main(int count, char **arguments) {
    int thread_count = count > 2 ? atoi(arguments[1]) : 0;
    pthread_t threads[64];
    if (thread_count < 1 || thread_count > 64) fail("usage: decompress-reference THREADS FILE…, with 1 to 64 threads");
    for (int i = 2; i < count; i++) list(arguments[i]);
    for (int i = 0; i < thread_count; i++) pthread_create(&threads[i], NULL, work, NULL);
    for (int i = 0; i < thread_count; i++) pthread_join(threads[i], NULL);
    return 0;
}
