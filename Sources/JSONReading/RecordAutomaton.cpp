#include "RecordAutomaton.h"

#include <algorithm>

namespace json_reading {

namespace {

/// Returns true for the usual keys of arrays whose elements are alternatives to each other, as services and libraries name them.
bool holdsChoices(std::string_view key) {
    for (const std::string_view known : {"choices", "outputs", "candidates", "completions", "generations", "alternatives", "sequences"}) {
        if (key == known) return true;
    }
    return false;
}

}  // namespace

StateIndex RecordAutomaton::state(const Positions &positions, std::map<Positions, StateIndex> &known) {
    if (positions.empty()) return noState;
    if (const auto found = known.find(positions); found != known.end()) return found->second;
    const auto index = StateIndex(states.size());
    known.emplace(positions, index);
    states.emplace_back();

    State made;
    // The paths that go on through every element of an array; a path that ends here takes all elements.
    Positions everywhere;
    // The paths that go on through the only member of an object.
    Positions members;
    std::map<std::pair<size_t, ptrdiff_t>, Positions> byGivenKey;
    std::map<size_t, Positions> byElement;
    std::vector<std::pair<std::string_view, Positions>> byKey;
    std::unordered_map<std::string_view, size_t> placesOfKeys;
    for (const auto &[slot, taken] : positions) {
        made.slots.push_back(slot);
        const Path &path = paths[slot];
        if (taken == path.steps.size()) {
            made.leaves.push_back(slot);
            if (path.wants != JSONWantsClass && path.wants != JSONWantsIdentifier) everywhere.emplace_back(slot, taken);
            continue;
        }
        made.lostInScalar.push_back(slot);
        const Step &step = path.steps[taken];
        if (step.isEveryElement) {
            made.throughEvery.push_back(slot);
            everywhere.emplace_back(slot, taken + 1);
            members.emplace_back(slot, taken + 1);
            if (path.addsUp && taken > 0 && holdsChoices(path.steps[taken - 1].key)) made.throughChoices.push_back(slot);
            for (size_t later = taken + 1; later < path.steps.size() && !path.steps[later].isEveryElement; later++) {
                if (path.steps[later].keyPath >= 0) made.throughKeyed.emplace_back(slot, size_t(path.steps[later].keyPath));
            }
            continue;
        }
        if (step.keyPath >= 0) {
            made.lostInArray.push_back(slot);
            ptrdiff_t arrayDepth = ptrdiff_t(taken) - 1;
            while (arrayDepth >= 0 && !path.steps[size_t(arrayDepth)].isEveryElement) arrayDepth--;
            byGivenKey[{size_t(step.keyPath), arrayDepth}].emplace_back(slot, taken + 1);
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
    for (auto &[key, next] : byKey) {
        next.insert(next.end(), members.begin(), members.end());
        std::sort(next.begin(), next.end());
        made.keys.push_back({std::string(key), state(next, known)});
    }
    made.otherMembers = state(members, known);
    for (const auto &[key, next] : byGivenKey) made.givenKeys.push_back({key.first, key.second, state(next, known)});
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

void RecordAutomaton::prepare() {
    Positions start;
    for (SlotIndex slot = 0; slot < paths.size(); slot++) start.emplace_back(slot, 0);
    std::map<Positions, StateIndex> known;
    // Without a path there is still a record to check.
    if (state(start, known) == noState) states.emplace_back();
    // Only now, when the states stay where they are: the map's keys are views. A few keys are found sooner by a search one by one.
    for (State &state : states) {
        if (state.keys.size() <= 8) continue;
        for (uint32_t place = 0; place < state.keys.size(); place++) state.keyPlaces.emplace(state.keys[place].key, place);
    }
}

}  // namespace json_reading
