#include "RecordAutomaton.h"

#include <algorithm>

namespace json_reading {

StateIndex RecordAutomaton::state(const Positions &positions, std::map<Positions, StateIndex> &known) {
    if (positions.empty()) return noState;
    if (const auto found = known.find(positions); found != known.end()) return found->second;
    const auto index = StateIndex(states.size());
    known.emplace(positions, index);
    states.emplace_back();

    State made;
    // The paths that go on through every element of an array; a path that ends here takes all elements.
    Positions everywhere;
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
