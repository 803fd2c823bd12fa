// The ends of an array's elements.
#include "JSONReading.h"

#include <ByteMask.h>

using xent::Block;

size_t jsonElementEnd(const char *text, size_t byteCount, size_t *lineFeedCount) {
    const auto *const bytes = reinterpret_cast<const uint8_t *>(text);
    size_t depth = 0, lineCount = 0;
    bool isInString = false, isEscaped = false;
    for (size_t offset = 0; offset < byteCount; offset += 64) {
        const uint8_t *const block = bytes + offset;
        const uint64_t within = byteCount - offset < 64 ? (uint64_t(1) << (byteCount - offset)) - 1 : ~uint64_t(0);
        const auto mask = [block, within](auto find) { return within & xent::mask64(block, find); };
        const uint64_t quotes = mask([](Block block) { return block.equal('"'); });
        const uint64_t escapes = mask([](Block block) { return block.equal('\\'); });
        const uint64_t openings = mask([](Block block) { return block.equal('{', '['); });
        const uint64_t closings = mask([](Block block) { return block.equal('}', ']'); });
        const uint64_t commas = depth == 0 || closings != 0 ? mask([](Block block) { return block.equal(','); }) : 0;
        const uint64_t lineFeeds = mask([](Block block) { return block.equal('\n'); });
        // The bytes that have not been looked at.
        uint64_t rest = ~uint64_t(0);
        if (isEscaped) {
            isEscaped = false;
            rest <<= 1;
        }
        while (true) {
            uint64_t stops = isInString ? quotes | escapes : quotes | openings | closings | (depth == 0 ? commas : 0);
            stops &= rest;
            if (stops == 0) break;
            const int place = xent::lowestBit(stops);
            const uint64_t stop = stops & (~stops + 1);
            // All bytes after the stop.
            rest = ~(stop | (stop - 1));
            if (isInString) {
                if (stop & quotes) {
                    isInString = false;
                } else if (place == 63) {
                    isEscaped = true;
                } else {
                    rest &= ~(stop << 1);
                }
            } else if (stop & quotes) {
                isInString = true;
            } else if (stop & openings) {
                depth++;
            } else if (depth > 0) {
                depth--;
            } else {
                *lineFeedCount = lineCount + static_cast<size_t>(__builtin_popcountll(lineFeeds & (stop - 1)));
                return offset + static_cast<size_t>(place);
            }
        }
        lineCount += static_cast<size_t>(__builtin_popcountll(lineFeeds));
    }
    *lineFeedCount = lineCount;
    return byteCount;
}
