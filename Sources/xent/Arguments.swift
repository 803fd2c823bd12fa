public import ArgumentParser
public import Engine
public import Insight
public import Scoring

/// A value that is one of a few names.
///
/// ArgumentParser would find the names by printing each value, and compare them with their descriptions, which takes a tenth of the time that
/// a process needs to start. All cases are an array, so that no conformance has to be looked for to go through them.
protocol NamedChoice: ExpressibleByArgument, CaseIterable, RawRepresentable where RawValue == String, AllCases == [Self] {}

extension NamedChoice {
    public static var allValueStrings: [String] { allCases.map(\.rawValue) }
    /// No descriptions: a value is its name.
    public static var allValueDescriptions: [String: String] { [:] }
    public var defaultValueDescription: String { rawValue }
}

// The values that options take, by their names on the command line.
extension LossTask: NamedChoice {}
extension PredictionInput: NamedChoice {}
extension Divergence: NamedChoice {}
extension SameShard: NamedChoice {}
extension Dialect: ExpressibleByArgument {
    public init?(argument: String) { self.init(named: argument) }
    public static var allValueStrings: [String] { all.map(\.name) }
    public var defaultValueDescription: String { name }
}
extension EvaluationOptions.InvalidRowPolicy: NamedChoice {}
extension Report.Unit: NamedChoice {}
extension InsightRequest.CalibrationChoice: NamedChoice {}
extension WorstRows.Measure: NamedChoice {}
extension InsightRequest.Binning: NamedChoice {}
extension Uncertainty.Kind: NamedChoice {}
extension InvalidRowLimit: ExpressibleByArgument {
    /// Reads "N", or "P%" with P from 0 to 100.
    public init?(argument: String) {
        if argument.hasSuffix("%") {
            guard let percent = Double(String(argument.dropLast()).trimmedOfSpaces), (0...100).contains(percent) else { return nil }
            self = .percent(percent)
        } else {
            guard let count = UInt64(argument) else { return nil }
            self = .count(count)
        }
    }
}
extension Shard: ExpressibleByArgument {
    /// Reads "K/N", K from 0.
    public init?(argument: String) {
        let numbers = argument.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
        guard numbers.count == 2, let index = numbers[0], let count = numbers[1], let shard = try? Shard(index: index, count: count) else {
            return nil
        }
        self = shard
    }
}

/// The value of `--progress`: when a progress bar is shown.
enum ProgressChoice: String, NamedChoice {
    /// A bar if standard error is a terminal that can erase a line.
    case auto
    case always, never

    /// Starts the bar of a run, if one is shown. The caller finishes it. A log in JSON has events in its place.
    func bar(_ meter: ProgressMeter, isQuiet: Bool) -> ProgressBar? {
        isShown(isQuiet: isQuiet) && !RunLog.isJSON ? ProgressBar(meter) : nil
    }

    /// True if progress is shown.
    func isShown(isQuiet: Bool = false) -> Bool {
        self == .always || (self == .auto && StandardError.isTerminal && !Terminal.isDumb && !isQuiet)
    }
}

/// The value of `--kernel`.
enum KernelChoice: String, NamedChoice {
    case auto, baseline, avx2, avx512, neon

    /// Returns the instruction set. Throws if this machine does not have it.
    func instructionSet() throws -> InstructionSet {
        guard let named = InstructionSet(rawValue: rawValue) else { return .best }
        let available = InstructionSet.available
        guard available.contains(named) else {
            throw EngineError(
                usage: "this machine has no \(rawValue)",
                remedy: "--kernel takes " + (["auto"] + available.map(\.rawValue)).joined(separator: ", ") + " here")
        }
        return named
    }
}

/// A number of bytes: 1048576, 64K, 128M, 2G (powers of 1024).
struct ByteCount: ExpressibleByArgument {
    let value: Int

    init(value: Int) { self.value = value }

    init?(argument: String) {
        let units: [Character: Int] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
        var digits = argument.uppercased()
        if digits.hasSuffix("IB") { digits.removeLast(2) } else if digits.hasSuffix("B") { digits.removeLast() }
        var factor = 1
        if let last = digits.last, let unit = units[last] {
            factor = unit
            digits.removeLast()
        }
        guard let number = Int(digits), number > 0 else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        guard !overflow else { return nil }
        value = product
    }

    var defaultValueDescription: String { "\(value >> 20)M" }
}

/// A time: 90s, 10m, 2h, 1d, or several of these, the longest first: 1h30m. A number alone is in seconds.
struct TimeSpan: ExpressibleByArgument {
    let duration: Duration

    init?(argument: String) {
        var seconds = 0.0
        var digits = ""
        var last = Double.infinity
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        for character in argument {
            guard let unit = units[character] else {
                digits.append(character)
                continue
            }
            guard unit < last, let number = Double(digits), number >= 0, number.isFinite else { return nil }
            seconds += number * unit
            (digits, last) = ("", unit)
        }
        if !digits.isEmpty {
            guard last == .infinity, let number = Double(digits), number >= 0, number.isFinite else { return nil }
            seconds = number
        }
        guard !argument.isEmpty, seconds <= Self.largestSeconds else { return nil }
        duration = .seconds(seconds)
    }

    /// Some 300 years, so that no sum of times is too large.
    private static let largestSeconds = 1e10
}

/// Weights: numbers with commas between them (and spaces, if any), a .npy file of numbers, or `balanced`.
enum WeightList {
    case numbers([Double])
    case balanced

    /// Parses the value of an option; `option` is the option's name, for messages.
    init(_ argument: String, option: String, _ inputs: inout InputFiles) throws {
        if argument == "balanced" {
            self = .balanced
            return
        }
        let words = argument.split(separator: ",", omittingEmptySubsequences: false).map { String($0).trimmedOfSpaces }
        let numbers = words.map { Double($0) }
        // A value with a number in it is a list and no file's name.
        if let wrong = numbers.firstIndex(of: nil), argument.isEmpty || numbers.contains(where: { $0 != nil }) {
            throw EngineError(
                usage: "\(option): weight \(wrong) is '\(words[wrong])', no number", remedy: "give W,W,… or the name of a .npy file")
        }
        let list = numbers.compactMap(\.self)
        self = .numbers(list.isEmpty ? try inputs.numbers(in: argument) : list)
    }
}
