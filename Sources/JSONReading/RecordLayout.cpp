#include "RecordLayout.h"

#include "JSONGrammar.h"
#include "NumberArray.h"

#include <algorithm>

namespace json_reading {

namespace {

/// Returns the end of a string, after its quote. Returns null for a string that simdjson's first stage refuses, since it has control
/// characters or is not UTF-8. Up to 15 bytes after the end are read.
inline const char *stringEnd(const char *token, const char *end, bool &hasEscapes) {
    hasEscapes = false;
    bool isASCII = true;
    const char *next = token + 1;
    while (next < end) {
        const xent::Block block(reinterpret_cast<const uint8_t *>(next));
        isASCII = isASCII && block.notASCII() == 0;
        const unsigned stops = block.equal('"', '\\') | block.atMost(0x1F);
        if (stops == 0) {
            next += xent::Block::byteCount;
            continue;
        }
        next += xent::lowestBit(stops);
        if (next >= end) return nullptr;
        if (*next == '"') return isASCII || simdjson::validate_utf8(token, size_t(next - token)) ? next + 1 : nullptr;
        if (*next != '\\') return nullptr;
        hasEscapes = true;
        // An escaped byte may be a quote, but no control character.
        if (++next < end && uint8_t(*next) < 0x20) return nullptr;
        if (next < end && uint8_t(*next) >= 0x80) isASCII = false;
        next++;
    }
    return nullptr;
}

/// Returns the end of a number or a word; null if none begins here.
inline const char *bareEnd(const char *token, const char *end) {
    const char *next = token;
    while (next < end && (isDigit(*next) || uint8_t((*next | 0x20) - 'a') < 26 || *next == '.' || *next == '-' || *next == '+')) next++;
    return next == token ? nullptr : next;
}

inline const char *scalarEnd(const char *token, const char *end) {
    bool hasEscapes;
    return *token == '"' ? stringEnd(token, end, hasEscapes) : bareEnd(token, end);
}

/// Returns the end of a string, a number or a word that JSON has; null for anything else.
inline const char *validScalarEnd(const char *token, const char *end) {
    if (*token != '"') return validBareEnd(token, end);
    bool hasEscapes;
    const char *const after = stringEnd(token, end, hasEscapes);
    return after && (!hasEscapes || hasValidEscapes(token + 1, after - 1)) ? after : nullptr;
}

/// Parses digits with a minus sign or without, as JSON has them. Returns their end; null if there are none, or too many.
inline const char *parseClassIndex(const char *token, const char *end, int64_t &index) {
    const bool isNegative = *token == '-';
    const char *const first = token + isNegative;
    const char *next = first;
    int64_t magnitude = 0;
    while (next < end && next - first < 18 && isDigit(*next)) magnitude = magnitude * 10 + (*next++ - '0');
    if (next == first || (*first == '0' && next > first + 1)) return nullptr;
    index = isNegative ? -magnitude : magnitude;
    return next;
}

inline const char *pastSpaces(const char *next, const char *end) {
    while (next < end && isSpace(*next)) next++;
    return next;
}

}  // namespace

void RecordLayout::add(const char *partBegin, const char *partEnd, Value value, SlotIndex slot) {
    parts.push_back({bytes.size(), size_t(partEnd - partBegin), value, slot});
    bytes.append(partBegin, partEnd);
}

void RecordLayout::learn(const char *text, const char *end, const RecordAutomaton &automaton) {
    RecordLayout learnt;
    const char *partBegin = text;
    const char *next = pastSpaces(text, end);
    // A record that is an array has no keys.
    if (next == end || *next != '{') return;
    next = learnt.learnObject(next, end, partBegin, automaton, automaton.states.front());
    if (!next || pastSpaces(next, end) != end) return;
    learnt.add(partBegin, end, Value::none, 0);
    *this = std::move(learnt);
}

/// Learns from an object. Returns its end; null if it has no layout.
const char *RecordLayout::learnObject(
    const char *next, const char *end, const char *&partBegin, const RecordAutomaton &automaton, const State &state
) {
    if (!state.givenKeys.empty() || state.otherMembers != noState) return nullptr;
    next = pastSpaces(next + 1, end);
    if (next < end && *next == '}') return next + 1;
    while (next < end && *next == '"') {
        bool hasEscapes;
        const char *const keyEnd = stringEnd(next, end, hasEscapes);
        if (!keyEnd || hasEscapes) return nullptr;
        const std::string_view key(next + 1, size_t(keyEnd - next - 2));
        auto child = state.keys.end();
        if (state.keyPlaces.empty()) {
            child = std::find_if(state.keys.begin(), state.keys.end(), [&](const KeyChild &child) { return child.key == key; });
        } else if (const auto found = state.keyPlaces.find(key); found != state.keyPlaces.end()) {
            child = state.keys.begin() + found->second;
        }
        next = pastSpaces(keyEnd, end);
        if (next == end || *next != ':') return nullptr;
        next = pastSpaces(next + 1, end);
        if (next == end) return nullptr;

        if (child == state.keys.end()) {
            if (*next == '{' || *next == '[') return nullptr;
            add(partBegin, next, Value::skipped, 0);
            next = scalarEnd(next, end);
            partBegin = next;
        } else if (const State &wanted = automaton.states[child->next]; wanted.leaves.empty() && *next == '{') {
            next = learnObject(next, end, partBegin, automaton, wanted);
        } else if (wanted.slots.size() == 1 && wanted.leaves.size() == 1) {
            const SlotIndex slot = wanted.slots.front();
            const int32_t wants = automaton.paths[slot].wants;
            if (isCount(wants) || wants == JSONWantsPlaces || *next == '{') return nullptr;
            if (wants == JSONWantsIdentifier && *next == '[') return nullptr;
            add(
                partBegin, next,
                wants == JSONWantsClass           ? Value::classIndex
                    : wants == JSONWantsIdentifier ? Value::identifier
                                                   : Value::numbers,
                slot);
            if (*next == '[') {
                // There are no brackets inside, or it would not be read as a plain array.
                next = std::find(next, end, ']');
                if (next < end) next++;
            } else {
                next = scalarEnd(next, end);
            }
            partBegin = next;
        } else {
            return nullptr;
        }
        if (!next) return nullptr;

        next = pastSpaces(next, end);
        if (next == end) return nullptr;
        if (*next == '}') return next + 1;
        if (*next != ',') return nullptr;
        next = pastSpaces(next + 1, end);
    }
    return nullptr;
}

bool RecordLayout::read(const char *text, const char *end, const RecordAutomaton &automaton, JSONSlot *slots) const {
    const char *next = text;
    for (const Part &part : parts) {
        if (size_t(end - next) < part.byteCount || memcmp(next, bytes.data() + part.byteOffset, part.byteCount) != 0) return false;
        next += part.byteCount;
        if (part.value == Value::none) return next == end;
        if (next == end) return false;
        switch (part.value) {
        case Value::skipped:
            next = validScalarEnd(next, end);
            break;
        case Value::numbers:
            if (*next == '[') {
                next = readNumberArray(next, text, end, slots[part.slot]);
            } else {
                double number;
                next = parseNumberPrefix(next, end, number);
                if (next) store(slots[part.slot], number);
            }
            break;
        case Value::classIndex:
            if (const Path &path = automaton.paths[part.slot]; *next == '"' || path.labelsAreNames) {
                const bool isText = *next == '"';
                bool hasEscapes = false;
                double number;
                const char *const after = isText ? stringEnd(next, end, hasEscapes) : parseNumberPrefix(next, end, number);
                if (!after || hasEscapes) return false;
                const auto found = path.classes.find(std::string_view(next + isText, size_t(after - next) - 2 * isText));
                if (found == path.classes.end()) return false;
                slots[part.slot].integer = found->second;
                next = after;
            } else {
                next = parseClassIndex(next, end, slots[part.slot].integer);
            }
            slots[part.slot].count = 1;
            break;
        case Value::identifier: {
            const char *const first = next;
            const bool isText = *next == '"';
            bool hasEscapes = false;
            next = isText ? stringEnd(next, end, hasEscapes) : scalarEnd(next, end);
            if (!next || hasEscapes) return false;
            const bool isMissing = !isText && isWord(first, end, "null");
            slots[part.slot].integer =
                identifier(isMissing ? std::string_view() : std::string_view(first + isText, size_t(next - first) - 2 * isText));
            slots[part.slot].count = 1;
            break;
        }
        case Value::none: break;
        }
        if (!next) return false;
    }
    return false;
}

}  // namespace json_reading
