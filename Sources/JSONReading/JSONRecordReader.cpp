// Records by paths.
//
// The paths are made into one automaton, so that a record is read once, front to back, whatever is wanted of it: a state stands for the
// paths that are being followed at a place, and how far along them it is.
#include "JSONDefect.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

using namespace json_reading;
namespace ondemand = simdjson::ondemand;

namespace {

struct Step {
    std::string key;
    ptrdiff_t elementIndex;
    bool isEveryElement;
};

struct Path {
    std::vector<Step> steps;
    int32_t wants;
    bool takesBooleans;
    bool leavesOutNulls;
    std::unordered_map<std::string_view, int64_t> classes;
    /// What the map's keys are views of. Each name lies by itself, so that it stays where it is.
    std::vector<std::unique_ptr<std::string>> names;
};

using StateIndex = uint32_t;
using SlotIndex = uint32_t;
constexpr StateIndex noState = UINT32_MAX;

struct KeyChild {
    std::string key;
    StateIndex next;
    /// The visit in which it was last met.
    uint64_t visit = 0;
};

/// A place in an array that a path names.
struct ElementChild {
    size_t index;
    StateIndex next;
    /// The paths that name it; those that go through every element follow as well.
    std::vector<SlotIndex> slots;
};

struct State {
    /// Paths that end here.
    std::vector<SlotIndex> leaves;
    /// In the order of the paths, which is often the records' as well.
    std::vector<KeyChild> keys;
    /// Places in `keys`, where there are too many to go through.
    std::unordered_map<std::string_view, uint32_t> keyPlaces;
    /// By their indices.
    std::vector<ElementChild> elements;
    /// All other elements.
    StateIndex otherElements = noState;
    /// Paths that do not end here, and that an object, an array, a single value does not lead on.
    std::vector<SlotIndex> lostInObject, lostInArray, lostInScalar;
    /// All paths of the state.
    std::vector<SlotIndex> slots;
    /// Arrays of numbers of one path, the usual case.
    bool isNumbers = false;
};

/// Each path that is followed with the steps taken.
using Positions = std::vector<std::pair<SlotIndex, uint32_t>>;

}  // namespace

struct JSONRecordReader {
    ondemand::parser parser;
    std::vector<Path> paths;
    /// The first is the record's. Empty until the first record is read.
    std::vector<State> states;
    size_t defectOffset = 0;
    uint64_t visitCount = 0;

    void prepare();

private:
    StateIndex state(const Positions &positions, std::map<Positions, StateIndex> &known);
};

StateIndex JSONRecordReader::state(const Positions &positions, std::map<Positions, StateIndex> &known) {
    if (positions.empty()) return noState;
    if (const auto found = known.find(positions); found != known.end()) return found->second;
    const auto index = StateIndex(states.size());
    known.emplace(positions, index);
    states.emplace_back();

    State made;
    // Through the elements of an array: where a path ends, all of it.
    Positions everywhere;
    std::map<size_t, Positions> byElement;
    std::vector<std::pair<std::string_view, Positions>> byKey;
    std::unordered_map<std::string_view, size_t> placesOfKeys;
    for (const auto &[slot, taken] : positions) {
        made.slots.push_back(slot);
        const Path &path = paths[slot];
        if (taken == path.steps.size()) {
            made.leaves.push_back(slot);
            if (path.wants != JSONWantsClass) everywhere.emplace_back(slot, taken);
            continue;
        }
        made.lostInScalar.push_back(slot);
        const Step &step = path.steps[taken];
        if (step.isEveryElement) {
            made.lostInObject.push_back(slot);
            everywhere.emplace_back(slot, taken + 1);
            continue;
        }
        const auto place = placesOfKeys.emplace(step.key, byKey.size());
        if (place.second) byKey.emplace_back(step.key, Positions());
        byKey[place.first->second].second.emplace_back(slot, taken + 1);
        if (step.elementIndex >= 0) {
            byElement[size_t(step.elementIndex)].emplace_back(slot, taken + 1);
        } else {
            made.lostInArray.push_back(slot);
        }
    }
    for (const auto &[key, next] : byKey) made.keys.push_back({std::string(key), state(next, known)});
    for (const auto &[element, named] : byElement) {
        ElementChild child{element, noState, {}};
        for (const auto &position : named) child.slots.push_back(position.first);
        Positions all = named;
        all.insert(all.end(), everywhere.begin(), everywhere.end());
        std::sort(all.begin(), all.end());
        child.next = state(all, known);
        made.elements.push_back(std::move(child));
    }
    made.otherElements = state(everywhere, known);
    made.isNumbers = made.slots.size() == 1 && made.leaves.size() == 1 && paths[made.leaves[0]].wants == JSONWantsNumbers;
    states[index] = std::move(made);
    return index;
}

void JSONRecordReader::prepare() {
    Positions start;
    for (SlotIndex slot = 0; slot < paths.size(); slot++) start.emplace_back(slot, 0);
    std::map<Positions, StateIndex> known;
    // Without a path there is still a record to check.
    if (state(start, known) == noState) states.emplace_back();
    // Now that the states stay where they are: the map's keys are views. What is few is found sooner by going through it.
    for (State &state : states) {
        if (state.keys.size() <= 8) continue;
        for (uint32_t place = 0; place < state.keys.size(); place++) state.keyPlaces.emplace(state.keys[place].key, place);
    }
}

namespace {

/// Whether something stands where a value must: a comma too many is no value.
inline bool isValue(ondemand::value &value) {
    switch (*value.raw_json_token().data()) {
    case ']': case '}': case ',': case ':': return false;
    default: return true;
    }
}

/// One record.
class Reading {
public:
    Reading(JSONRecordReader &reader, const char *end, JSONSlot *slots) : reader(reader), end(end), slots(slots) {}

    bool hasFaults = false;

    int32_t object(ondemand::object object, const char *token, State &state, unsigned depth);
    int32_t array(ondemand::array array, const char *token, State &state, unsigned depth);

    /// Notes what a slot has not, unless something was noted before.
    void fault(SlotIndex slot, int32_t fault, unsigned depth, const char *found) {
        JSONSlot &place = slots[slot];
        hasFaults = true;
        if (place.fault != JSONFaultNone) return;
        place.fault = fault;
        place.stepCount = uint32_t(std::min<size_t>(depth, reader.paths[slot].steps.size()));
        place.found = found;
        const char *after = *found == '{' || *found == '[' ? std::min(end, found + 64) : tokenEnd(found, end);
        place.foundByteCount = size_t(after - found);
    }

private:
    JSONRecordReader &reader;
    const char *const end;
    JSONSlot *const slots;

    int32_t value(ondemand::value value, State &state, unsigned depth, bool isElement);
    bool plainNumbers(const char *token, JSONSlot &slot) const;
    void scalar(ondemand::value &value, const char *token, const State &state, unsigned depth, bool isElement);
    void number(ondemand::value &value, const char *token, SlotIndex slot, unsigned depth, bool isElement);
    int32_t classIndex(const char *token, std::string_view text, bool isText, const Path &path, int64_t &index);
    KeyChild *child(State &state, size_t &cursor, ondemand::field &field);
};

/// Puts a number where its slot wants it.
inline void store(JSONSlot &slot, double number) {
    if (slot.count < slot.capacity) slot.numbers[slot.count] = number;
    slot.count++;
}

/// The text of a string without escapes, or nothing.
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

/// Digits and perhaps a minus sign. Returns false where the text is anything else.
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

/// A whole number that was written with a point or an exponent.
inline int32_t wholeNumber(double number, int64_t &integer) {
    if (!(number == __builtin_trunc(number)) || __builtin_isinf(number)) return JSONFaultFraction;
    if (!(number >= -0x1p63 && number < 0x1p63)) return JSONFaultRange;
    integer = int64_t(number);
    return JSONFaultNone;
}

int32_t Reading::classIndex(const char *token, std::string_view text, bool isText, const Path &path, int64_t &index) {
    if (isText) {
        if (const auto found = path.classes.find(text); found != path.classes.end()) {
            index = found->second;
            return JSONFaultNone;
        }
        while (!text.empty() && isSpace(text.front())) text.remove_prefix(1);
        while (!text.empty() && isSpace(text.back())) text.remove_suffix(1);
    }
    // JSON has no leading zeros: parseNumber says so of a bare one.
    const size_t sign = !text.empty() && text.front() == '-';
    const bool hasLeadingZero = text.size() > sign + 1 && text[sign] == '0';
    bool isInRange;
    if ((isText || !hasLeadingZero) && parseInteger(text, index, isInRange)) return isInRange ? JSONFaultNone : JSONFaultRange;
    double number;
    if (isText) {
        if (!parseWholeText(text, number)) return JSONFaultText;
    } else if (!parseNumber(token, end, number) && !parseNonFinite(token, end, number)) {
        return JSONFaultToken;
    }
    return wholeNumber(number, index);
}

inline void Reading::number(ondemand::value &value, const char *token, SlotIndex slot, unsigned depth, bool isElement) {
    const Path &path = reader.paths[slot];
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
        if (!path.leavesOutNulls || !isElement) return fault(slot, JSONFaultNull, depth, token);
        return;
    default:
        if (!parseNumber(token, end, number) && !parseNonFinite(token, end, number)) return fault(slot, JSONFaultToken, depth, token);
        return store(slots[slot], number);
    }
}

void Reading::scalar(ondemand::value &value, const char *token, const State &state, unsigned depth, bool isElement) {
    for (const SlotIndex slot : state.lostInScalar) fault(slot, *token == 'n' ? JSONFaultNull : JSONFaultDeadEnd, depth, token);
    // simdjson's buffer has room for each string once.
    std::string_view text;
    bool isTextRead = false, isTextBad = false;
    for (const SlotIndex slot : state.leaves) {
        const Path &path = reader.paths[slot];
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
        int32_t found = JSONFaultNone;
        int64_t integer = 0;
        double number = 0;
        switch (*token) {
        case 't': case 'f':
            found = !isWord(token, end, "true") && !isWord(token, end, "false") ? JSONFaultToken
                : path.wants == JSONWantsByteCount                              ? JSONFaultBoolean
                                                                                : JSONFaultNone;
            integer = *token == 't';
            break;
        case 'n': found = isWord(token, end, "null") ? JSONFaultNull : JSONFaultToken; break;
        case '"':
            if (path.wants == JSONWantsNumbers) {
                found = parseWholeText(text, number) ? JSONFaultNone : JSONFaultText;
            } else if (path.wants == JSONWantsByteCount) {
                integer = int64_t(text.size());
            } else {
                found = classIndex(token, text, true, path, integer);
            }
            break;
        default:
            found = classIndex(token, std::string_view(token, size_t(tokenEnd(token, end) - token)), false, path, integer);
            if (found == JSONFaultNone && path.wants == JSONWantsByteCount && integer < 0) found = JSONFaultRange;
        }
        if (found != JSONFaultNone) {
            fault(slot, found, depth, token);
        } else if (path.wants == JSONWantsNumbers) {
            store(slots[slot], number);
        } else {
            if (path.wants == JSONWantsClass) {
                slots[slot].integer = integer;
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
        for (const SlotIndex slot : state.lostInObject) fault(slot, JSONFaultDeadEnd, depth, token);
        if (state.keys.empty()) return JSONDefectNone;
        if (depth >= JSONDepthLimit) return JSONDefectDepth;
        ondemand::object object;
        if (const auto error = value.get_object().get(object)) return defect(error);
        return this->object(object, token, state, depth);
    }
    case '[': {
        if (depth >= JSONDepthLimit) return JSONDefectDepth;
        // Whoever asked skips what simdjson was not asked for.
        if (state.isNumbers && plainNumbers(token, slots[state.leaves.front()])) return JSONDefectNone;
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

/// Reads an array of nothing but numbers, which is where the time goes, without asking simdjson for each of them: about 1.5 times as fast.
/// Returns false, with nothing done, where anything else is in it, if only a mistake.
__attribute__((flatten)) bool Reading::plainNumbers(const char *token, JSONSlot &slot) const {
    double *const numbers = slot.numbers;
    const size_t capacity = slot.capacity;
    size_t count = slot.count;
    const char *position = token + 1;
    while (true) {
        while (position < end && isSpace(*position)) position++;
        if (position >= end) return false;
        double number;
        const char *after = parseNumberPrefix(position, end, number);
        if (!after) return false;
        if (count < capacity) numbers[count] = number;
        count++;
        position = after;
        while (position < end && isSpace(*position)) position++;
        if (position >= end) return false;
        if (*position == ']') break;
        if (*position != ',') return false;
        position++;
    }
    slot.count = count;
    return true;
}

int32_t Reading::array(ondemand::array array, const char *token, State &state, unsigned depth) {
    for (const SlotIndex slot : state.leaves) {
        if (reader.paths[slot].wants == JSONWantsClass) fault(slot, JSONFaultArray, depth, token);
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
        index++;
        if (next != noState) {
            if (const auto found = this->value(value, reader.states[next], depth + 1, true)) return found;
        } else if (!isValue(value)) {
            return JSONDefectSyntax;
        }
    }
    for (; named != state.elements.cend(); ++named) {
        for (const SlotIndex slot : named->slots) fault(slot, JSONFaultNoElement, depth, token);
    }
    return JSONDefectNone;
}

/// Finds a field's key among those that are wanted; null where it is not.
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
    // A key whose escapes are wrong is none of ours.
    if (!plainText(key - 1, end, text) && field.unescaped_key().get(text)) return nullptr;
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

int32_t Reading::object(ondemand::object object, const char *token, State &state, unsigned depth) {
    const uint64_t visit = ++reader.visitCount;
    size_t cursor = 0, metCount = 0;
    for (auto entry : object) {
        ondemand::field field;
        if (const auto error = std::move(entry).get(field)) return defect(error);
        KeyChild *child = this->child(state, cursor, field);
        if (!child) {
            if (!isValue(field.value())) return JSONDefectSyntax;
            continue;
        }
        if (child->visit == visit) {
            for (const SlotIndex slot : reader.states[child->next].slots) fault(slot, JSONFaultDuplicateKey, depth + 1, token);
            continue;
        }
        child->visit = visit;
        metCount++;
        if (const auto found = value(field.value(), reader.states[child->next], depth + 1, false)) return found;
    }
    if (metCount == state.keys.size()) return JSONDefectNone;
    for (const KeyChild &child : state.keys) {
        if (child.visit == visit) continue;
        for (const SlotIndex slot : reader.states[child.next].slots) fault(slot, JSONFaultNoKey, depth, token);
    }
    return JSONDefectNone;
}

}  // namespace

JSONRecordReader *jsonRecordReaderMake(void) { return new JSONRecordReader; }

void jsonRecordReaderFree(JSONRecordReader *reader) { delete reader; }

void jsonRecordReaderAddPath(
    JSONRecordReader *reader, const JSONPathStep *steps, size_t stepCount, int32_t wants, bool takesBooleans, bool leavesOutNulls
) {
    Path path{{}, wants, takesBooleans, leavesOutNulls, {}, {}};
    for (size_t index = 0; index < stepCount; index++) {
        const JSONPathStep &step = steps[index];
        path.steps.push_back({std::string(step.key, step.keyByteCount), step.elementIndex, step.isEveryElement});
    }
    reader->paths.push_back(std::move(path));
    reader->states.clear();
}

void jsonRecordReaderAddName(JSONRecordReader *reader, const char *name, size_t byteCount) {
    Path &path = reader->paths.back();
    path.names.push_back(std::make_unique<std::string>(name, byteCount));
    path.classes.emplace(*path.names.back(), int64_t(path.names.size()) - 1);
}

size_t jsonRecordReaderDefectOffset(const JSONRecordReader *reader) { return reader->defectOffset; }

int32_t jsonRecordReaderRead(JSONRecordReader *reader, const char *text, size_t byteCount, JSONSlot *slots, bool *hasFaults) {
    *hasFaults = false;
    reader->defectOffset = byteCount;
    if (reader->states.empty()) reader->prepare();
    for (size_t slot = 0; slot < reader->paths.size(); slot++) {
        slots[slot].count = 0;
        slots[slot].integer = 0;
        slots[slot].fault = JSONFaultNone;
    }
    ondemand::document document;
    int32_t found = iterate(reader->parser, text, byteCount, document);
    if (found) return found;

    const char *const end = text + byteCount;
    const char *token = text;
    while (token < end && isSpace(*token)) token++;
    Reading reading(*reader, end, slots);
    State &start = reader->states.front();
    if (token < end && *token == '{') {
        for (const SlotIndex slot : start.lostInObject) reading.fault(slot, JSONFaultDeadEnd, 0, token);
        ondemand::object object;
        const auto error = document.get_object().get(object);
        found = error ? defect(error) : reading.object(object, token, start, 0);
    } else if (token < end && *token == '[') {
        ondemand::array array;
        const auto error = document.get_array().get(array);
        found = error ? defect(error) : reading.array(array, token, start, 0);
    } else {
        reader->defectOffset = 0;
        return JSONDefectNoContainer;
    }
    *hasFaults = reading.hasFaults;
    const char *location;
    if (!found && document.current_location().get(location) != simdjson::OUT_OF_BOUNDS) found = JSONDefectTrailing;
    if (found) {
        reader->defectOffset = currentOffset(document, text, byteCount);
        return refine(found, text, byteCount, reader->defectOffset);
    }
    return JSONDefectNone;
}
