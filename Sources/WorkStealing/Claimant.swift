/// The part of a worker that claims grains: from the front of its own range, or from the back half of another's.
///
/// It is a state machine whose every step makes at most one atomic access, so that tests can walk through all the interleavings of several
/// claimants with the code that real runs use. States and transitions are those of PROTOCOL.md.
struct Claimant {
    enum State: Hashable {
        /// The claimant is about to read its own word.
        case looking
        /// The claimant saw grains in its own word, and is about to take the front one.
        case taking(seen: RangeWord)
        /// The claimant's own word is empty. It reads the others', one a step; `distance` says which is next, counted from its own.
        case surveying(distance: Int, longest: Find?)
        /// The claimant is about to steal the back half of the range that it found.
        case stealing(Find)
        /// The claimant has stolen. `grain` stays in hand; `rest` is about to be published in its own word.
        case publishing(grain: UInt32, rest: RangeWord)
        /// The claimant holds a grain that no other worker can have.
        case holding(grain: UInt32)
        /// The claimant found every word empty, one after another. This state is final.
        case left
    }

    /// A range seen in another worker's word.
    struct Find: Hashable {
        let victim: Int
        let seen: RangeWord
    }

    let worker: Int
    private(set) var state = State.looking
    /// The number of steals that succeeded.
    private(set) var steals = 0
    /// The number of steals that came too late: the victim's word had changed since it was seen.
    private(set) var failedStealAttempts = 0

    init(worker: Int) {
        self.worker = worker
    }

    /// Returns the next grain for this worker, or nil when it found every word empty and has left.
    ///
    /// Lock-free: a step fails only because another worker claimed a grain meanwhile, or discarded some.
    mutating func claim(from table: borrowing RangeTable) -> UInt32? {
        if case .holding = state { state = .looking }
        while true {
            switch state {
            case .holding(let grain): return grain
            case .left: return nil
            default: step(on: table)
            }
        }
    }

    /// Makes one transition, with one atomic access at most.
    mutating func step(on table: borrowing RangeTable) {
        switch state {
        case .looking:
            let seen = table.look(at: worker)
            state = seen.isEmpty ? .surveying(distance: 1, longest: nil) : .taking(seen: seen)

        case .taking(let seen):
            if let (grain, left) = seen.takingFront(), table.replace(seen, with: left, of: worker) {
                state = .holding(grain: grain)
            } else {
                state = .looking
            }

        case .surveying(let distance, let longest):
            guard distance < table.workerCount else {
                state = longest.map { .stealing($0) } ?? .left
                return
            }
            // From the next neighbour round to the last, so that thieves that find ranges of one length go to different victims.
            let victim = (worker + distance) % table.workerCount
            let seen = table.look(at: victim)
            let isLonger = seen.grainCount > (longest?.seen.grainCount ?? 0)
            state = .surveying(distance: distance + 1, longest: isLonger ? Find(victim: victim, seen: seen) : longest)

        case .stealing(let find):
            if let (kept, grain, rest) = find.seen.stealingBackHalf(), table.replace(find.seen, with: kept, of: find.victim) {
                steals += 1
                // With nothing to publish the claimant's own word stays as it is, empty.
                state = rest.isEmpty ? .holding(grain: grain) : .publishing(grain: grain, rest: rest)
            } else {
                failedStealAttempts += 1
                state = .surveying(distance: 1, longest: nil)
            }

        case .publishing(let grain, let rest):
            table.publish(rest, of: worker)
            state = .holding(grain: grain)

        case .holding:
            state = .looking

        case .left:
            break
        }
    }
}
