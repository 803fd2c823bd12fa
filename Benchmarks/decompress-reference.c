// Decompresses every frame of a seekable zstd file on some threads, and throws the result away: the time that libzstd alone needs.
// Usage: decompress-reference FILE THREADS
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

static int file;
static uint32_t frame_count;
static uint64_t *offsets;
static uint32_t *sizes, *decoded_sizes, largest, largest_decoded;
static atomic_uint next_frame;

static void *work(void *unused) {
    ZSTD_DCtx *context = ZSTD_createDCtx();
    char *in = malloc(largest), *out = malloc(largest_decoded);
    for (uint32_t i; (i = atomic_fetch_add(&next_frame, 1)) < frame_count;) {
        if (pread(file, in, sizes[i], offsets[i]) != sizes[i]) exit(1);
        if (ZSTD_decompressDCtx(context, out, largest_decoded, in, sizes[i]) != decoded_sizes[i]) exit(1);
    }
    return unused;
}

int main(int count, char **arguments) {
    struct stat status;
    unsigned char footer[9];
    if (count != 3 || (file = open(arguments[1], O_RDONLY)) < 0 || fstat(file, &status)) return 1;
    if (pread(file, footer, 9, status.st_size - 9) != 9) return 1;
    memcpy(&frame_count, footer, 4);
    size_t entry = footer[4] & 0x80 ? 12 : 8, table_size = frame_count * entry + 9;
    unsigned char *table = malloc(table_size);
    if (pread(file, table, table_size, status.st_size - table_size) != (ssize_t)table_size) return 1;
    offsets = malloc(8 * frame_count), sizes = malloc(4 * frame_count), decoded_sizes = malloc(4 * frame_count);
    uint64_t offset = 0;
    for (uint32_t i = 0; i < frame_count; i++) {
        memcpy(&sizes[i], table + i * entry, 4);
        memcpy(&decoded_sizes[i], table + i * entry + 4, 4);
        offsets[i] = offset;
        offset += sizes[i];
        if (sizes[i] > largest) largest = sizes[i];
        if (decoded_sizes[i] > largest_decoded) largest_decoded = decoded_sizes[i];
    }
    int thread_count = atoi(arguments[2]);
    pthread_t threads[64];
    if (thread_count < 1 || thread_count > 64) return 1;
    for (int i = 0; i < thread_count; i++) pthread_create(&threads[i], NULL, work, NULL);
    for (int i = 0; i < thread_count; i++) pthread_join(threads[i], NULL);
    return 0;
}
