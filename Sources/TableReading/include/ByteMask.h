// Blocks of a text's bytes, compared at once to masks with a bit for each byte.
#ifndef XENT_BYTEMASK_H
#define XENT_BYTEMASK_H

#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace xent {

#if defined(__SSE2__)

/// A block of 16 bytes.
class Block {
    __m128i bytes;

    static unsigned mask(__m128i found) { return static_cast<unsigned>(_mm_movemask_epi8(found)); }

public:
    static constexpr int byteCount = 16;

    explicit Block(const uint8_t *text) : bytes(_mm_loadu_si128(reinterpret_cast<const __m128i *>(text))) {}

    /// The bytes that equal this one.
    unsigned equal(uint8_t byte) const { return mask(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(static_cast<char>(byte)))); }
    /// The bytes that equal either of these.
    unsigned equal(uint8_t a, uint8_t b) const {
        return mask(
            _mm_or_si128(
                _mm_cmpeq_epi8(bytes, _mm_set1_epi8(static_cast<char>(a))), _mm_cmpeq_epi8(bytes, _mm_set1_epi8(static_cast<char>(b)))));
    }
    /// The bytes that are at most this one.
    unsigned atMost(uint8_t byte) const {
        return mask(_mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(static_cast<char>(byte))), bytes));
    }
    /// The bytes that are not digits.
    unsigned otherThanDigits() const {
        const __m128i digits = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
        return mask(_mm_cmpeq_epi8(_mm_min_epu8(digits, _mm_set1_epi8(9)), digits)) ^ 0xFFFF;
    }
    /// The bytes that are NUL or not ASCII: those below 1 as signed numbers.
    unsigned suspect() const { return mask(_mm_cmplt_epi8(bytes, _mm_set1_epi8(1))); }
    unsigned notASCII() const { return mask(bytes); }
};

#else

/// A block of 8 bytes, in a register of any 64-bit processor (little-endian, as all are that Swift runs on).
class Block {
    uint64_t bytes;

    static constexpr uint64_t ones = 0x0101010101010101, high = 0x8080808080808080;

    /// Collects the highest bits of the bytes.
    static unsigned mask(uint64_t found) { return static_cast<unsigned>(((found & high) >> 7) * 0x0102040810204080 >> 56); }
    /// Sets the highest bit of each byte that is 0.
    static uint64_t zero(uint64_t bytes) { return ~(((bytes & ~high) + ~high) | bytes); }

public:
    static constexpr int byteCount = 8;

    explicit Block(const uint8_t *text) { std::memcpy(&bytes, text, sizeof bytes); }

    unsigned equal(uint8_t byte) const { return mask(zero(bytes ^ ones * byte)); }
    unsigned equal(uint8_t a, uint8_t b) const { return equal(a) | equal(b); }
    /// The bytes that are at most this one, which is below 128: adding 127 - byte carries into the highest bit of larger bytes.
    unsigned atMost(uint8_t byte) const { return mask(~(((bytes & ~high) + ones * (127u - byte)) | bytes)); }
    /// The bytes that are not digits: adding 70 carries into the highest bit from `:` on, and adding 80 from `0` on.
    unsigned otherThanDigits() const {
        const uint64_t lower = bytes & ~high;
        return mask(bytes | (lower + ones * 70) | ~(lower + ones * 80));
    }
    unsigned suspect() const { return mask(zero(bytes) | bytes); }
    unsigned notASCII() const { return mask(bytes); }
};

#endif

/// Makes a mask of 64 bytes.
template <typename Mask> inline uint64_t mask64(const uint8_t *text, Mask mask) {
    uint64_t result = 0;
    for (int offset = 0; offset < 64; offset += Block::byteCount) {
        result |= static_cast<uint64_t>(mask(Block(text + offset))) << offset;
    }
    return result;
}

/// Makes a mask of the bytes among 16 that are not digits.
inline unsigned otherThanDigits(const uint8_t *text) {
    unsigned result = 0;
    for (int offset = 0; offset < 16; offset += Block::byteCount) result |= Block(text + offset).otherThanDigits() << offset;
    return result;
}

/// Returns the index of the lowest bit that is set; `mask` is not 0.
inline int lowestBit(uint64_t mask) { return __builtin_ctzll(mask); }

/// Returns true if the line that begins here is blank: empty, or of spaces and tabs that are no delimiters. A carriage return may end it.
/// If blanks separate the fields, which the space as the delimiter says, a line of blanks has no fields, and is blank. `lineEnd` is then
/// set to the beginning of the next line.
inline bool isBlankLine(const uint8_t *line, const uint8_t *end, uint8_t delimiter, bool isEnd, const uint8_t **lineEnd) {
    const uint8_t *next = line;
    while (next < end && (*next == ' ' || *next == '\t') && (*next != delimiter || delimiter == ' ')) next++;
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
