// The number of words in a text.
#ifndef XENT_WORD_COUNT_H
#define XENT_WORD_COUNT_H

#include <cstddef>
#include <cstdint>

namespace xent {

/// Returns the number of bytes of the white space that UTF-8 text begins with, one character of it; 0 if it begins with none. White space is
/// what Python's str.split() cuts at.
inline size_t whiteSpaceByteCount(const uint8_t *text, size_t byteCount) {
    const uint8_t first = text[0];
    if (first <= ' ') return (first >= 0x09 && first <= 0x0D) || first >= 0x1C;
    if (first < 0xC2) return 0;
    if (first == 0xC2) return byteCount >= 2 && (text[1] == 0x85 || text[1] == 0xA0) ? 2 : 0;
    if (byteCount < 3) return 0;
    switch (first) {
    case 0xE1: return text[1] == 0x9A && text[2] == 0x80 ? 3 : 0;
    case 0xE2:
        if (text[1] == 0x81) return text[2] == 0x9F ? 3 : 0;
        return text[1] == 0x80 && (text[2] <= 0x8A || text[2] == 0xA8 || text[2] == 0xA9 || text[2] == 0xAF) ? 3 : 0;
    case 0xE3: return text[1] == 0x80 && text[2] == 0x80 ? 3 : 0;
    default: return 0;
    }
}

/// Returns the number of words in UTF-8 text: the longest runs without white space. O(byteCount).
inline uint64_t wordCount(const uint8_t *text, size_t byteCount) {
    uint64_t count = 0;
    bool isInWord = false;
    for (size_t place = 0; place < byteCount;) {
        const size_t space = whiteSpaceByteCount(text + place, byteCount - place);
        count += space == 0 && !isInWord;
        isInWord = space == 0;
        // The second and later bytes of a character are like letters: none begins white space.
        place += space == 0 ? 1 : space;
    }
    return count;
}

} // namespace xent

#endif
