// All paths as one automaton.
//
// It reads a record once, front to back, for any number of paths: a state is the set of paths that lead to a place, each with the number
// of steps taken.
#ifndef XENT_RECORD_AUTOMATON_H
#define XENT_RECORD_AUTOMATON_H

#include "JSONReading.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace json_reading {

struct Step {
    std::string key;
    ptrdiff_t elementIndex;
    bool isEveryElement;
    /// The index of the path that leads to the key; negative if the key is always the same.
    ptrdiff_t keyPath;
};

/// What paths want that lead to keys, besides `JSONWants…`: texts.
constexpr int32_t wantsKeys = -1;

/// Returns true for what is added up to a count.
inline bool isCount(int32_t wants) {
    return wants == JSONWantsByteCount || wants == JSONWantsWordCount || wants == JSONWantsCount;
}

struct Path {
    std::vector<Step> steps;
    int32_t wants;
    bool takesBooleans;
    bool addsUp;
    /// The index of the last step through every element; negative if there is none.
    ptrdiff_t lastEveryElement;
    bool labelsAreNames;
    std::unordered_map<std::string_view, int64_t> classes;
    /// The texts of the map's keys, which are views. Each name has its own memory, so that it stays where it is.
    std::vector<std::unique_ptr<std::string>> names;
};

using StateIndex = uint32_t;
using SlotIndex = uint32_t;
constexpr StateIndex noState = UINT32_MAX;

struct KeyChild {
    std::string key;
    StateIndex next;
    /// The visit in which the key was last met.
    uint64_t visit = 0;
};

/// An index of an array that a path names.
struct ElementChild {
    size_t index;
    StateIndex next;
    /// The paths that name the index. Paths through every element go to the same state.
    std::vector<SlotIndex> slots;
};

/// A key that the record gives.
struct GivenKeyChild {
    /// The path that leads to the key.
    size_t keyPath;
    /// The depth of the array for each of whose elements there is a key; negative if there is one key.
    ptrdiff_t arrayDepth;
    StateIndex next;
    /// The visit in which the key was last met.
    uint64_t visit = 0;
};

struct State {
    /// The paths that end here.
    std::vector<SlotIndex> leaves;
    /// The keys that go on, in the order of the paths, which is often that of the records as well.
    std::vector<KeyChild> keys;
    /// The indices of `keys` by key, if there are too many to search one by one.
    std::unordered_map<std::string_view, uint32_t> keyPlaces;
    /// The keys that the record gives.
    std::vector<GivenKeyChild> givenKeys;
    /// The state of the only member of an object, for paths that go through every element. Children by key have these paths, too.
    StateIndex otherMembers = noState;
    /// The paths that go through every element.
    std::vector<SlotIndex> throughEvery;
    /// Of these, the paths that add up what is in an array of choices.
    std::vector<SlotIndex> throughChoices;
    /// Of these, the paths with keys that the record gives for each element, and the paths that lead to the keys.
    std::vector<std::pair<SlotIndex, size_t>> throughKeyed;
    /// The named indices, in ascending order.
    std::vector<ElementChild> elements;
    /// The state of all other elements.
    StateIndex otherElements = noState;
    /// The paths that go on, but not through an array, or a single value.
    std::vector<SlotIndex> lostInArray, lostInScalar;
    /// All paths of the state.
    std::vector<SlotIndex> slots;
    /// True for the usual case: one path, which ends here and wants numbers.
    bool isNumbers = false;
};

/// The paths that lead to a place, each with the number of steps taken.
using Positions = std::vector<std::pair<SlotIndex, uint32_t>>;

class RecordAutomaton {
public:
    std::vector<Path> paths;
    /// The states; the first is that of a whole record.
    std::vector<State> states;
    /// The number of objects met.
    uint64_t visitCount = 0;

    /// Makes the states of the paths.
    void prepare();

private:
    StateIndex state(const Positions &positions, std::map<Positions, StateIndex> &known);
};

}  // namespace json_reading

#endif
