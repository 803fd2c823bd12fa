import Testing

@testable import WorkStealing

/// Walks through all the interleavings of several claimants, atomic access by atomic access, with the code that runs in earnest.
@Suite struct ClaimantInterleavingTests {
    /// Two actors, from every division of up to 5 + 5 grains among them.
    @Test func twoActors() {
        var seen = Coverage()
        for first: UInt32 in 0...5 {
            for second: UInt32 in 0...5 {
                explore(lengths: [first, second], coverage: &seen)
            }
        }
        // The walk is worth something only if it came by the places where actors collide.
        #expect(seen.lostTakes > 0)
        #expect(seen.lostSteals > 0)
        #expect(seen.publications > 0)
        #expect(seen.ends > 0)
    }

    /// Three actors, with three grains in one hand, in two and in three.
    @Test func threeActors() {
        var seen = Coverage()
        for lengths: [UInt32] in [[3, 0, 0], [2, 1, 0], [1, 0, 2], [1, 1, 1]] {
            explore(lengths: lengths, coverage: &seen)
        }
        #expect(seen.lostTakes > 0)
        #expect(seen.lostSteals > 0)
    }

    /// One actor that is never let go on, at each of its steps, does not stop the other: in `explore`, `finishAlone`. Here the plain case:
    /// the owner of everything takes one grain and is never heard of again.
    @Test func noStarvationBehindAnOwnerThatStands() {
        let table = RangeTable(grainCount: 100, workerCount: 1 + 4)
        for worker in 1..<5 { table.discard(of: worker) }
        table.publish(RangeWord(front: 0, back: 100), of: 0)
        var owner = Claimant(worker: 0)
        #expect(owner.claim(from: table) == 0)

        var claimed: [UInt32] = []
        var others = (1..<5).map { Claimant(worker: $0) }
        var idle = 0
        while idle < others.count {
            idle = 0
            for index in others.indices {
                if let grain = others[index].claim(from: table) { claimed.append(grain) } else { idle += 1 }
            }
        }
        #expect(claimed.sorted() == Array(1..<100))
        #expect(owner.claim(from: table) == nil)
    }

    // MARK: - The walk

    struct Coverage {
        var lostTakes = 0
        var lostSteals = 0
        var publications = 0
        var ends = 0
    }

    /// All that decides what can happen next; claimants' counters do not.
    struct Scene: Hashable {
        var words: [RangeWord]
        var states: [Claimant.State]
        /// A bit for each grain that some actor has held.
        var claimed: UInt64
    }

    private func explore(lengths: [UInt32], coverage: inout Coverage) {
        let grainCount = lengths.reduce(0, +)
        let table = RangeTable(grainCount: grainCount, workerCount: lengths.count)
        var words: [RangeWord] = []
        var front: UInt32 = 0
        for length in lengths {
            words.append(RangeWord(front: front, back: front + length))
            front += length
        }
        let all = UInt64(1) << UInt64(grainCount) - 1
        let actors = lengths.indices.map { Claimant(worker: $0) }
        let start = Scene(words: words, states: actors.map(\.state), claimed: 0)

        var visited: Set<Scene> = [start]
        var open: [(scene: Scene, actors: [Claimant])] = [(start, actors)]
        while let (scene, actors) = open.popLast() {
            if scene.states.allSatisfy({ $0 == .left }) {
                coverage.ends += 1
                if scene.claimed != all { Issue.record("grains were lost: \(scene), from \(lengths)") }
                continue
            }
            for index in actors.indices where actors[index].state != .left {
                finishAlone(scene, actors, index, table: table, all: all)

                var actors = actors
                let next = step(scene, &actors[index], table: table, coverage: &coverage)
                check(scene, next, all: all)
                if visited.insert(next).inserted { open.append((next, actors)) }
            }
        }
    }

    /// One step of one actor on the scene's words.
    private func step(
        _ scene: Scene, _ actor: inout Claimant, table: borrowing RangeTable, coverage: inout Coverage
    ) -> Scene {
        for worker in scene.words.indices { table.publish(scene.words[worker], of: worker) }
        actor.step(on: table)

        var next = scene
        for worker in scene.words.indices { next.words[worker] = table.look(at: worker) }
        next.states[actor.worker] = actor.state
        switch (scene.states[actor.worker], actor.state) {
        case (.taking, .looking): coverage.lostTakes += 1
        case (.stealing, .surveying): coverage.lostSteals += 1
        case (_, .publishing): coverage.publications += 1
        default: break
        }
        if case .holding(let grain) = actor.state {
            let bit = UInt64(1) << UInt64(grain)
            if next.claimed & bit != 0 { Issue.record("grain \(grain) was claimed twice: \(scene) to \(next)") }
            next.claimed |= bit
        }
        return next
    }

    /// What must hold after each step.
    private func check(_ scene: Scene, _ next: Scene, all: UInt64) {
        // Every grain is in one place: claimed, in flight, or in one word.
        var places = [next.claimed] + next.words.map(bits)
        for case .publishing(let grain, let rest) in next.states { places += [1 << UInt64(grain), bits(rest)] }
        let union = places.reduce(0, |)
        let total = places.reduce(0) { $0 + $1.nonzeroBitCount }
        if union != all || total != all.nonzeroBitCount { Issue.record("grains lost or doubled: \(scene) to \(next)") }

        // Who has left owns nothing.
        for (state, word) in zip(next.states, next.words) where state == .left && !word.isEmpty {
            Issue.record("left with grains of its own: \(next)")
        }

        // ABA: a word that held grains changes only when one of them is settled for good, so that its value never comes back.
        let before = settled(scene)
        let after = settled(next)
        if before & ~after != 0 { Issue.record("a settled grain came back: \(scene) to \(next)") }
        for (old, new) in zip(scene.words, next.words) where old != new && !old.isEmpty {
            if bits(old) & after & ~before == 0 { Issue.record("a word changed and could come back: \(scene) to \(next)") }
        }
    }

    /// The actor goes on alone, the others stand where they are. It must come to its end within a bound, and get all that the others do
    /// not have in hand. One thing it may miss: a survey under way has passed words that were empty then and are published since. Those
    /// belong to others that have begun and have not left, never to one that was not started.
    private func finishAlone(_ scene: Scene, _ actors: [Claimant], _ index: Int, table: borrowing RangeTable, all: UInt64) {
        var actor = actors[index]
        var isSurveying = false
        if case .surveying = actor.state { isSurveying = true }
        for worker in scene.words.indices { table.publish(scene.words[worker], of: worker) }
        var claimed = scene.claimed
        // For each grain a look, a take, a survey, a steal, a publication; and as much again for what was begun and the end.
        let most = (all.nonzeroBitCount + 2) * (scene.words.count + 5)
        for _ in 0..<most where actor.state != .left {
            actor.step(on: table)
            if case .holding(let grain) = actor.state { claimed |= 1 << UInt64(grain) }
        }
        var elsewhere: UInt64 = 0
        for other in actors where other.worker != index {
            if case .publishing(let grain, let rest) = other.state { elsewhere |= 1 << UInt64(grain) | bits(rest) }
            if isSurveying, other.steals > 0, other.state != .left { elsewhere |= bits(table.look(at: other.worker)) }
        }
        if actor.state != .left || claimed | elsewhere != all {
            Issue.record("worker \(index) did not finish alone: \(scene)")
        }
    }

    private func bits(_ word: RangeWord) -> UInt64 {
        word.grains.reduce(0) { $0 | 1 << UInt64($1) }
    }

    /// Grains that are in an actor's hand or were.
    private func settled(_ scene: Scene) -> UInt64 {
        var bits = scene.claimed
        for case .publishing(let grain, _) in scene.states { bits |= 1 << UInt64(grain) }
        return bits
    }
}
