// The ends of records in a table.
#include "ByteMask.h"
#include "TableReading.h"

using namespace xent;

namespace {

/// A pass over a text by 64 bytes. A line feed outside of quotes ends a record; a quote at the beginning of a field opens a quoted field.
struct Measure {
    const uint8_t *const text;
    const size_t byteCount;
    const uint8_t delimiter;
    /// The number of rows. A blank line is subtracted at its beginning and added with its line feed, so this may be below 0 in between.
    ptrdiff_t rowCount = 0;
    size_t lineCount = 0;
    /// The end of the last whole record or blank line, and the number of lines up to it.
    size_t recordEnd = 0;
    size_t lineCountAtRecordEnd = 0;
    bool isInQuotes = false;
    /// The place of the second of two quotes.
    size_t doubledQuote = SIZE_MAX;

    bool isBlank(size_t offset, bool isEnd = false) const {
        const uint8_t *lineEnd;
        return offset < byteCount && isBlankLine(text + offset, text + byteCount, delimiter, isEnd, &lineEnd);
    }

    /// Handles 64 bytes without quotes.
    void endRecords(size_t offset, uint64_t lineFeeds) {
        uint64_t starts = lineFeeds << 1 | (recordEnd == offset ? 1 : 0);
        if (starts != 0) starts &= mask64(text + offset, [](const Block &block) { return block.atMost(' '); });
        for (; starts != 0; starts &= starts - 1) {
            if (isBlank(offset + static_cast<size_t>(lowestBit(starts)))) rowCount--;
        }
        if (lineFeeds != 0) {
            const size_t count = static_cast<size_t>(__builtin_popcountll(lineFeeds));
            rowCount += static_cast<ptrdiff_t>(count);
            lineCount += count;
            recordEnd = offset + 64 - static_cast<size_t>(__builtin_clzll(lineFeeds));
            lineCountAtRecordEnd = lineCount;
        }
    }

    /// Handles 64 bytes that have quotes, or begin within them.
    void step(size_t offset, uint64_t lineFeeds, uint64_t quotes) {
        if (recordEnd == offset && isBlank(offset)) rowCount--;
        for (uint64_t events = lineFeeds | quotes; events != 0; events &= events - 1) {
            const int bit = lowestBit(events);
            const size_t place = offset + static_cast<size_t>(bit);
            if (lineFeeds >> bit & 1) {
                lineCount++;
                if (isInQuotes) continue;
                rowCount++;
                recordEnd = place + 1;
                lineCountAtRecordEnd = lineCount;
                if (recordEnd < offset + 64 && isBlank(recordEnd)) rowCount--;
            } else if (!isInQuotes) {
                isInQuotes = place == recordEnd || text[place - 1] == delimiter || (delimiter == ' ' && text[place - 1] == '\t');
            } else if (place == doubledQuote) {
                doubledQuote = SIZE_MAX;
            } else if (place + 1 < byteCount && text[place + 1] == '"') {
                doubledQuote = place + 1;
            } else {
                isInQuotes = false;
            }
        }
    }

    XentTableExtent finish(bool isEnd) {
        if (isEnd && recordEnd < byteCount) {
            if (!isBlank(recordEnd, true)) rowCount++;
            if (text[byteCount - 1] != '\n') lineCount++;
            recordEnd = byteCount;
            lineCountAtRecordEnd = lineCount;
        }
        return {recordEnd, static_cast<size_t>(rowCount), lineCountAtRecordEnd};
    }
};

} // namespace

XentTableExtent xentMeasureTable(
    const uint8_t *text, size_t byteCount, uint8_t delimiter, bool isEnd, bool assumesNoLineFeedsInRecords) {
    Measure measure{text, byteCount, delimiter};
    for (size_t offset = 0; offset < byteCount; offset += 64) {
        const uint8_t *bytes = text + offset;
        const uint64_t within = byteCount - offset < 64 ? (uint64_t(1) << (byteCount - offset)) - 1 : ~uint64_t(0);
        const uint64_t lineFeeds = within & mask64(bytes, [](const Block &block) { return block.equal('\n'); });
        const uint64_t quotes =
            assumesNoLineFeedsInRecords ? 0 : within & mask64(bytes, [](const Block &block) { return block.equal('"'); });
        if (quotes == 0 && !measure.isInQuotes) {
            measure.endRecords(offset, lineFeeds);
        } else {
            measure.step(offset, lineFeeds, quotes);
        }
    }
    return measure.finish(isEnd);
}
