import Oracle
import SeededRandom

/// A function of one number whose accuracy the page tells.
enum AccuracyFunction: CaseIterable, Sendable {
    case exponential, negativeLogarithm, logarithmOfOnePlus

    var name: String {
        switch self {
        case .exponential: "exp(x)"
        case .negativeLogarithm: "-log(p)"
        case .logarithmOfOnePlus: "log(1 + x)"
        }
    }

    /// What its docstring in `Kernels` promises, in ULP.
    var promised: Double { self == .exponential ? 1.1 : 1 }

    var map: KeyPath<KernelUnderTest, KernelUnderTest.Map> {
        switch self {
        case .exponential: \.exponential
        case .negativeLogarithm: \.negativeLogarithm
        case .logarithmOfOnePlus: \.logarithmOfOnePlus
        }
    }

    func truth(_ x: Double) -> ExtendedReal {
        switch self {
        case .exponential: x < -1e6 ? .zero : .finite(Reference.exp(x))
        case .negativeLogarithm: x == 0 ? .infinite : .finite(-Reference.log(x))
        case .logarithmOfOnePlus: x == .infinity ? .infinite : .finite(Reference.log1p(x))
        }
    }

    /// Arguments to be tried: where they lie, and some of them. The last set of each is adversarial: `ElementaryFunctionTests` says at what
    /// it aims.
    struct Arguments: Sendable {
        let name: String
        /// So many of the seed's.
        let draw: @Sendable (_ random: inout SplitMix64) -> [Double]

        init(adversarial draw: @escaping @Sendable (inout SplitMix64) -> [Double]) {
            name = "Float64, adversarial"
            self.draw = draw
        }

        init(_ name: String, _ one: @escaping @Sendable (inout SplitMix64) -> Double) {
            self.name = "Float64, " + name
            draw = { random in
                var values: [Double] = []
                for _ in 0..<4096 { values.append(one(&random)) }
                return values
            }
        }
    }

    var arguments: [Arguments] {
        switch self {
        case .exponential:
            [
                Arguments("-708 to 0") { $0.nextUniform(in: -708...0) },
                Arguments("-746 to -708, subnormal results") { $0.nextUniform(in: -746 ... -708) },
                Arguments("0 to 709.7") { $0.nextUniform(in: 0...709.7) },
                Arguments("-2^8 to -2^-60, all powers alike") { -$0.nextPower(-60...7) },
                Arguments(adversarial: ElementaryFunctionTests.exponentialArguments),
            ]
        case .negativeLogarithm:
            [
                Arguments("0 to 1") { $0.nextUniform(in: 0x1p-53...1) },
                Arguments("2^-1022 to 1, all powers alike") { $0.nextPower(-1022 ... -1) },
                Arguments("1 - 2^-2 to 1 - 2^-52, all distances alike") { 1 - $0.nextPower(-52 ... -3) },
                Arguments("subnormal") { Double(Int.random(in: 1...(1 << 52), using: &$0)) * .leastNonzeroMagnitude },
                Arguments(adversarial: ElementaryFunctionTests.probabilities),
            ]
        case .logarithmOfOnePlus:
            [
                Arguments("-1 to 1") { $0.nextUniform(in: -1 + 0x1p-53...1) },
                Arguments("2^-1022 to 2^1022, all powers alike") { $0.nextPower(-1022...1021) },
                Arguments("-1 to -2^-60, all powers alike") { -$0.nextPower(-60 ... -1) },
                Arguments(adversarial: ElementaryFunctionTests.logarithmOfOnePlusArguments),
            ]
        }
    }

    /// The errors of the kernels, which give the same bits, over some arguments.
    func errors(_ arguments: [Double], _ findings: inout Findings) -> ErrorStatistics {
        var statistics = ErrorStatistics()
        for (x, result) in zip(arguments, results(arguments, &findings)) {
            statistics.add(truth(x).ulpError(of: result), "\(name) at \(hex(x))")
        }
        return statistics
    }

    /// What the first kernel makes of the arguments; that others make something else of them is a finding.
    func results(
        _ arguments: [Double], by kernels: [KernelUnderTest] = KernelUnderTest.available, _ findings: inout Findings
    ) -> [Double] {
        let expected = KernelUnderTest.apply(kernels[0][keyPath: map], to: arguments)
        for kernel in kernels.dropFirst() {
            for (i, result) in KernelUnderTest.apply(kernel[keyPath: map], to: arguments).enumerated() {
                findings.check(
                    sameBits(result, expected[i]),
                    "\(name) at \(hex(arguments[i])): \(kernel.instructionSet) \(hex(result)), first \(hex(expected[i]))")
            }
        }
        return expected
    }

    /// Float32's encodings of the numbers that it is defined for, but for a logarithm of 0 where that is −∞.
    var float32Encodings: [ClosedRange<UInt32>] {
        let infinity = Float.infinity.bitPattern
        let sign = (-Float(0)).bitPattern
        switch self {
        // 709.78 is where the kernel's range ends.
        case .exponential: return [0...Float(709.75).bitPattern, sign...(sign | infinity)]
        case .negativeLogarithm: return [0...Float(1).bitPattern]
        case .logarithmOfOnePlus: return [0...infinity, sign...(-Float(1).nextDown).bitPattern]
        }
    }
}
