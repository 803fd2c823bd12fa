// Reads a file on two threads, each one half of it, and adds its bytes up: the time that the ways of reading take by themselves.
// Usage: read-reference WAY BLOCK_KIB FILE
//   WAY: pread; preadv (four parts); advised (pread, with POSIX_FADV_WILLNEED 4 MiB ahead); uncached (RWF_DONTCACHE, Linux 6.14);
//        direct (O_DIRECT); mapped; each also as huge-WAY, whose buffers are in huge pages
// COLD=1 in the environment lets go of the file's pages in the page cache first. Prints milliseconds: passed, and of the processors.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static const size_t huge_page = 2 << 20, advised_ahead = 4 << 20;
static const char *way;
static int file, has_huge_pages;
static size_t size, block;
static char *map;

struct half {
    size_t from, to;
    uint64_t sum;
};

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static uint64_t sum(const char *bytes, size_t count) {
    uint64_t sum = 0, word;
    for (size_t i = 0; i + 8 <= count; i += 8) {
        memcpy(&word, bytes + i, 8);
        sum += word;
    }
    return sum;
}

static void *work(void *argument) {
    struct half *half = argument;
    size_t room = (block + huge_page - 1) / huge_page * huge_page, advised = half->from;
    char *buffer = aligned_alloc(huge_page, room);
    if (!buffer) fail("memory");
    madvise(buffer, room, has_huge_pages ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    for (size_t at = half->from; at < half->to; at += block) {
        size_t count = half->to - at < block ? half->to - at : block;
        if (!strcmp(way, "advised") && advised - at < advised_ahead / 2) {
            posix_fadvise(file, advised, at + advised_ahead - advised, POSIX_FADV_WILLNEED);
            advised = at + advised_ahead;
        }
        ssize_t got = count;
        if (!strcmp(way, "preadv")) {
            struct iovec parts[4];
            for (int i = 0; i < 4; i++) parts[i] = (struct iovec){buffer + i * (block / 4), block / 4};
            got = preadv(file, parts, 4, at);
        } else if (!strcmp(way, "uncached")) {
            got = preadv2(file, &(struct iovec){buffer, count}, 1, at, 0x80 /* RWF_DONTCACHE */);
        } else if (!map) {
            // All of a block, also at the file's end: O_DIRECT takes whole sectors only.
            got = pread(file, buffer, block, at);
        }
        if (got < (ssize_t)count) fail("reading");
        half->sum += sum(map ? map + at : buffer, count);
    }
    free(buffer);
    return NULL;
}

static double milliseconds(struct timeval time) { return time.tv_sec * 1e3 + time.tv_usec / 1e3; }

int main(int count, char **arguments) {
    if (count != 4 || (block = strtoul(arguments[2], NULL, 10) << 10) < 4096) {
        fprintf(stderr, "usage: read-reference WAY BLOCK_KIB FILE, with blocks of 4 KiB or more\n");
        return 64;
    }
    has_huge_pages = !strncmp(arguments[1], "huge-", 5);
    way = arguments[1] + (has_huge_pages ? 5 : 0);
    struct stat status;
    file = open(arguments[3], O_RDONLY | (strcmp(way, "direct") ? 0 : O_DIRECT));
    if (file < 0 || fstat(file, &status)) fail(arguments[3]);
    size = status.st_size;
    if (getenv("COLD")) posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    if (!strcmp(way, "mapped") && (map = mmap(NULL, size, PROT_READ, MAP_SHARED, file, 0)) == MAP_FAILED) fail("mapping");
    size_t middle = size / 2 / block * block;
    struct half halves[2] = {{0, middle, 0}, {middle, size, 0}};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, work, &halves[i]);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    clock_gettime(CLOCK_MONOTONIC, &end);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%-14s %6zu KiB  %7.1f passed %7.1f of the processors (sum %llx)\n", arguments[1], block >> 10,
           (end.tv_sec - start.tv_sec) * 1e3 + (end.tv_nsec - start.tv_nsec) / 1e6, milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime),
           (unsigned long long)(halves[0].sum + halves[1].sum));
    return 0;
}
