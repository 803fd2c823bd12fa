// A walk through everything in a text.
#include "JSONDefect.h"

#include <string_view>

using namespace json_reading;
namespace ondemand = simdjson::ondemand;

namespace {

class Walk {
public:
    Walk(const char *end, JSONVisitor visitor, void *context) : end(end), visitor(visitor), context(context) {}

    int32_t object(ondemand::object object, unsigned depth) {
        if (!tell(JSONEventObject)) return JSONDefectStopped;
        for (auto entry : object) {
            ondemand::field field;
            if (const auto error = std::move(entry).get(field)) return defect(error);
            std::string_view key;
            if (const auto error = field.unescaped_key().get(key)) return defect(error);
            if (!tell(JSONEventKey, key)) return JSONDefectStopped;
            if (const auto found = value(field.value(), depth)) return found;
        }
        return tell(JSONEventObjectEnd) ? JSONDefectNone : JSONDefectStopped;
    }

    int32_t array(ondemand::array array, unsigned depth) {
        if (!tell(JSONEventArray)) return JSONDefectStopped;
        for (auto element : array) {
            ondemand::value value;
            if (const auto error = std::move(element).get(value)) return defect(error);
            if (const auto found = this->value(value, depth)) return found;
        }
        return tell(JSONEventArrayEnd) ? JSONDefectNone : JSONDefectStopped;
    }

private:
    const char *const end;
    const JSONVisitor visitor;
    void *const context;

    bool tell(int32_t event, std::string_view text = {}) { return visitor(context, event, text.data(), text.size()); }

    int32_t value(ondemand::value value, unsigned depth) {
        const char *token = value.raw_json_token().data();
        switch (*token) {
        case '{': {
            if (depth + 1 >= JSONDepthLimit) return JSONDefectDepth;
            ondemand::object object;
            if (const auto error = value.get_object().get(object)) return defect(error);
            return this->object(object, depth + 1);
        }
        case '[': {
            if (depth + 1 >= JSONDepthLimit) return JSONDefectDepth;
            ondemand::array array;
            if (const auto error = value.get_array().get(array)) return defect(error);
            return this->array(array, depth + 1);
        }
        case '"': {
            std::string_view text;
            if (const auto error = value.get_string().get(text)) return defect(error);
            return tell(JSONEventString, text) ? JSONDefectNone : JSONDefectStopped;
        }
        default: break;
        }
        double number;
        int32_t event;
        if (isWord(token, end, "true")) {
            event = JSONEventTrue;
        } else if (isWord(token, end, "false")) {
            event = JSONEventFalse;
        } else if (isWord(token, end, "null")) {
            event = JSONEventNull;
        } else if (parseNumber(token, end, number) || parseNonFinite(token, end, number)) {
            event = JSONEventNumber;
        } else {
            return JSONDefectSyntax;
        }
        return tell(event, std::string_view(token, size_t(tokenEnd(token, end) - token))) ? JSONDefectNone : JSONDefectStopped;
    }
};

}  // namespace

int32_t jsonWalk(const char *text, size_t byteCount, JSONVisitor visitor, void *context, size_t *byteOffset) {
    *byteOffset = byteCount;
    const simdjson::padded_string copy(text, byteCount);
    if (byteCount > 0 && copy.size() == 0) return JSONDefectCapacity;
    const char *const begin = copy.data(), *const end = begin + byteCount;
    ondemand::parser parser;
    ondemand::document document;
    int32_t found = iterate(parser, begin, byteCount, document);
    if (found) return found;
    const char *token = begin;
    while (token < end && isSpace(*token)) token++;
    Walk walk(end, visitor, context);
    if (token < end && *token == '{') {
        ondemand::object object;
        const auto error = document.get_object().get(object);
        found = error ? defect(error) : walk.object(object, 0);
    } else if (token < end && *token == '[') {
        ondemand::array array;
        const auto error = document.get_array().get(array);
        found = error ? defect(error) : walk.array(array, 0);
    } else {
        *byteOffset = size_t(token - begin);
        return JSONDefectNoContainer;
    }
    const char *location;
    if (!found && document.current_location().get(location) != simdjson::OUT_OF_BOUNDS) found = JSONDefectTrailing;
    if (!found) return JSONDefectNone;
    *byteOffset = currentOffset(document, begin, byteCount);
    return refine(found, begin, byteCount, *byteOffset);
}
