#include "BytePlanes.h"

#include <stdint.h>

typedef const uint8_t *planes_t;

// Values of any width, from `start` to `end`. Vectors leave the last few to it.
static inline void join_bytes(planes_t planes, size_t stride, size_t start, size_t end, size_t width, uint8_t *target) {
    for (size_t plane = 0; plane < width; plane++) {
        planes_t source = planes + plane * stride;
        for (size_t i = start; i < end; i++) target[i * width + plane] = source[i];
    }
}

// One loop for each width, in which the compiler sees the constant: it unpacks vectors of the smallest processor.

static void join_portable2(planes_t a, size_t stride, size_t count, uint8_t *restrict target) {
    planes_t b = a + stride;
    for (size_t i = 0; i < count; i++) {
        target[2 * i] = a[i];
        target[2 * i + 1] = b[i];
    }
}

static void join_portable4(planes_t a, size_t stride, size_t count, uint8_t *restrict target) {
    planes_t b = a + stride, c = b + stride, d = c + stride;
    for (size_t i = 0; i < count; i++) {
        target[4 * i] = a[i];
        target[4 * i + 1] = b[i];
        target[4 * i + 2] = c[i];
        target[4 * i + 3] = d[i];
    }
}

static void join_portable8(planes_t a, size_t stride, size_t count, uint8_t *restrict target) {
    planes_t b = a + stride, c = b + stride, d = c + stride, e = d + stride, f = e + stride, g = f + stride, h = g + stride;
    for (size_t i = 0; i < count; i++) {
        target[8 * i] = a[i];
        target[8 * i + 1] = b[i];
        target[8 * i + 2] = c[i];
        target[8 * i + 3] = d[i];
        target[8 * i + 4] = e[i];
        target[8 * i + 5] = f[i];
        target[8 * i + 6] = g[i];
        target[8 * i + 7] = h[i];
    }
}

// Each function below joins a multiple of some number of values, and returns how many it has joined.

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

static int has_state(unsigned wanted) {
    unsigned eax, ebx, ecx, edx;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || (ecx & bit_OSXSAVE) == 0) return 0;
    unsigned low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (low & wanted) == wanted;
}

static int has_instructions(int variant) {
    unsigned eax, ebx, ecx, edx;
    if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) return 0;
    // The system keeps the registers of SSE and AVX (6), and of AVX-512 (0xE0).
    if (variant == byte_planes_avx2) return (ebx & bit_AVX2) != 0 && has_state(0x6);
    return (ebx & bit_AVX512F) != 0 && (ebx & bit_AVX512BW) != 0 && has_state(0xE6);
}

// Unpacking works within the 16 bytes of a lane. So the bytes of each plane are put in such an order first that lane L of the result
// number r gets the values that lie there in memory: every unpacking then ends with values in their order.

#define AVX512 __attribute__((target("avx512f,avx512bw")))

AVX512 static size_t join_avx512_2(planes_t planes, size_t stride, size_t count, uint8_t *target) {
    const __m512i order = _mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7);
    size_t done = 0;
    for (; count - done >= 64; done += 64) {
        __m512i a = _mm512_permutexvar_epi64(order, _mm512_loadu_si512(planes + done));
        __m512i b = _mm512_permutexvar_epi64(order, _mm512_loadu_si512(planes + stride + done));
        _mm512_storeu_si512(target + 2 * done, _mm512_unpacklo_epi8(a, b));
        _mm512_storeu_si512(target + 2 * done + 64, _mm512_unpackhi_epi8(a, b));
    }
    return done;
}

AVX512 static size_t join_avx512_4(planes_t planes, size_t stride, size_t count, uint8_t *target) {
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    size_t done = 0;
    for (; count - done >= 64; done += 64) {
        __m512i a = _mm512_permutexvar_epi32(order, _mm512_loadu_si512(planes + done));
        __m512i b = _mm512_permutexvar_epi32(order, _mm512_loadu_si512(planes + stride + done));
        __m512i c = _mm512_permutexvar_epi32(order, _mm512_loadu_si512(planes + 2 * stride + done));
        __m512i d = _mm512_permutexvar_epi32(order, _mm512_loadu_si512(planes + 3 * stride + done));
        __m512i ab = _mm512_unpacklo_epi8(a, b), cd = _mm512_unpacklo_epi8(c, d);
        uint8_t *out = target + 4 * done;
        _mm512_storeu_si512(out, _mm512_unpacklo_epi16(ab, cd));
        _mm512_storeu_si512(out + 64, _mm512_unpackhi_epi16(ab, cd));
        ab = _mm512_unpackhi_epi8(a, b), cd = _mm512_unpackhi_epi8(c, d);
        _mm512_storeu_si512(out + 128, _mm512_unpacklo_epi16(ab, cd));
        _mm512_storeu_si512(out + 192, _mm512_unpackhi_epi16(ab, cd));
    }
    return done;
}

AVX512 static size_t join_avx512_8(planes_t planes, size_t stride, size_t count, uint8_t *target) {
    const __m512i order = _mm512_set_epi16(
        31, 27, 23, 19, 15, 11, 7, 3, 30, 26, 22, 18, 14, 10, 6, 2, 29, 25, 21, 17, 13, 9, 5, 1, 28, 24, 20, 16, 12, 8, 4, 0);
    size_t done = 0;
    for (; count - done >= 64; done += 64) {
        __m512i p[8], q[8];
        for (int i = 0; i < 8; i++) p[i] = _mm512_permutexvar_epi16(order, _mm512_loadu_si512(planes + (size_t)i * stride + done));
        // Pairs of bytes: even places from the low halves of lanes, odd places from the high ones.
        for (int i = 0; i < 4; i++) {
            q[2 * i] = _mm512_unpacklo_epi8(p[2 * i], p[2 * i + 1]);
            q[2 * i + 1] = _mm512_unpackhi_epi8(p[2 * i], p[2 * i + 1]);
        }
        uint8_t *out = target + 8 * done;
        for (int half = 0; half < 2; half++) {
            __m512i low = _mm512_unpacklo_epi16(q[half], q[half + 2]), low2 = _mm512_unpackhi_epi16(q[half], q[half + 2]);
            __m512i high = _mm512_unpacklo_epi16(q[half + 4], q[half + 6]), high2 = _mm512_unpackhi_epi16(q[half + 4], q[half + 6]);
            _mm512_storeu_si512(out + 256 * half, _mm512_unpacklo_epi32(low, high));
            _mm512_storeu_si512(out + 256 * half + 64, _mm512_unpackhi_epi32(low, high));
            _mm512_storeu_si512(out + 256 * half + 128, _mm512_unpacklo_epi32(low2, high2));
            _mm512_storeu_si512(out + 256 * half + 192, _mm512_unpackhi_epi32(low2, high2));
        }
    }
    return done;
}

#define AVX2 __attribute__((target("avx2")))

AVX2 static inline __m256i load32(planes_t bytes) { return _mm256_loadu_si256((const __m256i *)bytes); }
AVX2 static inline void store32(uint8_t *target, __m256i bytes) { _mm256_storeu_si256((__m256i *)target, bytes); }

AVX2 static size_t join_avx2_2(planes_t planes, size_t stride, size_t count, uint8_t *target) {
    size_t done = 0;
    for (; count - done >= 32; done += 32) {
        __m256i a = _mm256_permute4x64_epi64(load32(planes + done), 0xD8);
        __m256i b = _mm256_permute4x64_epi64(load32(planes + stride + done), 0xD8);
        store32(target + 2 * done, _mm256_unpacklo_epi8(a, b));
        store32(target + 2 * done + 32, _mm256_unpackhi_epi8(a, b));
    }
    return done;
}

AVX2 static size_t join_avx2_4(planes_t planes, size_t stride, size_t count, uint8_t *target) {
    const __m256i order = _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7);
    size_t done = 0;
    for (; count - done >= 32; done += 32) {
        __m256i a = _mm256_permutevar8x32_epi32(load32(planes + done), order);
        __m256i b = _mm256_permutevar8x32_epi32(load32(planes + stride + done), order);
        __m256i c = _mm256_permutevar8x32_epi32(load32(planes + 2 * stride + done), order);
        __m256i d = _mm256_permutevar8x32_epi32(load32(planes + 3 * stride + done), order);
        __m256i ab = _mm256_unpacklo_epi8(a, b), cd = _mm256_unpacklo_epi8(c, d);
        uint8_t *out = target + 4 * done;
        store32(out, _mm256_unpacklo_epi16(ab, cd));
        store32(out + 32, _mm256_unpackhi_epi16(ab, cd));
        ab = _mm256_unpackhi_epi8(a, b), cd = _mm256_unpackhi_epi8(c, d);
        store32(out + 64, _mm256_unpacklo_epi16(ab, cd));
        store32(out + 96, _mm256_unpackhi_epi16(ab, cd));
    }
    return done;
}

AVX2 static size_t join_avx2_8(planes_t planes, size_t stride, size_t count, uint8_t *target) {
    // Even words to the low half of each lane and odd words to the high half; then the halves of both lanes together.
    const __m256i words = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15));
    size_t done = 0;
    for (; count - done >= 32; done += 32) {
        __m256i p[8], q[8];
        for (int i = 0; i < 8; i++) {
            __m256i bytes = load32(planes + (size_t)i * stride + done);
            p[i] = _mm256_permute4x64_epi64(_mm256_shuffle_epi8(bytes, words), 0xD8);
        }
        for (int i = 0; i < 4; i++) {
            q[2 * i] = _mm256_unpacklo_epi8(p[2 * i], p[2 * i + 1]);
            q[2 * i + 1] = _mm256_unpackhi_epi8(p[2 * i], p[2 * i + 1]);
        }
        uint8_t *out = target + 8 * done;
        for (int half = 0; half < 2; half++) {
            __m256i low = _mm256_unpacklo_epi16(q[half], q[half + 2]), low2 = _mm256_unpackhi_epi16(q[half], q[half + 2]);
            __m256i high = _mm256_unpacklo_epi16(q[half + 4], q[half + 6]), high2 = _mm256_unpackhi_epi16(q[half + 4], q[half + 6]);
            store32(out + 128 * half, _mm256_unpacklo_epi32(low, high));
            store32(out + 128 * half + 32, _mm256_unpackhi_epi32(low, high));
            store32(out + 128 * half + 64, _mm256_unpacklo_epi32(low2, high2));
            store32(out + 128 * half + 96, _mm256_unpackhi_epi32(low2, high2));
        }
    }
    return done;
}

static size_t join_vectors(int variant, planes_t planes, size_t stride, size_t count, size_t width, uint8_t *target) {
    if (variant == byte_planes_avx512) {
        switch (width) {
        case 2: return join_avx512_2(planes, stride, count, target);
        case 4: return join_avx512_4(planes, stride, count, target);
        case 8: return join_avx512_8(planes, stride, count, target);
        default: return 0;
        }
    }
    switch (width) {
    case 2: return join_avx2_2(planes, stride, count, target);
    case 4: return join_avx2_4(planes, stride, count, target);
    case 8: return join_avx2_8(planes, stride, count, target);
    default: return 0;
    }
}

static int may_have(int variant) { return variant == byte_planes_avx2 || variant == byte_planes_avx512; }

#elif defined(__aarch64__)

#include <arm_neon.h>

// Every processor of this architecture has the instructions.
static int has_instructions(int variant) { return variant == byte_planes_neon; }
static int may_have(int variant) { return variant == byte_planes_neon; }

static size_t join_vectors(int variant, planes_t planes, size_t stride, size_t count, size_t width, uint8_t *target) {
    (void)variant;
    size_t done = 0;
    switch (width) {
    case 2:
        for (; count - done >= 16; done += 16) {
            uint8x16x2_t values = {{vld1q_u8(planes + done), vld1q_u8(planes + stride + done)}};
            vst2q_u8(target + 2 * done, values);
        }
        break;
    case 4:
        for (; count - done >= 16; done += 16) {
            uint8x16x4_t values;
            for (int i = 0; i < 4; i++) values.val[i] = vld1q_u8(planes + (size_t)i * stride + done);
            vst4q_u8(target + 4 * done, values);
        }
        break;
    case 8:
        for (; count - done >= 16; done += 16) {
            uint16x8x4_t low, high;
            for (int i = 0; i < 4; i++) {
                uint8x16_t a = vld1q_u8(planes + (size_t)(2 * i) * stride + done), b = vld1q_u8(planes + (size_t)(2 * i + 1) * stride + done);
                low.val[i] = vreinterpretq_u16_u8(vzip1q_u8(a, b));
                high.val[i] = vreinterpretq_u16_u8(vzip2q_u8(a, b));
            }
            // Their elements are of 16 bits; the bytes of a value are in order on a little-endian machine, and all of ours are.
            vst4q_u16((uint16_t *)(void *)(target + 8 * done), low);
            vst4q_u16((uint16_t *)(void *)(target + 8 * done + 64), high);
        }
        break;
    default: break;
    }
    return done;
}

#else

static int has_instructions(int variant) { return (void)variant, 0; }
static int may_have(int variant) { return (void)variant, 0; }

static size_t join_vectors(int variant, planes_t planes, size_t stride, size_t count, size_t width, uint8_t *target) {
    (void)variant, (void)planes, (void)stride, (void)count, (void)width, (void)target;
    return 0;
}

#endif

int byte_planes_is_available(int variant) {
    if (variant == byte_planes_portable) return 1;
    if (!may_have(variant)) return 0;
    // 0 before the processor has been asked. Threads that ask at the same time write the same.
    static int known[byte_planes_variant_count];
    int answer = __atomic_load_n(&known[variant], __ATOMIC_RELAXED);
    if (answer == 0) {
        answer = has_instructions(variant) ? 1 : -1;
        __atomic_store_n(&known[variant], answer, __ATOMIC_RELAXED);
    }
    return answer > 0;
}

int byte_planes_best_variant(void) {
    static const int variants[] = {byte_planes_avx512, byte_planes_avx2, byte_planes_neon};
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++) {
        if (byte_planes_is_available(variants[i])) return variants[i];
    }
    return byte_planes_portable;
}

int byte_planes_join(int variant, const void *planes, size_t plane_stride, size_t count, size_t width, void *target) {
    planes_t source = planes;
    uint8_t *room = target;
    if (variant == byte_planes_portable || !byte_planes_is_available(variant)) {
        switch (width) {
        case 2: join_portable2(source, plane_stride, count, room); break;
        case 4: join_portable4(source, plane_stride, count, room); break;
        case 8: join_portable8(source, plane_stride, count, room); break;
        default: join_bytes(source, plane_stride, 0, count, width, room);
        }
        return byte_planes_portable;
    }
    size_t done = join_vectors(variant, source, plane_stride, count, width, room);
    join_bytes(source, plane_stride, done, count, width, room);
    return variant;
}

void byte_planes_split(const void *values, size_t count, size_t width, void *planes, size_t plane_stride) {
    const uint8_t *source = values;
    // A stretch of values stays in the cache for all of its planes.
    enum { stretch = 4096 };
    for (size_t start = 0; start < count; start += stretch) {
        size_t end = count - start < stretch ? count : start + stretch;
        for (size_t plane = 0; plane < width; plane++) {
            uint8_t *restrict target = (uint8_t *)planes + plane * plane_stride;
            switch (width) {
            case 4: for (size_t i = start; i < end; i++) target[i] = source[4 * i + plane]; break;
            case 8: for (size_t i = start; i < end; i++) target[i] = source[8 * i + plane]; break;
            default: for (size_t i = start; i < end; i++) target[i] = source[width * i + plane];
            }
        }
    }
}
