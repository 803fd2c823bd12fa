// Ways of adding up losses, side by side: how far each sum is from the true one, how many different sums it gives for the same losses in
// other orders and cuts, and how long it takes. Writes a table; arguments are .npy files of Float64, such as `xent eval --per-row` writes.
import Elements
import Scoring
import SeededRandom

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

// MARK: Ways of adding up

/// A sum that can be merged with another one, as workers and shards have them.
protocol Way {
    static var name: String { get }
    init()
    mutating func add(_ losses: UnsafeBufferPointer<Double>)
    mutating func merge(_ other: Self)
    var total: Double { get }
}

struct Naive: Way {
    static let name = "plain, in order"
    var total = 0.0
    mutating func add(_ losses: UnsafeBufferPointer<Double>) { for loss in losses { total += loss } }
    mutating func merge(_ other: Naive) { total += other.total }
}

/// As NumPy adds up: blocks of up to 128 by eight sums, halves above that.
struct Pairwise: Way {
    static let name = "pairwise, as NumPy"
    var total = 0.0

    mutating func add(_ losses: UnsafeBufferPointer<Double>) { total += Self.sum(losses) }
    mutating func merge(_ other: Pairwise) { total += other.total }

    private static func sum(_ losses: UnsafeBufferPointer<Double>) -> Double {
        if losses.count > 128 {
            let half = losses.count / 2 & ~7
            return sum(UnsafeBufferPointer(rebasing: losses[..<half])) + sum(UnsafeBufferPointer(rebasing: losses[half...]))
        }
        var sums = SIMD8<Double>()
        var index = 0
        while index + 8 <= losses.count {
            for lane in 0..<8 { sums[lane] += losses[index + lane] }
            index += 8
        }
        var total = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]))
        while index < losses.count {
            total += losses[index]
            index += 1
        }
        return total
    }
}

/// W. Kahan, "Further remarks on reducing truncation errors", Communications of the ACM 8 (1965).
struct Kahan: Way {
    static let name = "Kahan"
    var total = 0.0
    private var lost = 0.0

    mutating func add(_ losses: UnsafeBufferPointer<Double>) { for loss in losses { add(loss) } }
    private mutating func add(_ loss: Double) {
        let corrected = loss - lost
        let sum = total + corrected
        lost = (sum - total) - corrected
        total = sum
    }
    mutating func merge(_ other: Kahan) {
        add(other.total)
        add(-other.lost)
    }
}

/// A. Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", ZAMM 54 (1974); also I. Babuška's.
struct Neumaier: Way {
    static let name = "Neumaier (Kahan–Babuška)"
    private var sum = 0.0
    private var rest = 0.0
    var total: Double { sum + rest }

    mutating func add(_ losses: UnsafeBufferPointer<Double>) { for loss in losses { add(loss) } }
    private mutating func add(_ loss: Double) {
        let next = sum + loss
        rest += sum.magnitude >= loss.magnitude ? (sum - next) + loss : (loss - next) + sum
        sum = next
    }
    mutating func merge(_ other: Neumaier) {
        add(other.sum)
        rest += other.rest
    }
}

/// Xent's: a block of losses by integers at fixed places (`Fold.swift`), blocks by an exact accumulator.
struct ExactFold: Way {
    static let name = "Xent: exact fold"
    /// A block of as many rows as there can be: what adds up numbers, one a row.
    nonisolated(unsafe) private static let block: ScoredBlock = {
        let scorer = BlockScorer(
            specification: try! LossSpecification(task: .likelihood, input: .probabilities), classCount: 1, ignoredLabel: .min, hasIndices: true)
        let labels = UnsafeMutablePointer<Int32>.allocate(capacity: BlockScorer.rowLimit + BlockScorer.readableLabelCountAfterLast)
        labels.initialize(repeating: 1, count: BlockScorer.rowLimit + BlockScorer.readableLabelCountAfterLast)
        let values = UnsafeMutablePointer<Double>.allocate(capacity: BlockScorer.rowLimit + 8)
        values.initialize(repeating: 1, count: BlockScorer.rowLimit + 8)
        return scorer.score(
            LabelledRows(
                values: values, element: .float64, classLabels: labels, targets: nil, weights: nil, rowCount: BlockScorer.rowLimit, firstRow: 0)
        ) { (_, _) throws(Never) in }
    }()
    private var sum = ExactSum()
    var total: Double { sum.rounded() }

    mutating func add(_ losses: UnsafeBufferPointer<Double>) {
        guard let base = losses.baseAddress else { return }
        var start = 0
        while start + BlockScorer.rowLimit <= losses.count {
            Self.block.add(base + start, to: &sum)
            start += BlockScorer.rowLimit
        }
        // NaN is left out.
        let rest = losses[start...] + [Double](repeating: .nan, count: BlockScorer.rowLimit - (losses.count - start))
        Array(rest).withUnsafeBufferPointer { Self.block.add($0.baseAddress!, to: &sum) }
    }
    mutating func merge(_ other: ExactFold) { sum.add(other.sum) }
}

// MARK: Losses

struct Case {
    let name: String
    let losses: [Double]
}

/// A .npy file of Float64 in one dimension.
func losses(ofFile path: String) -> [Double]? {
    guard let file = fopen(path, "rb") else { return nil }
    defer { fclose(file) }
    var header = [UInt8](repeating: 0, count: 10)
    guard fread(&header, 1, 10, file) == 10, header[0] == 0x93 else { return nil }
    fseek(file, 10 + Int(header[8]) + 256 * Int(header[9]), SEEK_SET)
    var losses: [Double] = []
    var block = [Double](repeating: 0, count: 1 << 16)
    while true {
        let count = fread(&block, 8, block.count, file)
        if count == 0 { return losses.filter { $0.isFinite } }
        losses += block.prefix(count)
    }
}

func cases() -> [Case] {
    var random = SplitMix64(seed: 2026)
    func uniform() -> Double { Double(random.next() >> 11) * 0x1p-53 }
    let count = 1 << 22
    // −log p of a model: most rows are sure, some are not.
    let model = (0..<count).map { _ in -log(1 - uniform()) * (uniform() < 0.7 ? 0.05 : 2) }
    var cases = [Case(name: "a model's losses, 4,194,304 rows", losses: model)]
    cases.append(Case(name: "the same, largest last", losses: model.sorted()))
    cases.append(Case(name: "a confident model: 1e-9 and below", losses: model.map { $0 * $0 * 1e-10 }))
    cases.append(Case(name: "one row of 1e16 among ones", losses: (0..<count).map { $0 == 1000 ? 1e16 : 1 }))
    cases.append(Case(name: "all rows 0.1", losses: [Double](repeating: 0.1, count: count)))
    cases.append(
        Case(
            name: "differences of two models, and pairs of ±1e25 far from each other",
            losses: (0..<count).map { $0 % 4096 == 7 ? ($0 < count / 2 ? 1e25 : -1e25) : model[$0] - model[($0 + 1) % count] * 0.5 }))
    cases.append(Case(name: "weights of 1e-12 to 1e12", losses: model.map { $0 * pow(10, 24 * uniform() - 12) }))
    for path in CommandLine.arguments.dropFirst() {
        if let found = losses(ofFile: path) {
            cases.append(Case(name: "\(path.split(separator: "/").last ?? ""), \(found.count) rows", losses: found))
        }
    }
    return cases
}

// MARK: Measuring

func seconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
}

/// A sum of shards, whose number is another each time, of rows that begin at another place.
func total<W: Way>(_ way: W.Type, _ losses: [Double], shardCount: Int) -> Double {
    losses.withUnsafeBufferPointer { losses in
        var whole = W()
        let size = (losses.count + shardCount - 1) / shardCount
        // From the last shard to the first, where there are several: workers do not finish in order.
        for shard in (0..<shardCount).reversed() where shard * size < losses.count {
            var part = W()
            part.add(UnsafeBufferPointer(rebasing: losses[shard * size..<min(losses.count, (shard + 1) * size)]))
            whole.merge(part)
        }
        return whole.total
    }
}

func row<W: Way>(_ way: W.Type, _ one: Case) -> String {
    var truth = ExactSum()
    one.losses.withUnsafeBufferPointer { truth.add($0) }
    let rounded = truth.rounded()
    let totals = [1, 2, 3, 7, 16, 100, 999].map { total(way, one.losses, shardCount: $0) }
    // The error of each in ULP of the true sum: exact, by what is left when it is taken off.
    let errors = totals.map { total in
        var rest = truth
        rest.add(-total)
        return rest.rounded().magnitude / rounded.ulp
    }
    var times: [Double] = []
    for _ in 0..<5 {
        let begin = seconds()
        _ = total(way, one.losses, shardCount: 1)
        times.append((seconds() - begin) / Double(one.losses.count) * 1e9)
    }
    func text(_ x: Double) -> String { x < 10 ? "\((x * 100).rounded() / 100)" : "\(Int(min(x, 1e15)))" }
    return "| \(W.name) | \(text(errors[0])) | \(text(errors.max()!)) | \(Set(totals).count) | \(text(times.sorted()[2])) |"
}

for one in cases() {
    print("\n### \(one.name)\n")
    print("| sum | error, ULP | largest of 7 cuts | different sums | ns a loss |\n| --- | --: | --: | --: | --: |")
    print(row(Naive.self, one))
    print(row(Pairwise.self, one))
    print(row(Kahan.self, one))
    print(row(Neumaier.self, one))
    print(row(ExactFold.self, one))
}
