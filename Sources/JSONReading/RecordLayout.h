// Records that are written alike.
#ifndef XENT_RECORD_LAYOUT_H
#define XENT_RECORD_LAYOUT_H

#include "RecordAutomaton.h"

#include <string>
#include <vector>

namespace json_reading {

/// The text between the values of a record: its brackets, keys, colons, commas and spaces, byte for byte.
///
/// A program mostly writes all records of a log alike. If a record has the layout of an earlier one that was read without a fault, its keys
/// need not be read: these bytes are the same, and the values between them are of the usual kinds. simdjson reads all other records, and
/// reports their defects. A layout takes only records that simdjson would take, and gives the same values. Records with arrays and objects
/// that are not wanted have no layout, nor have those with a path through `*`, an index or a key
/// that the record gives.
class RecordLayout {
public:
    bool isEmpty() const { return parts.empty(); }

    /// Learns from a record that was read without defects and faults. Nothing is learnt from a record that has no layout.
    void learn(const char *text, const char *end, const RecordAutomaton &automaton);

    /// Reads a record, which JSONPaddingByteCount readable bytes follow, into empty slots. Returns false if it has another layout or an
    /// unusual value; the content of the slots is then unspecified.
    bool read(const char *text, const char *end, const RecordAutomaton &automaton, JSONSlot *slots) const;

private:
    enum class Value : uint8_t {
        /// Any value but an object or an array, not wanted.
        skipped,
        /// A number or an array of numbers.
        numbers,
        /// A whole number or a name.
        classIndex,
        /// An identifier of the row, of any scalar kind.
        identifier,
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

    /// The bytes of all parts.
    std::string bytes;
    std::vector<Part> parts;

    const char *learnObject(
        const char *next, const char *end, const char *&partBegin, const RecordAutomaton &automaton, const State &state);
    void add(const char *partBegin, const char *partEnd, Value value, SlotIndex slot);
};

}  // namespace json_reading

#endif
