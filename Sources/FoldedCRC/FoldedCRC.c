#include "FoldedCRC.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

int folded_crc32_is_available(void) {
    unsigned eax, ebx, ecx, edx;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx)) return 0;
    return (ecx & bit_PCLMUL) != 0 && (ecx & bit_SSE4_1) != 0;
}

// The bits of each constant are those of a power of x modulo the polynomial 0x104C11DB7, reversed, as the bytes' bits are.
#define FOLD __attribute__((target("pclmul,sse4.1")))

// Moves the remainder in x by the distance that the constants stand for, and adds the bytes that lie there.
FOLD static inline __m128i fold(__m128i x, __m128i constants, __m128i bytes) {
    __m128i low = _mm_clmulepi64_si128(x, constants, 0x00);
    __m128i high = _mm_clmulepi64_si128(x, constants, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), bytes);
}

FOLD static inline __m128i load(const char *bytes) { return _mm_loadu_si128((const __m128i *)bytes); }

// The same four bytes of sixteen at once, for processors with AVX-512.
#define FOLD_WIDE __attribute__((target("avx512f,vpclmulqdq,pclmul,sse4.1")))

// The bytes that are folded at once, and the least number of bytes for which that pays.
enum { wide_step = 256, wide_least_count = 1024 };

static int has_wide_registers(void) {
    unsigned eax, ebx, ecx, edx;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || (ecx & bit_OSXSAVE) == 0) return 0;
    unsigned low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    // The system keeps the states of SSE, AVX and AVX-512.
    if ((low & 0xE6) != 0xE6) return 0;
    if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) return 0;
    return (ebx & bit_AVX512F) != 0 && (ecx & bit_VPCLMULQDQ) != 0;
}

static int is_wide(void) {
    // -1 before the processor has been asked. Threads that ask at the same time write the same.
    static int wide = -1;
    int known = __atomic_load_n(&wide, __ATOMIC_RELAXED);
    if (known < 0) {
        known = has_wide_registers();
        __atomic_store_n(&wide, known, __ATOMIC_RELAXED);
    }
    return known;
}

FOLD_WIDE static inline __m512i fold_wide(__m512i x, __m512i constants, __m512i bytes) {
    __m512i low = _mm512_clmulepi64_epi128(x, constants, 0x00);
    __m512i high = _mm512_clmulepi64_epi128(x, constants, 0x11);
    // The exclusive or of all three.
    return _mm512_ternarylogic_epi64(low, high, bytes, 0x96);
}

// Folds as many steps as there are, and leaves a remainder of 64 bytes. Returns the number of bytes that it has read.
FOLD_WIDE static size_t fold_steps(uint32_t crc, const char *bytes, size_t count, __m128i remainder[4]) {
    // x^(2048+32), x^(2048-32): 256 bytes on.
    const __m512i by256 = _mm512_broadcast_i32x4(_mm_set_epi64x(0x01322D1430, 0x011542778A));
    const __m512i by64 = _mm512_broadcast_i32x4(_mm_set_epi64x(0x01C6E41596, 0x0154442BD4));
    __m512i a = _mm512_xor_si512(_mm512_loadu_si512(bytes), _mm512_zextsi128_si512(_mm_cvtsi32_si128((int)~crc)));
    __m512i b = _mm512_loadu_si512(bytes + 64), c = _mm512_loadu_si512(bytes + 128), d = _mm512_loadu_si512(bytes + 192);
    size_t done = wide_step;
    for (; count - done >= wide_step; done += wide_step) {
        a = fold_wide(a, by256, _mm512_loadu_si512(bytes + done));
        b = fold_wide(b, by256, _mm512_loadu_si512(bytes + done + 64));
        c = fold_wide(c, by256, _mm512_loadu_si512(bytes + done + 128));
        d = fold_wide(d, by256, _mm512_loadu_si512(bytes + done + 192));
    }
    a = fold_wide(fold_wide(fold_wide(a, by64, b), by64, c), by64, d);
    _mm512_storeu_si512(remainder, a);
    return done;
}

FOLD uint32_t folded_crc32(uint32_t crc, const void *source, size_t count) {
    const char *bytes = source;
    // x^(512+32), x^(512-32): 64 bytes on. x^(128+32), x^(128-32): 16 bytes on.
    const __m128i by64 = _mm_set_epi64x(0x01C6E41596, 0x0154442BD4);
    const __m128i by16 = _mm_set_epi64x(0x00CCAA009E, 0x01751997D0);
    __m128i first[4];
    size_t done = 64;
    if (count >= wide_least_count && is_wide()) {
        done = fold_steps(crc, bytes, count, first);
    } else {
        first[0] = _mm_xor_si128(load(bytes), _mm_cvtsi32_si128((int)~crc));
        for (int i = 1; i < 4; i++) first[i] = load(bytes + 16 * i);
    }
    __m128i a = first[0], b = first[1], c = first[2], d = first[3];
    bytes += done;
    count -= done;
    for (; count >= 64; bytes += 64, count -= 64) {
        a = fold(a, by64, load(bytes));
        b = fold(b, by64, load(bytes + 16));
        c = fold(c, by64, load(bytes + 32));
        d = fold(d, by64, load(bytes + 48));
    }
    a = fold(a, by16, b);
    a = fold(a, by16, c);
    a = fold(a, by16, d);
    for (; count >= 16; bytes += 16, count -= 16) a = fold(a, by16, load(bytes));
    // 128 bits to 96, and to 64: x^96 and x^64.
    const __m128i low32 = _mm_setr_epi32(~0, 0, ~0, 0);
    a = _mm_xor_si128(_mm_srli_si128(a, 8), _mm_clmulepi64_si128(a, by16, 0x10));
    a = _mm_xor_si128(
        _mm_srli_si128(a, 4), _mm_clmulepi64_si128(_mm_and_si128(a, low32), _mm_set_epi64x(0, 0x0163CD6124), 0x00));
    // Barrett's reduction to 32 bits: the polynomial, and x^64 divided by it.
    const __m128i polynomial = _mm_set_epi64x(0x01F7011641, 0x01DB710641);
    __m128i quotient = _mm_and_si128(_mm_clmulepi64_si128(_mm_and_si128(a, low32), polynomial, 0x10), low32);
    a = _mm_xor_si128(a, _mm_clmulepi64_si128(quotient, polynomial, 0x00));
    return ~(uint32_t)_mm_extract_epi32(a, 1);
}

#else

// zlib of Apple's systems has instructions of its own for it, and so have others.
int folded_crc32_is_available(void) { return 0; }

uint32_t folded_crc32(uint32_t crc, const void *bytes, size_t count) {
    (void)bytes;
    (void)count;
    return crc;
}

#endif
