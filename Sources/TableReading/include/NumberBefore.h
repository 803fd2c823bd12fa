// Decimal numbers whose ends are known, as Float64.
//
// The known end makes them quick: the digits are at the end of 16 or 32 bytes already, their count enters into masks alone, and the next
// number need not wait for this one. No branch depends on the digits.
#ifndef XENT_NUMBER_BEFORE_H
#define XENT_NUMBER_BEFORE_H

#include "ByteMask.h"
#include "Number.h"

namespace xent {

#if defined(__SSE2__)

/// The last bytes of a number as digits, 16 in each block. The number's text is digits, perhaps with a point between them.
template <int blockCount> class DigitsBefore {
    static constexpr unsigned byteCount = 16 * blockCount;
    // The bytes from place byteCount - n on mask all bytes from the n-th on.
    struct Masks {
        uint8_t bytes[2 * byteCount];
        constexpr Masks() : bytes() {
            for (unsigned place = byteCount; place < 2 * byteCount; place++) bytes[place] = 0xFF;
        }
    };
    static constexpr Masks masks{};

    static __m128i load(const void *bytes) { return _mm_loadu_si128(static_cast<const __m128i *>(bytes)); }
    static __m128i bytesFrom(unsigned place, int block) { return load(masks.bytes + byteCount - place + 16 * block); }
    static uint64_t bits(__m128i found) { return static_cast<unsigned>(_mm_movemask_epi8(found)); }

    __m128i digits[blockCount];

public:
    /// The place of the point; byteCount for a number without one.
    unsigned point;

    /// Reads the text; returns false if it is no such number, or is too long.
    __attribute__((always_inline)) bool read(const uint8_t *first, const uint8_t *last) {
        const auto length = static_cast<size_t>(last - first);
        if (length - 1 >= byteCount) return false;
        const auto begin = static_cast<unsigned>(byteCount - length);
        uint64_t areDigits = 0, points = 0;
        for (int block = 0; block < blockCount; block++) {
            const __m128i bytes = load(last - byteCount + 16 * block);
            digits[block] = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
            areDigits |= bits(_mm_cmpeq_epi8(_mm_min_epu8(digits[block], _mm_set1_epi8(9)), digits[block])) << 16 * block;
            points |= bits(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('.'))) << 16 * block;
        }
        constexpr uint64_t all = (uint64_t(1) << byteCount) - 1;
        const uint64_t used = all << begin & all;
        points &= used;
        point = static_cast<unsigned>(lowestBit(points | all + 1));
        // Other bytes than digits and points, a second point, a point at either end, a zero before another digit.
        const uint64_t wrong = (((areDigits | points) & used) ^ used) | (points & (points - 1))
            | (points & (uint64_t(1) << (byteCount - 1) | uint64_t(1) << begin))
            | (static_cast<uint64_t>(*first == '0') & static_cast<uint64_t>(point != begin + 1) & static_cast<uint64_t>(length > 1));
        if (wrong != 0) return false;

        // Without the bytes before the number, and without the point: the digits before it move up by one.
        const unsigned afterPoint = point == byteCount ? 0 : point + 1;
        __m128i carried = _mm_setzero_si128();
        for (int block = 0; block < blockCount; block++) {
            const __m128i kept = _mm_and_si128(digits[block], bytesFrom(begin, block)), after = bytesFrom(afterPoint, block);
            const __m128i moved = _mm_or_si128(_mm_slli_si128(kept, 1), carried);
            carried = _mm_srli_si128(kept, 15);
            digits[block] = _mm_or_si128(_mm_and_si128(after, kept), _mm_andnot_si128(after, moved));
        }
        return true;
    }

    /// The numbers of eight digits each in one of the blocks.
    __attribute__((always_inline)) void eights(int block, uint64_t &high, uint64_t &low) const {
        // By pairs, by fours, by eights.
        __m128i groups = _mm_add_epi16(
            _mm_mullo_epi16(_mm_and_si128(digits[block], _mm_set1_epi16(0xFF)), _mm_set1_epi16(10)), _mm_srli_epi16(digits[block], 8));
        groups = _mm_madd_epi16(groups, _mm_setr_epi16(100, 1, 100, 1, 100, 1, 100, 1));
        groups = _mm_packs_epi32(groups, groups);
        groups = _mm_madd_epi16(groups, _mm_setr_epi16(10000, 1, 10000, 1, 10000, 1, 10000, 1));
        const auto halves = static_cast<uint64_t>(_mm_cvtsi128_si64(groups));
        high = halves & 0xFFFFFFFF;
        low = halves >> 32;
    }
};

#endif

/// Makes the value of a text with a known end that is a number of JSON without an exponent: of up to 16 bytes after its sign, and a whole
/// number up to 2^53 without its point. Returns false for any other text.
///
/// Float64 holds the whole number exactly, and the power of ten that it is divided by: the quotient is correctly rounded (W. Clinger, "How
/// to read floating point numbers accurately", 1990). The 16 bytes before `last` are read, and one at `first`.
__attribute__((always_inline)) inline bool parseShortNumberBefore(const uint8_t *first, const uint8_t *last, double &value) {
#if defined(__SSE2__)
    // By the place of the point; the last is for numbers without one.
    static constexpr double powersOfTen[17] = {1e15, 1e14, 1e13, 1e12, 1e11, 1e10, 1e9, 1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 1e2, 1e1, 1, 1};
    const bool isNegative = *first == '-';
    DigitsBefore<1> digits;
    if (!digits.read(first + isNegative, last)) return false;
    uint64_t high, low;
    digits.eights(0, high, low);
    const uint64_t whole = high * 100000000 + low;
    if (whole > uint64_t(1) << 53) return false;
    value = withSign(static_cast<double>(whole) / powersOfTen[digits.point], isNegative);
    return true;
#else
    // Without SSE2 the caller's general way reads every number.
    (void)first, (void)last, (void)value;
    return false;
#endif
}

/// Does the same for up to 32 bytes and 19 digits after leading zeros, as many as Python and JavaScript write. The value is correctly
/// rounded, by fast_float if one quotient does not suffice. The 32 bytes before `last` are read.
inline bool parseLongNumberBefore(const uint8_t *first, const uint8_t *last, double &value) {
#if defined(__SSE2__)
    const bool isNegative = *first == '-';
    DigitsBefore<2> digits;
    if (!digits.read(first + isNegative, last)) return false;
    uint64_t eights[4];
    digits.eights(0, eights[0], eights[1]);
    digits.eights(1, eights[2], eights[3]);
    if (eights[0] != 0 || eights[1] > 999) return false;
    const uint64_t whole = (eights[1] * 100000000 + eights[2]) * 100000000 + eights[3];
    const int64_t exponent = digits.point == 32 ? 0 : static_cast<int64_t>(digits.point) - 31;
    // Numbers of 16 and of 17 digits are mixed, so there is no branch on which it is.
    if (!makeLongNumber(whole, exponent, value)) return false;
    value = withSign(value, isNegative);
    return true;
#else
    (void)first, (void)last, (void)value;
    return false;
#endif
}

/// Makes the value of either kind of number, in a text that begins at `text`. Returns false also if fewer than 32 bytes of it precede
/// `last`.
__attribute__((always_inline)) inline bool parseNumberBefore(
    const uint8_t *text, const uint8_t *first, const uint8_t *last, double &value
) {
    return last - text >= 32 && (parseShortNumberBefore(first, last, value) || parseLongNumberBefore(first, last, value));
}

} // namespace xent

#endif
