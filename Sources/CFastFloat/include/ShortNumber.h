// Decimal numbers whose ends are known, as Float64.
#ifndef XENT_SHORT_NUMBER_H
#define XENT_SHORT_NUMBER_H

#include "ByteMask.h"

namespace xent {

/// The number that a text of up to 16 bytes after its sign is: digits, and perhaps a point between them, as JSON has it. Returns false
/// where it is anything else, or where it is not certain that it is rounded once.
///
/// Digits without their point are a whole number up to 2^53, which a Float64 holds exactly, and so does one the power of ten that it is
/// divided by: the quotient is correctly rounded (W. Clinger, "How to read floating point numbers accurately", 1990).
///
/// That the end is known is what makes it quick: the digits lie at the end of 16 bytes already, nothing depends on how many there are but
/// masks, and the next number need not wait for this one. There is no branch that depends on the digits. The 16 bytes before `last` must be
/// readable; one byte at `first`, too.
__attribute__((always_inline)) inline bool parseShortNumberBefore(const uint8_t *first, const uint8_t *last, double &value) {
#if defined(__SSE2__)
    // By the place of the point among 16 bytes; the last is for numbers without one.
    static constexpr double powersOfTen[17] = {1e15, 1e14, 1e13, 1e12, 1e11, 1e10, 1e9, 1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 1e2, 1e1, 1, 1};
    // 16 bytes from place 16 - n on are a mask of all bytes from the n-th on.
    alignas(64) static constexpr uint8_t ones[32] = {
        0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,
        0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    };
    const auto from = [](unsigned place) { return _mm_loadu_si128(reinterpret_cast<const __m128i *>(ones + 16 - place)); };

    const bool isNegative = *first == '-';
    first += isNegative;
    const auto byteCount = static_cast<size_t>(last - first);
    if (byteCount - 1 > 15) return false;
    const auto begin = static_cast<unsigned>(16 - byteCount);

    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i *>(last - 16));
    __m128i digits = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
    const auto isDigit = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(digits, _mm_set1_epi8(9)), digits)));
    const unsigned used = 0xFFFFu << begin & 0xFFFF;
    const unsigned points = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('.')))) & used;
    const auto point = static_cast<unsigned>(lowestBit(points | 0x10000));
    // Other bytes than digits and points, a second point, one that is first or last, zeros before another digit.
    const unsigned wrong = (((isDigit | points) & used) ^ used) | (points & (points - 1)) | (points & (0x8000 | 1u << begin))
        | (static_cast<unsigned>(*first == '0') & static_cast<unsigned>(point != begin + 1) & static_cast<unsigned>(byteCount > 1));
    if (wrong != 0) return false;

    // Without what stands before, and without the point: the digits before it move up by one.
    digits = _mm_and_si128(digits, from(begin));
    const __m128i after = from((point + 1) % 17);
    digits = _mm_or_si128(_mm_and_si128(after, digits), _mm_andnot_si128(after, _mm_slli_si128(digits, 1)));
    // By two, by four, by eight.
    __m128i groups = _mm_add_epi16(
        _mm_mullo_epi16(_mm_and_si128(digits, _mm_set1_epi16(0xFF)), _mm_set1_epi16(10)), _mm_srli_epi16(digits, 8));
    groups = _mm_madd_epi16(groups, _mm_setr_epi16(100, 1, 100, 1, 100, 1, 100, 1));
    groups = _mm_packs_epi32(groups, groups);
    groups = _mm_madd_epi16(groups, _mm_setr_epi16(10000, 1, 10000, 1, 10000, 1, 10000, 1));
    const auto halves = static_cast<uint64_t>(_mm_cvtsi128_si64(groups));
    const uint64_t whole = (halves & 0xFFFFFFFF) * 100000000 + (halves >> 32);
    if (whole > uint64_t(1) << 53) return false;

    const double magnitude = static_cast<double>(whole) / powersOfTen[point];
    uint64_t bits;
    std::memcpy(&bits, &magnitude, sizeof bits);
    bits ^= static_cast<uint64_t>(isNegative) << 63;
    std::memcpy(&value, &bits, sizeof value);
    return true;
#else
    // Elsewhere who asks has another way, which takes any number.
    (void)first, (void)last, (void)value;
    return false;
#endif
}

} // namespace xent

#endif
