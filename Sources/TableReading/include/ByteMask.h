// Bytes of a text by the block, as masks with a bit for each byte.
#ifndef XENT_BYTEMASK_H
#define XENT_BYTEMASK_H

#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace xent {

#if defined(__SSE2__)

/// 16 bytes.
class Block {
    __m128i bytes;

    static unsigned mask(__m128i found) { return static_cast<unsigned>(_mm_movemask_epi8(found)); }

public:
    static constexpr int byteCount = 16;

    explicit Block(const uint8_t *text) : bytes(_mm_loadu_si128(reinterpret_cast<const __m128i *>(text))) {}

    /// Bytes that are this.
    unsigned equal(uint8_t byte) const { return mask(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(static_cast<char>(byte)))); }
    /// Bytes that are either.
    unsigned equal(uint8_t a, uint8_t b) const {
        return mask(
            _mm_or_si128(
                _mm_cmpeq_epi8(bytes, _mm_set1_epi8(static_cast<char>(a))), _mm_cmpeq_epi8(bytes, _mm_set1_epi8(static_cast<char>(b)))));
    }
    /// Bytes that are at most this.
    unsigned atMost(uint8_t byte) const {
        return mask(_mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(static_cast<char>(byte))), bytes));
    }
    /// Bytes that are no digits.
    unsigned otherThanDigits() const {
        const __m128i digits = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
        return mask(_mm_cmpeq_epi8(_mm_min_epu8(digits, _mm_set1_epi8(9)), digits)) ^ 0xFFFF;
    }
    /// NUL, and bytes that are not ASCII: those below 1 as signed numbers.
    unsigned suspect() const { return mask(_mm_cmplt_epi8(bytes, _mm_set1_epi8(1))); }
    unsigned notASCII() const { return mask(bytes); }
};

#else

/// 8 bytes, in a register of any 64-bit processor (little-endian, as all that Swift runs on).
class Block {
    uint64_t bytes;

    static constexpr uint64_t ones = 0x0101010101010101, high = 0x8080808080808080;

    /// The highest bits of the bytes, together.
    static unsigned mask(uint64_t found) { return static_cast<unsigned>(((found & high) >> 7) * 0x0102040810204080 >> 56); }
    /// The highest bit of each byte that is 0.
    static uint64_t zero(uint64_t bytes) { return ~(((bytes & ~high) + ~high) | bytes); }

public:
    static constexpr int byteCount = 8;

    explicit Block(const uint8_t *text) { std::memcpy(&bytes, text, sizeof bytes); }

    unsigned equal(uint8_t byte) const { return mask(zero(bytes ^ ones * byte)); }
    unsigned equal(uint8_t a, uint8_t b) const { return equal(a) | equal(b); }
    /// `byte` below 128: adding 127 - byte carries into the highest bit where it is exceeded.
    unsigned atMost(uint8_t byte) const { return mask(~(((bytes & ~high) + ones * (127u - byte)) | bytes)); }
    /// Adding 70 carries into the highest bit from `:` on, and 80 from `0` on.
    unsigned otherThanDigits() const {
        const uint64_t lower = bytes & ~high;
        return mask(bytes | (lower + ones * 70) | ~(lower + ones * 80));
    }
    unsigned suspect() const { return mask(zero(bytes) | bytes); }
    unsigned notASCII() const { return mask(bytes); }
};

#endif

/// A mask of 64 bytes.
template <typename Mask> inline uint64_t mask64(const uint8_t *text, Mask mask) {
    uint64_t result = 0;
    for (int offset = 0; offset < 64; offset += Block::byteCount) {
        result |= static_cast<uint64_t>(mask(Block(text + offset))) << offset;
    }
    return result;
}

/// Which of 16 bytes are no digits.
inline unsigned otherThanDigits(const uint8_t *text) {
    unsigned result = 0;
    for (int offset = 0; offset < 16; offset += Block::byteCount) result |= Block(text + offset).otherThanDigits() << offset;
    return result;
}

/// The place of the lowest bit; `mask` is not 0.
inline int lowestBit(uint64_t mask) { return __builtin_ctzll(mask); }

/// Whether the line that begins here is blank: empty, or of spaces and tabs that are no delimiters; a carriage return may end it.
/// `lineEnd` is set to where the next one begins if it is.
inline bool isBlankLine(const uint8_t *line, const uint8_t *end, uint8_t delimiter, bool isEnd, const uint8_t **lineEnd) {
    const uint8_t *next = line;
    while (next < end && (*next == ' ' || *next == '\t') && *next != delimiter) next++;
    if (next < end && *next == '\r') next++;
    if (next < end && *next == '\n') {
        *lineEnd = next + 1;
        return true;
    }
    *lineEnd = end;
    return next == end && isEnd;
}

} // namespace xent

#endif
