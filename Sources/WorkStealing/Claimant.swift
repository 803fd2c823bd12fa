/// The part of a worker that claims grains: from the front of its own range, else from the back half of another's.
///
/// It is a state machine whose every step makes at most one atomic access, so that tests can walk through all the interleavings of
/// several claimants with the code that runs in earnest. States and transitions are those of PROTOCOL.md.
struct Claimant {
    enum State: Hashable {
        /// About to read its own word.
        case looking
        /// Saw grains in its own word: about to take the front one.
        case taking(seen: RangeWord)
        /// Its own word is empty: reads the others', one a step. `distance` is how far round the next one is.
        case surveying(distance: Int, longest: Find?)
        /// About to steal the back half of what it found.
        case stealing(Find)
        /// Has stolen: `grain` stays in hand, `rest` is about to be published in its own word.
        case publishing(grain: UInt32, rest: RangeWord)
        /// Holds a grain that nobody else can have.
        case holding(grain: UInt32)
        /// Found every word empty, one after another. Final.
        case left
    }

    /// A range seen in another worker's word.
    struct Find: Hashable {
        let victim: Int
        let seen: RangeWord
    }

    let worker: Int
    private(set) var state = State.looking
    /// Steals that succeeded.
    private(set) var steals = 0
    /// Steals that came too late: the victim's word had changed since it was seen.
    private(set) var failedStealAttempts = 0

    init(worker: Int) {
        self.worker = worker
    }

    /// The next grain for this worker, or `nil` when it found every word empty and has left.
    ///
    /// Lock-free: a step that fails does so because another worker claimed a grain meanwhile, or threw some away.
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

    /// One transition, with one atomic access at most.
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
            // From the next neighbour round to the last, so that thieves who find ranges of one length go to different victims.
            let victim = (worker + distance) % table.workerCount
            let seen = table.look(at: victim)
            let isLonger = seen.grainCount > (longest?.seen.grainCount ?? 0)
            state = .surveying(distance: distance + 1, longest: isLonger ? Find(victim: victim, seen: seen) : longest)

        case .stealing(let find):
            if let (kept, grain, rest) = find.seen.stealingBackHalf(), table.replace(find.seen, with: kept, of: find.victim) {
                steals += 1
                // With nothing to publish the own word is left as it is, empty.
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
