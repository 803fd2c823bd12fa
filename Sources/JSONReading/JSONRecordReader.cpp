// A reader for records by paths.
#include "JSONDefect.h"
#include "JSONGrammar.h"
#include "NumberArray.h"
#include "RecordAutomaton.h"
#include "RecordLayout.h"

#include <algorithm>
#include <optional>

using namespace json_reading;
namespace ondemand = simdjson::ondemand;

namespace {

/// The texts that a path to keys has led to in a record.
struct GivenKeys {
    /// A text for each element; none for a null.
    std::vector<std::optional<std::string>> texts;
    /// True if they are elements of an array, and not one key for all.
    bool isList = false;
};

}  // namespace

struct JSONRecordReader {
    ondemand::parser parser;
    RecordAutomaton automaton;
    /// The paths to keys that other paths take from the record.
    RecordAutomaton keyAutomaton;
    std::vector<JSONSlot> keySlots;
    std::vector<GivenKeys> givenKeys;
    RecordLayout layout;
    size_t defectOffset = 0;
    /// Records in turn that did not fit the layout, and records still to be read without trying one.
    unsigned missCount = 0, pauseCount = 0;
    uint64_t layoutCount = 0;
};

namespace {

/// Returns true if paths go on through members of an object.
inline bool looksIntoObjects(const State &state) {
    return !state.keys.empty() || !state.givenKeys.empty() || state.otherMembers != noState;
}

/// The reading of one record.
class Reading {
public:
    Reading(RecordAutomaton &automaton, std::vector<GivenKeys> &givenKeys, const char *text, const char *end, JSONSlot *slots)
        : automaton(automaton), givenKeys(givenKeys), text(text), end(end), slots(slots) {}

    bool hasFaults = false;

    int32_t object(ondemand::object object, const char *token, State &state, unsigned depth);
    int32_t array(ondemand::array array, const char *token, State &state, unsigned depth);

    /// Records the first fault of a slot.
    void fault(SlotIndex slot, int32_t fault, unsigned depth, const char *found) {
        JSONSlot &place = slots[slot];
        hasFaults = true;
        if (place.fault != JSONFaultNone) return;
        place.fault = fault;
        place.stepCount = uint32_t(std::min<size_t>(depth, automaton.paths[slot].steps.size()));
        place.found = found;
        const char *after = *found == '{' || *found == '[' ? std::min(end, found + 64) : tokenEnd(found, end);
        place.foundByteCount = size_t(after - found);
    }

private:
    RecordAutomaton &automaton;
    /// The keys that the record gives: written by the paths to keys, and read by all other paths.
    std::vector<GivenKeys> &givenKeys;
    const char *const text, *const end;
    JSONSlot *const slots;
    /// The index in each array around the current value, by the array's depth; `isObject` for an object.
    size_t indices[JSONDepthLimit + 1] = {};
    static constexpr size_t isObject = SIZE_MAX;

    int32_t value(ondemand::value value, State &state, unsigned depth, bool isElement);
    int32_t unwanted(ondemand::value value);
    void scalar(ondemand::value &value, const char *token, const State &state, unsigned depth, bool isElement);
    void number(ondemand::value &value, const char *token, SlotIndex slot, unsigned depth, bool isElement);
    int32_t classIndex(const char *token, std::string_view text, bool isText, const Path &path, int64_t &index);
    KeyChild *child(State &state, size_t &cursor, ondemand::field &field);
    KeyChild *child(State &state, size_t &cursor, std::string_view key);
    StateIndex givenKey(
        State &state, std::string_view key, bool isText, uint64_t visit, StateIndex next, unsigned depth, const char *token);
    void checkGivenKeys(const State &state, uint64_t visit, unsigned depth, const char *token);
    bool leavesOutNull(SlotIndex slot, unsigned depth, bool isElement) const;
    void nullFault(SlotIndex slot, unsigned depth, bool isElement, const char *token);
};

/// Returns the text of a string without escapes, and false for one with escapes.
inline bool plainText(const char *token, const char *end, std::string_view &text) {
    for (const char *byte = token + 1; byte < end; byte++) {
        if (*byte == '\\') return false;
        if (*byte == '"') {
            text = std::string_view(token + 1, size_t(byte - token - 1));
            return true;
        }
    }
    return false;
}

/// Parses digits with a minus sign or without. Returns false for any other text.
inline bool parseInteger(std::string_view text, int64_t &integer, bool &isInRange) {
    const bool isNegative = !text.empty() && text.front() == '-';
    if (isNegative) text.remove_prefix(1);
    if (text.empty()) return false;
    // Downwards, where Int64 has one more.
    int64_t sum = 0;
    isInRange = true;
    for (const char digit : text) {
        if (!isDigit(digit)) return false;
        if (__builtin_mul_overflow(sum, int64_t(10), &sum) || __builtin_sub_overflow(sum, int64_t(digit - '0'), &sum)) isInRange = false;
    }
    if (!isNegative && __builtin_sub_overflow(int64_t(0), sum, &sum)) isInRange = false;
    integer = sum;
    return true;
}

/// Converts a whole number that was written with a point or an exponent.
inline int32_t wholeNumber(double number, int64_t &integer) {
    if (!(number == __builtin_trunc(number)) || __builtin_isinf(number)) return JSONFaultFraction;
    if (!(number >= -0x1p63 && number < 0x1p63)) return JSONFaultRange;
    integer = int64_t(number);
    return JSONFaultNone;
}

int32_t Reading::classIndex(const char *token, std::string_view text, bool isText, const Path &path, int64_t &index) {
    const auto isName = [&path, &index](std::string_view text) {
        const auto found = path.classes.find(text);
        if (found == path.classes.end()) return false;
        index = found->second;
        return true;
    };
    double number;
    if (!isText && path.labelsAreNames && !parseNumber(token, end, number)) return JSONFaultToken;
    if ((isText || path.labelsAreNames) && isName(text)) return JSONFaultNone;
    if (isText) {
        while (!text.empty() && isSpace(text.front())) text.remove_prefix(1);
        while (!text.empty() && isSpace(text.back())) text.remove_suffix(1);
    }
    if (path.labelsAreNames) {
        // 2.0 is the class of the name 2. A number below 0 is no class; it may be the label to ignore.
        const bool isWhole = (!isText || parseWholeText(text, number))
            && wholeNumber(number, index) == JSONFaultNone && (isName(std::to_string(index)) || index < 0);
        return isWhole ? JSONFaultNone : JSONFaultText;
    }
    // JSON has no leading zeros; parseNumber refuses them in a bare number.
    const size_t sign = !text.empty() && text.front() == '-';
    const bool hasLeadingZero = text.size() > sign + 1 && text[sign] == '0';
    bool isInRange;
    if ((isText || !hasLeadingZero) && parseInteger(text, index, isInRange)) return isInRange ? JSONFaultNone : JSONFaultRange;
    if (isText) {
        if (!parseWholeText(text, number)) return JSONFaultText;
    } else if (!parseNumber(token, end, number) && !parseNonFinite(token, end, number)) {
        return JSONFaultToken;
    }
    return wholeNumber(number, index);
}

inline void Reading::number(ondemand::value &value, const char *token, SlotIndex slot, unsigned depth, bool isElement) {
    const Path &path = automaton.paths[slot];
    double number;
    switch (*token) {
    case '"': {
        // The usual case, without a copy: the quote ends the number.
        const char *first = token + 1;
        if (first < end && (isDigit(*first) || *first == '-')) {
            const char *after = parseDecimal(first, end, number);
            if (after && after < end && *after == '"') return store(slots[slot], number);
        }
        std::string_view text;
        if (!plainText(token, end, text) && value.get_string().get(text)) return fault(slot, JSONFaultEscape, depth, token);
        if (!parseWholeText(text, number)) return fault(slot, JSONFaultText, depth, token);
        return store(slots[slot], number);
    }
    case 't': case 'f':
        if (!isWord(token, end, "true") && !isWord(token, end, "false")) return fault(slot, JSONFaultToken, depth, token);
        if (!path.takesBooleans) return fault(slot, JSONFaultBoolean, depth, token);
        return store(slots[slot], *token == 't' ? 1 : 0);
    case 'n':
        if (!isWord(token, end, "null")) return fault(slot, JSONFaultToken, depth, token);
        if (!leavesOutNull(slot, depth, isElement)) nullFault(slot, depth, isElement, token);
        return;
    default:
        if (!parseNumber(token, end, number) && !parseNonFinite(token, end, number)) return fault(slot, JSONFaultToken, depth, token);
        return store(slots[slot], number);
    }
}

void Reading::scalar(ondemand::value &value, const char *token, const State &state, unsigned depth, bool isElement) {
    for (const SlotIndex slot : state.lostInScalar) {
        // The element is unknown: the first token of a prompt has no log-probability.
        if (isElement && isWord(token, end, "null")) {
            if (!leavesOutNull(slot, depth, isElement)) nullFault(slot, depth, isElement, token);
            continue;
        }
        fault(slot, *token == 'n' ? JSONFaultNull : JSONFaultDeadEnd, depth, token);
    }
    // simdjson's buffer has room for each string once.
    std::string_view text;
    bool isTextRead = false, isTextBad = false;
    for (const SlotIndex slot : state.leaves) {
        const Path &path = automaton.paths[slot];
        if (path.wants == JSONWantsNumbers && *token != '"') {
            number(value, token, slot, depth, isElement);
            continue;
        }
        if (*token == '"' && !isTextRead) {
            isTextRead = true;
            isTextBad = !plainText(token, end, text) && value.get_string().get(text);
        }
        if (*token == '"' && isTextBad) {
            fault(slot, JSONFaultEscape, depth, token);
            continue;
        }
        if (path.wants == JSONWantsIdentifier) {
            const char *const last = tokenEnd(token, end);
            const std::string_view written = *token == '"' ? text : std::string_view(token, size_t(last - token));
            const bool isMissing = isWord(token, end, "null");
            slots[slot].integer = identifier(isMissing ? std::string_view() : written);
            slots[slot].count++;
            continue;
        }
        if (path.wants == JSONWantsPlaces) {
            if (isWord(token, end, "null")) {
                fault(slot, JSONFaultNull, depth, token);
                continue;
            }
            const char *const last = tokenEnd(token, end);
            const auto place = path.classes.find(*token == '"' ? text : std::string_view(token, size_t(last - token)));
            if (place == path.classes.end() && slots[slot].integer++ == 0) {
                slots[slot].found = token;
                slots[slot].foundByteCount = size_t(last - token);
            }
            store(slots[slot], place == path.classes.end() ? -1 : double(place->second));
            continue;
        }
        if (path.wants == wantsKeys) {
            GivenKeys &keys = givenKeys[slot];
            keys.isList = keys.isList || isElement || path.lastEveryElement >= 0;
            if (isWord(token, end, "null")) {
                keys.texts.emplace_back();
            } else {
                keys.texts.emplace_back(*token == '"' ? text : std::string_view(token, size_t(tokenEnd(token, end) - token)));
            }
            continue;
        }
        int32_t found = JSONFaultNone;
        int64_t integer = 0;
        double number = 0;
        switch (*token) {
        case 't': case 'f':
            found = !isWord(token, end, "true") && !isWord(token, end, "false") ? JSONFaultToken
                : isCount(path.wants)                                           ? JSONFaultBoolean
                                                                                : JSONFaultNone;
            if (path.labelsAreNames && found == JSONFaultNone) found = JSONFaultText;
            integer = *token == 't';
            break;
        case 'n': found = isWord(token, end, "null") ? JSONFaultNull : JSONFaultToken; break;
        case '"':
            if (path.wants == JSONWantsNumbers) {
                found = parseWholeText(text, number) ? JSONFaultNone : JSONFaultText;
            } else if (path.wants == JSONWantsByteCount) {
                integer = int64_t(text.size());
            } else if (path.wants == JSONWantsWordCount) {
                integer = int64_t(xent::wordCount(reinterpret_cast<const uint8_t *>(text.data()), text.size()));
            } else {
                found = classIndex(token, text, true, path, integer);
                if (found == JSONFaultNone && path.wants == JSONWantsCount && integer < 0) found = JSONFaultRange;
            }
            break;
        default:
            found = classIndex(token, std::string_view(token, size_t(tokenEnd(token, end) - token)), false, path, integer);
            if (found == JSONFaultNone && isCount(path.wants) && integer < 0) found = JSONFaultRange;
            // The byte counts that stand in the place of texts say nothing of words.
            if (found == JSONFaultNone && path.wants == JSONWantsWordCount) {
                slots[slot].integer = INT64_MIN;
                slots[slot].count++;
                continue;
            }
        }
        if (found != JSONFaultNone) {
            fault(slot, found, depth, token);
        } else if (path.wants == JSONWantsNumbers) {
            store(slots[slot], number);
        } else {
            if (path.wants == JSONWantsClass) {
                slots[slot].integer = integer;
            } else if (path.wants == JSONWantsWordCount && slots[slot].integer < 0) {
                // Not known.
            } else if (__builtin_add_overflow(slots[slot].integer, integer, &slots[slot].integer)) {
                fault(slot, JSONFaultRange, depth, token);
            }
            slots[slot].count++;
        }
    }
}

__attribute__((noinline)) int32_t Reading::value(ondemand::value value, State &state, unsigned depth, bool isElement) {
    const char *token = value.raw_json_token().data();
    switch (*token) {
    case '{': {
        for (const SlotIndex slot : state.leaves) fault(slot, JSONFaultObject, depth, token);
        if (!looksIntoObjects(state)) return JSONDefectNone;
        if (depth >= JSONDepthLimit) return JSONDefectDepth;
        ondemand::object object;
        if (const auto error = value.get_object().get(object)) return defect(error);
        return this->object(object, token, state, depth);
    }
    case '[': {
        if (depth >= JSONDepthLimit) return JSONDefectDepth;
        // The caller skips the value, which simdjson was not asked for.
        if (state.isNumbers && readNumberArray(token, text, end, slots[state.leaves.front()])) return JSONDefectNone;
        ondemand::array array;
        if (const auto error = value.get_array().get(array)) return defect(error);
        return this->array(array, token, state, depth);
    }
    case ']': case '}': case ',': case ':': return JSONDefectSyntax;
    default:
        if (state.isNumbers) {
            number(value, token, state.leaves.front(), depth, isElement);
        } else {
            scalar(value, token, state, depth, isElement);
        }
        return JSONDefectNone;
    }
}

/// Checks the grammar of a single value that no path leads to. simdjson passes over it unseen. Arrays and objects are left to it: it finds
/// their ends by brackets and quotes, and to look at all that is in them would take a fifth more time of records with such values.
inline int32_t Reading::unwanted(ondemand::value value) {
    const std::string_view raw = value.raw_json_token();
    const char *const token = raw.data();
    switch (*token) {
    case '{': case '[': return JSONDefectNone;
    case '"': {
        // The token goes on to the next one. Its last quote is the string's end: the first stage has found each string closed.
        const size_t last = raw.rfind('"');
        return last > 0 && hasValidEscapes(token + 1, token + last) ? JSONDefectNone : JSONDefectSyntax;
    }
    default: return validBareEnd(token, end) ? JSONDefectNone : JSONDefectSyntax;
    }
}

int32_t Reading::array(ondemand::array array, const char *token, State &state, unsigned depth) {
    for (const SlotIndex slot : state.leaves) {
        const int32_t wants = automaton.paths[slot].wants;
        if (wants == JSONWantsClass || wants == JSONWantsIdentifier) fault(slot, JSONFaultArray, depth, token);
        if (wants == wantsKeys) givenKeys[slot].isList = true;
    }
    for (const SlotIndex slot : state.lostInArray) fault(slot, JSONFaultDeadEnd, depth, token);
    size_t index = 0;
    auto named = state.elements.cbegin();
    for (auto element : array) {
        ondemand::value value;
        if (const auto error = std::move(element).get(value)) return defect(error);
        StateIndex next = state.otherElements;
        if (named != state.elements.cend() && named->index == index) {
            next = named->next;
            ++named;
        }
        indices[depth] = index++;
        if (next != noState) {
            if (const auto found = this->value(value, automaton.states[next], depth + 1, true)) return found;
        } else if (const auto found = unwanted(value)) {
            return found;
        }
    }
    if (index > 1) {
        for (const SlotIndex slot : state.throughChoices) fault(slot, JSONFaultChoices, depth, token);
    }
    for (const auto &[slot, keyPath] : state.throughKeyed) {
        const GivenKeys &keys = givenKeys[keyPath];
        if (keys.isList && keys.texts.size() != index) fault(slot, JSONFaultKeyCount, depth, token);
    }
    for (; named != state.elements.cend(); ++named) {
        for (const SlotIndex slot : named->slots) fault(slot, JSONFaultNoElement, depth, token);
    }
    return JSONDefectNone;
}

/// Returns true if a null is no fault: the first element of an array of log-probabilities, or a value under it. The first token of a prompt
/// has none.
bool Reading::leavesOutNull(SlotIndex slot, unsigned depth, bool isElement) const {
    const Path &path = automaton.paths[slot];
    if (!path.addsUp) return false;
    // A path that has ended takes arrays of arrays; otherwise the last step through every element of an array is what counts.
    if (isElement && depth > path.steps.size()) return indices[depth - 1] == 0;
    for (size_t step = std::min<size_t>(depth, path.steps.size()); step-- > 0;) {
        if (path.steps[step].isEveryElement && indices[step] != isObject) return indices[step] == 0;
    }
    return false;
}

void Reading::nullFault(SlotIndex slot, unsigned depth, bool isElement, const char *token) {
    const Path &path = automaton.paths[slot];
    const bool isLater = path.addsUp && (path.lastEveryElement >= 0 || (isElement && depth > path.steps.size()));
    fault(slot, isLater ? JSONFaultLaterNull : JSONFaultNull, depth, token);
}

/// Finds a field's key among the wanted ones. Returns null for any other key.
KeyChild *Reading::child(State &state, size_t &cursor, ondemand::field &field) {
    if (state.keys.empty()) return nullptr;
    const char *key = field.key().raw();
    // Mostly the one after the last.
    KeyChild &expected = state.keys[cursor < state.keys.size() ? cursor : 0];
    const size_t length = expected.key.size();
    std::string_view text;
    if (size_t(end - key) > length && key[length] == '"' && memcmp(key, expected.key.data(), length) == 0
        && memchr(key, '\\', length) == nullptr) {
        cursor = size_t(&expected - state.keys.data()) + 1;
        return &expected;
    }
    // A key with wrong escapes is not wanted.
    if (!plainText(key - 1, end, text) && field.unescaped_key().get(text)) return nullptr;
    return child(state, cursor, text);
}

/// Finds a key among the wanted ones. Returns null for any other key.
KeyChild *Reading::child(State &state, size_t &cursor, std::string_view text) {
    if (state.keyPlaces.empty()) {
        for (KeyChild &child : state.keys) {
            if (child.key != text) continue;
            cursor = size_t(&child - state.keys.data()) + 1;
            return &child;
        }
        return nullptr;
    }
    const auto found = state.keyPlaces.find(text);
    if (found == state.keyPlaces.end()) return nullptr;
    cursor = found->second + 1;
    return &state.keys[found->second];
}

/// Returns the state of a member whose key may be one that the record gives: `next`, or that of the given key.
StateIndex Reading::givenKey(
    State &state, std::string_view key, bool isText, uint64_t visit, StateIndex next, unsigned depth, const char *token
) {
    for (GivenKeyChild &child : state.givenKeys) {
        const GivenKeys &keys = givenKeys[child.keyPath];
        const size_t index = keys.isList && child.arrayDepth >= 0 ? indices[child.arrayDepth] : 0;
        // Without an array to go with there is one key.
        if (child.arrayDepth < 0 && keys.texts.size() != 1) continue;
        if (!isText || index >= keys.texts.size() || !keys.texts[index] || *keys.texts[index] != key) continue;
        // A value is read once: it cannot be what two ways of naming mean.
        if (child.visit == visit || next != noState) {
            for (const SlotIndex slot : automaton.states[child.next].slots) fault(slot, JSONFaultDuplicateKey, depth + 1, token);
        } else {
            next = child.next;
        }
        child.visit = visit;
    }
    return next;
}

/// Records the faults of given keys that are not in an object.
void Reading::checkGivenKeys(const State &state, uint64_t visit, unsigned depth, const char *token) {
    for (const GivenKeyChild &child : state.givenKeys) {
        if (child.visit == visit) continue;
        const GivenKeys &keys = givenKeys[child.keyPath];
        const size_t index = keys.isList && child.arrayDepth >= 0 ? indices[child.arrayDepth] : 0;
        const bool isKnown = index < keys.texts.size() && keys.texts[index] && (child.arrayDepth >= 0 || keys.texts.size() == 1);
        for (const SlotIndex slot : automaton.states[child.next].slots) {
            fault(slot, isKnown ? JSONFaultNoKey : JSONFaultKeySource, depth, token);
        }
    }
}

int32_t Reading::object(ondemand::object object, const char *token, State &state, unsigned depth) {
    const uint64_t visit = ++automaton.visitCount;
    size_t cursor = 0, metCount = 0, memberCount = 0;
    indices[depth] = isObject;
    for (auto entry : object) {
        ondemand::field field;
        if (const auto error = std::move(entry).get(field)) return defect(error);
        memberCount++;
        KeyChild *child;
        StateIndex next = noState;
        if (state.givenKeys.empty()) {
            child = this->child(state, cursor, field);
        } else {
            std::string_view key;
            const bool isText = plainText(field.key().raw() - 1, end, key) || !field.unescaped_key().get(key);
            child = isText && !state.keys.empty() ? this->child(state, cursor, key) : nullptr;
            next = givenKey(state, key, isText, visit, child ? child->next : state.otherMembers, depth, token);
        }
        if (!child) {
            if (next == noState) next = state.otherMembers;
            if (next == noState) {
                if (const auto found = unwanted(field.value())) return found;
            } else if (const auto found = value(field.value(), automaton.states[next], depth + 1, false)) {
                return found;
            }
            continue;
        }
        if (child->visit == visit) {
            for (const SlotIndex slot : automaton.states[child->next].slots) fault(slot, JSONFaultDuplicateKey, depth + 1, token);
            continue;
        }
        child->visit = visit;
        metCount++;
        if (const auto found = value(field.value(), automaton.states[child->next], depth + 1, false)) return found;
    }
    if (memberCount != 1) {
        for (const SlotIndex slot : state.throughEvery) fault(slot, JSONFaultMembers, depth, token);
    }
    if (!state.givenKeys.empty()) checkGivenKeys(state, visit, depth, token);
    if (metCount == state.keys.size()) return JSONDefectNone;
    for (const KeyChild &child : state.keys) {
        if (child.visit == visit) continue;
        for (const SlotIndex slot : automaton.states[child.next].slots) fault(slot, JSONFaultNoKey, depth, token);
    }
    return JSONDefectNone;
}

}  // namespace

JSONRecordReader *jsonRecordReaderMake(void) { return new JSONRecordReader; }

void jsonRecordReaderFree(JSONRecordReader *reader) { delete reader; }

namespace {

void add(
    RecordAutomaton &automaton, const JSONPathStep *steps, size_t stepCount, int32_t wants, bool takesBooleans, bool addsUp
) {
    Path path{{}, wants, takesBooleans, addsUp, -1, false, {}, {}};
    for (size_t index = 0; index < stepCount; index++) {
        const JSONPathStep &step = steps[index];
        path.steps.push_back({std::string(step.key, step.keyByteCount), step.elementIndex, step.isEveryElement, step.keyPath});
        if (step.isEveryElement) path.lastEveryElement = ptrdiff_t(index);
    }
    automaton.paths.push_back(std::move(path));
    automaton.states.clear();
}

}  // namespace

void jsonRecordReaderAddPath(
    JSONRecordReader *reader, const JSONPathStep *steps, size_t stepCount, int32_t wants, bool takesBooleans, bool addsUp
) {
    add(reader->automaton, steps, stepCount, wants, takesBooleans, addsUp);
}

ptrdiff_t jsonRecordReaderAddKeyPath(JSONRecordReader *reader, const JSONPathStep *steps, size_t stepCount) {
    add(reader->keyAutomaton, steps, stepCount, wantsKeys, false, false);
    reader->keySlots.emplace_back();
    reader->givenKeys.emplace_back();
    return ptrdiff_t(reader->keyAutomaton.paths.size()) - 1;
}

void jsonRecordReaderAddName(JSONRecordReader *reader, const char *name, size_t byteCount, int64_t classIndex, bool labelsAreNames) {
    Path &path = reader->automaton.paths.back();
    path.names.push_back(std::make_unique<std::string>(name, byteCount));
    path.classes.emplace(*path.names.back(), classIndex);
    path.labelsAreNames = labelsAreNames;
}

uint64_t jsonRecordReaderLayoutCount(const JSONRecordReader *reader) { return reader->layoutCount; }

size_t jsonRecordReaderDefectOffset(const JSONRecordReader *reader) { return reader->defectOffset; }

namespace {

void empty(JSONSlot *slots, size_t slotCount) {
    for (size_t slot = 0; slot < slotCount; slot++) {
        slots[slot].count = 0;
        slots[slot].integer = 0;
        slots[slot].fault = JSONFaultNone;
    }
}

/// Reads the values that the paths of an automaton lead to.
int32_t readByParser(
    JSONRecordReader &reader, RecordAutomaton &automaton, const char *text, size_t byteCount, JSONSlot *slots, bool *hasFaults
) {
    reader.defectOffset = byteCount;
    ondemand::document document;
    int32_t found = iterate(reader.parser, text, byteCount, document);
    if (found) return found;

    const char *const end = text + byteCount;
    const char *token = text;
    while (token < end && isSpace(*token)) token++;
    Reading reading(automaton, reader.givenKeys, text, end, slots);
    State &start = automaton.states.front();
    if (token < end && *token == '{') {
        ondemand::object object;
        const auto error = document.get_object().get(object);
        found = error ? defect(error) : reading.object(object, token, start, 0);
    } else if (token < end && *token == '[') {
        ondemand::array array;
        const auto error = document.get_array().get(array);
        found = error ? defect(error) : reading.array(array, token, start, 0);
    } else {
        reader.defectOffset = 0;
        return JSONDefectNoContainer;
    }
    *hasFaults = reading.hasFaults;
    const char *location;
    if (!found && document.current_location().get(location) != simdjson::OUT_OF_BOUNDS) found = JSONDefectTrailing;
    if (found) {
        reader.defectOffset = currentOffset(document, text, byteCount);
        return refine(found, text, byteCount, reader.defectOffset);
    }
    return JSONDefectNone;
}

/// Reads a record of any layout, and first the keys that it gives.
int32_t readByParser(JSONRecordReader &reader, const char *text, size_t byteCount, JSONSlot *slots, bool *hasFaults) {
    if (!reader.keyAutomaton.paths.empty()) {
        if (reader.keyAutomaton.states.empty()) reader.keyAutomaton.prepare();
        for (GivenKeys &keys : reader.givenKeys) {
            keys.texts.clear();
            keys.isList = false;
        }
        empty(reader.keySlots.data(), reader.keySlots.size());
        // A key that is not there is a fault of the paths that want it.
        bool hasKeyFaults = false;
        if (const int32_t found = readByParser(reader, reader.keyAutomaton, text, byteCount, reader.keySlots.data(), &hasKeyFaults)) {
            return found;
        }
    }
    return readByParser(reader, reader.automaton, text, byteCount, slots, hasFaults);
}

}  // namespace

int32_t jsonRecordReaderRead(JSONRecordReader *reader, const char *text, size_t byteCount, JSONSlot *slots, bool *hasFaults) {
    RecordAutomaton &automaton = reader->automaton;
    if (automaton.states.empty()) automaton.prepare();
    const size_t slotCount = automaton.paths.size();
    *hasFaults = false;
    empty(slots, slotCount);
    const bool isTrying = reader->pauseCount == 0;
    if (isTrying && !reader->layout.isEmpty()) {
        if (reader->layout.read(text, text + byteCount, automaton, slots)) {
            reader->missCount = 0;
            reader->layoutCount++;
            return JSONDefectNone;
        }
        empty(slots, slotCount);
    }
    const int32_t found = readByParser(*reader, text, byteCount, slots, hasFaults);
    if (!isTrying) {
        reader->pauseCount--;
    } else {
        // If records differ in layout, trying soon becomes rare: after misses in turn, 0, 1, 2 and at last 63 records are not tried.
        if (!found && !*hasFaults) reader->layout.learn(text, text + byteCount, automaton);
        reader->pauseCount = reader->missCount;
        reader->missCount = std::min(reader->missCount + 1, 63u);
    }
    return found;
}
