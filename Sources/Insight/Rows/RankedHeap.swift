/// A thing that comes before or after others in a total order.
protocol Ranked {
    /// Returns true if this one comes before the other one.
    func comes(before other: Self) -> Bool
}

/// The first things in a total order, up to a number: a heap with the last of them at its root. What is kept depends on the set of things alone.
struct RankedHeap<Element: Ranked & Sendable>: Sendable {
    /// The largest number of things that are kept.
    let limit: Int
    /// The things that are kept, in no order but that the last one is the first here.
    private(set) var elements: [Element] = []

    /// Makes a heap of nothing. `limit` is at least 1.
    init(limit: Int) { self.limit = limit }

    /// The thing that would make room for the next; nil as long as there is room.
    var last: Element? { elements.count == limit ? elements[0] : nil }

    /// The things that are kept, in order. O(n log n).
    var sorted: [Element] { elements.sorted { $0.comes(before: $1) } }

    /// Changes each thing that is kept, but not its place in the order.
    mutating func updateEach(_ body: (inout Element) -> Void) {
        for index in elements.indices { body(&elements[index]) }
    }

    /// Keeps a thing if there is room, or if it comes before the last one. O(log n).
    mutating func insert(_ element: Element) {
        if elements.count < limit {
            elements.append(element)
            var child = elements.count - 1
            while child > 0, elements[(child - 1) / 2].comes(before: elements[child]) {
                elements.swapAt(child, (child - 1) / 2)
                child = (child - 1) / 2
            }
            return
        }
        guard element.comes(before: elements[0]) else { return }
        elements[0] = element
        var parent = 0
        while true {
            var last = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < elements.count && elements[last].comes(before: elements[child]) {
                last = child
            }
            guard last != parent else { return }
            elements.swapAt(parent, last)
            parent = last
        }
    }
}
