import Oracle
import SeededRandom

/// Kinds of rows of logits, each aimed at one part of the softmax kernel.
enum RowKind: CaseIterable {
    /// What a model gives.
    case normal
    /// Spread over the whole range of exp.
    case wide
    /// Losses of about 1e-20, 1e-300 and below.
    case confident
    /// The label far below the largest, about the 600 where the fast path ends.
    case far
    /// Beyond ±1e30.
    case huge
    /// About the ±1000 where the fast path ends.
    case thousand
    /// About the loss of 2^-900 where the fast path ends.
    case small
    /// Next to odd multiples of ½ ln 2, where k changes.
    case boundary
    /// All alike.
    case level
    /// With −∞.
    case impossible
    /// One other entry at the level of the label, the rest far below: a loss near log 2.
    case pair

    func row(classCount: Int, label: Int, _ element: StoredElement, _ random: inout SplitMix64) -> [Double] {
        let ln2 = 0.6931471805599453
        // Neighbours of a value in the stored type.
        func near(_ value: Double) -> Double {
            guard value != 0 else { return 0 }
            let bits = element.bits(of: value)
            return element.value(of: bits &+ UInt64(Int.random(in: 0...2, using: &random)) &- 1)
        }
        var row = (0..<classCount).map { _ in random.nextNormal() * 3 }
        switch self {
        case .normal:
            break
        case .wide:
            let spread = random.pick([20.0, 100, 350, 740])
            for j in row.indices { row[j] = random.nextUniform(in: -spread...spread) }
        case .confident:
            let distance = random.pick([36.0, 46, 300, 690, 708, 712, 740, 745])
            let level = random.nextUniform(in: -900...900)
            for j in row.indices { row[j] = level - distance - random.nextUniform(in: 0...4) }
            row[label] = level
        case .far:
            row[label] = -random.pick([598.0, 599.9, 600, 600.1, 610, 650, 700, 745, 800, 1999])
            if random.next() & 1 == 0 {
                for j in row.indices where j != label { row[j] = near(0.25) }
            }
        case .huge:
            let scale = min(1e30, element.greatestFinite)
            for j in row.indices {
                let neighbours = [near(scale), near(-scale)]
                row[j] = random.pick([scale, -scale, scale / 2, 0, 1] + neighbours)
            }
        case .thousand:
            let level = random.next() & 1 == 0 ? 1000.0 : -1000
            for j in row.indices { row[j] = near(level) + (random.next() & 3 == 0 ? 0 : random.nextUniform(in: -5...5)) }
            row[label] = near(level)
        case .small:
            for j in row.indices { row[j] = -623.8 - random.nextUniform(in: 0...0.1) - (random.next() & 1 == 0 ? 0 : 50) }
            row[label] = 0
        case .boundary:
            for j in row.indices {
                let k = Double(Int.random(in: -40...40, using: &random))
                row[j] = near((k + (random.next() & 1 == 0 ? 0.5 : 0)) * ln2)
            }
        case .level:
            let level = random.nextUniform(in: -800...800)
            for j in row.indices { row[j] = level }
        case .impossible:
            for j in row.indices where random.next() & 1 == 0 && j != label { row[j] = -.infinity }
        case .pair:
            let level = random.nextUniform(in: -40...40)
            for j in row.indices { row[j] = level - random.nextUniform(in: 30...60) }
            row[label] = level
            row[(label + 1) % classCount] = near(level)
        }
        return row
    }
}
