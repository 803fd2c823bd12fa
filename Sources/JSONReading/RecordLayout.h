// Records that are written alike.
#ifndef XENT_RECORD_LAYOUT_H
#define XENT_RECORD_LAYOUT_H

#include "RecordAutomaton.h"

#include <string>
#include <vector>

namespace json_reading {

/// What stands between the values of a record: its brackets, keys, colons, commas and spaces, byte for byte.
///
/// What writes a log writes all of it in one way, mostly. Where a record has the layout of one that was read and found good, its keys need
/// not be read: it is enough that these bytes are the same and that the values between are as usual. Whatever is not is read by simdjson,
/// which also says what is wrong; a layout only ever takes what simdjson would take, and with the same values. Arrays and objects that are
/// not wanted have no layout, nor has what `*` or a place in an array leads to.
class RecordLayout {
public:
    bool isEmpty() const { return parts.empty(); }

    /// Learns from a record that was read without defects and faults; not where it has no layout.
    void learn(const char *text, const char *end, const RecordAutomaton &automaton);

    /// Reads a record, which is followed by JSONPaddingByteCount readable bytes, into slots that are empty. Returns false where it has
    /// another layout or an unusual value; the slots then hold anything.
    bool read(const char *text, const char *end, const RecordAutomaton &automaton, JSONSlot *slots) const;

private:
    enum class Value : uint8_t {
        /// Anything but an object or an array.
        skipped,
        /// A number or an array of numbers.
        numbers,
        /// A whole number or a name.
        classIndex,
        /// The record's end.
        none
    };

    /// Bytes that are always the same, and the value after them.
    struct Part {
        size_t byteOffset;
        size_t byteCount;
        Value value;
        SlotIndex slot;
    };

    /// Of all parts.
    std::string bytes;
    std::vector<Part> parts;

    const char *learnObject(
        const char *next, const char *end, const char *&partBegin, const RecordAutomaton &automaton, const State &state);
    void add(const char *partBegin, const char *partEnd, Value value, SlotIndex slot);
};

}  // namespace json_reading

#endif
