// Paths as one automaton.
//
// A record is read once, front to back, whatever is wanted of it: a state stands for the paths that are being followed at a place, and how
// far along them it is.
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
};

struct Path {
    std::vector<Step> steps;
    int32_t wants;
    bool takesBooleans;
    bool leavesOutNulls;
    /// A step is through every element.
    bool hasEveryElement;
    bool labelsAreNames;
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

class RecordAutomaton {
public:
    std::vector<Path> paths;
    /// The first is the record's.
    std::vector<State> states;
    /// How many objects were met.
    uint64_t visitCount = 0;

    /// Makes the states of the paths.
    void prepare();

private:
    StateIndex state(const Positions &positions, std::map<Positions, StateIndex> &known);
};

}  // namespace json_reading

#endif
