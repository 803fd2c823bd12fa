// A quick reader for arrays of nothing but numbers, the most frequent work.
#ifndef XENT_NUMBER_ARRAY_H
#define XENT_NUMBER_ARRAY_H

#include "JSONReading.h"
#include "JSONToken.h"

#include <ByteMask.h>
#include <NumberBefore.h>

namespace json_reading {

/// Stores a number in its slot.
inline void store(JSONSlot &slot, double number) {
    if (slot.count < slot.capacity) slot.numbers[slot.count] = number;
    slot.count++;
}

/// Reads an array of numbers that begins at `token`, in a text that begins at `text`. Returns its end. Returns null, with nothing changed,
/// if the array is empty or has anything else in it, even a mistake. About three times as fast as asking simdjson for each number.
inline const char *readNumberArray(const char *token, const char *text, const char *end, JSONSlot &slot) {
    const auto bytes = [](const char *at) { return reinterpret_cast<const uint8_t *>(at); };
    double *const numbers = slot.numbers;
    const size_t capacity = slot.capacity;
    size_t count = slot.count;
    const char *first = token + 1;
    for (const char *block = first; block < end; block += 64) {
        // All ends of numbers at once, so that none waits for the one before it. Up to 63 bytes after the end are read.
        uint64_t stops = xent::mask64(bytes(block), [](xent::Block block) { return block.equal(',', ']'); });
        while (stops != 0) {
            const char *const last = block + xent::lowestBit(stops);
            stops &= stops - 1;
            if (last >= end) return nullptr;
            if (*first == ' ') first++;
            double number;
            if (!xent::parseNumberBefore(bytes(text), bytes(first), bytes(last), number)) {
                while (first < last && isSpace(*first)) first++;
                const char *after = first < last ? parseNumberPrefix(first, last, number) : nullptr;
                if (!after) return nullptr;
                while (after < last && isSpace(*after)) after++;
                if (after != last) return nullptr;
            }
            if (count < capacity) numbers[count] = number;
            count++;
            if (*last == ']') {
                slot.count = count;
                return last + 1;
            }
            first = last + 1;
        }
    }
    return nullptr;
}

}  // namespace json_reading

#endif
