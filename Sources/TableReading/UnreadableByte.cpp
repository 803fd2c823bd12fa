#include "ByteMask.h"
#include "TableReading.h"

using namespace xent;

namespace {

/// Returns the number of bytes in the character at `text`, whose first byte is above 127; 0 if it is no character.
size_t characterByteCount(const uint8_t *text, size_t byteCount) {
    const uint8_t first = text[0];
    // The second byte's range excludes overlong forms, surrogates and code points beyond U+10FFFF.
    const uint8_t least = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    const uint8_t greatest = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    const size_t count = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
    if (count == 0 || count > byteCount || text[1] < least || text[1] > greatest) return 0;
    for (size_t place = 2; place < count; place++) {
        if ((text[place] & 0xC0) != 0x80) return 0;
    }
    return count;
}

} // namespace

size_t xentFindUnreadableByte(const uint8_t *text, size_t byteCount) {
    size_t place = 0;
    while (place < byteCount) {
        const unsigned suspect = Block(text + place).suspect();
        if (suspect == 0) {
            place += Block::byteCount;
            continue;
        }
        place += static_cast<size_t>(lowestBit(suspect));
        // In a text of another script the next character is likely to be such a one, too.
        while (place < byteCount && static_cast<int8_t>(text[place]) < 1) {
            const size_t count = text[place] == 0 ? 0 : characterByteCount(text + place, byteCount - place);
            if (count == 0) return place;
            place += count;
        }
    }
    return byteCount;
}
