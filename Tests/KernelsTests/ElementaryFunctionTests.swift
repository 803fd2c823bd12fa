import Oracle
import SeededRandom
import Testing

@Suite("ElementaryFunctionTests")
struct ElementaryFunctionTests {
    static let seeds: [UInt64] = [3, 0x5EED]
    private static let ln2 = 0.6931471805599453

    // MARK: Accuracy

    @Test("exp is within 1 ULP on its whole range", arguments: seeds)
    func exponential(seed: UInt64) {
        print("seed \(seed)")
        var random = SplitMix64(seed: seed)
        expectAccurate("exp", Self.exponentialArguments(&random), \.exponential, within: 1) { x in
            x < -1e6 ? BigReal.zero : Reference.exp(x)
        }
    }

    @Test("-log is within 1 ULP on (0, 1]", arguments: seeds)
    func negativeLogarithm(seed: UInt64) {
        print("seed \(seed)")
        var random = SplitMix64(seed: seed)
        expectAccurate("-log", Self.probabilities(&random), \.negativeLogarithm, within: 1) { -Reference.log($0) }
    }

    @Test("log1p is within 1 ULP on (-1, 2^1023)", arguments: seeds)
    func logarithmOfOnePlus(seed: UInt64) {
        print("seed \(seed)")
        var random = SplitMix64(seed: seed)
        expectAccurate("log1p", Self.logarithmOfOnePlusArguments(&random), \.logarithmOfOnePlus, within: 1) { Reference.log1p($0) }
    }

    private func expectAccurate(
        _ name: String, _ arguments: [Double], _ map: KeyPath<KernelUnderTest, KernelUnderTest.Map>, within bound: Double,
        _ truth: (Double) -> BigReal
    ) {
        let truths = arguments.map(truth)
        for kernel in KernelUnderTest.available {
            var statistics = ErrorStatistics()
            for (i, result) in KernelUnderTest.apply(kernel[keyPath: map], to: arguments).enumerated() {
                statistics.add(ulpError(result, truths[i]), "\(hex(arguments[i])) -> \(hex(result)), true \(truths[i])")
            }
            print("\(name) \(kernel.instructionSet): \(statistics.description)")
            #expect(statistics.maximum <= bound, "\(name) \(kernel.instructionSet): \(statistics.description)")
        }
    }

    // MARK: What IEEE 754 says

    @Test("limits and invalid arguments")
    func specialValues() {
        for kernel in KernelUnderTest.available {
            func expect(_ map: KernelUnderTest.Map, _ pairs: [(Double, Double)], _ name: String) {
                let results = KernelUnderTest.apply(map, to: pairs.map(\.0))
                for (pair, result) in zip(pairs, results) {
                    #expect(sameBits(result, pair.1), "\(kernel.instructionSet) \(name)(\(hex(pair.0))) is \(hex(result))")
                }
            }
            let payload = Double(bitPattern: 0x7FF0_0000_0000_0001)
            expect(
                kernel.exponential,
                [(0, 1), (-0.0, 1), (-.infinity, 0), (-1e300, 0), (-746, 0), (-760, 0), (-761, 0), (-.greatestFiniteMagnitude, 0),
                 (.nan, .nan), (payload, .nan)], "exp")
            expect(
                kernel.negativeLogarithm,
                [(1, 0), (0, .infinity), (-0.0, .infinity), (-.leastNonzeroMagnitude, .nan), (1.0.nextUp, .nan), (.infinity, .nan),
                 (-.infinity, .nan), (.nan, .nan), (payload, .nan), (-1, .nan), (2, .nan)], "-log")
            expect(
                kernel.logarithmOfOnePlus,
                [(0, 0), (-0.0, -0.0), (-1, -.infinity), ((-1.0).nextDown, .nan), (-2, .nan), (-.infinity, .nan), (.infinity, .infinity),
                 (.nan, .nan), (payload, .nan), (.leastNonzeroMagnitude, .leastNonzeroMagnitude),
                 (-.leastNonzeroMagnitude, -.leastNonzeroMagnitude)], "log1p")
        }
    }

    // MARK: Equal bits

    @Test("every instruction set gives the same bits", arguments: seeds)
    func sameBitsEverywhere(seed: UInt64) {
        print("seed \(seed)")
        var random = SplitMix64(seed: seed)
        // Any bits at all, besides the arguments above: equality is asked for outside the valid ranges too.
        let any = (0..<(20_000 * effort)).map { _ in Double(bitPattern: random.next()) }
        let special: [Double] = [.nan, .infinity, -.infinity, 0, -0.0, 1, -1, .leastNonzeroMagnitude, .greatestFiniteMagnitude]
        let maps: [(String, KeyPath<KernelUnderTest, KernelUnderTest.Map>, [Double])] = [
            ("exp", \.exponential, Self.exponentialArguments(&random) + any.filter { !($0 > 709) } + special.filter { !($0 > 709) }),
            ("-log", \.negativeLogarithm, Self.probabilities(&random) + any + special),
            ("log1p", \.logarithmOfOnePlus, Self.logarithmOfOnePlusArguments(&random) + any.filter { !($0 >= 0x1p1023) } + special),
        ]
        var findings = Findings()
        for (name, map, arguments) in maps {
            let expected = KernelUnderTest.apply(KernelUnderTest.available[0][keyPath: map], to: arguments)
            for kernel in KernelUnderTest.available.dropFirst() {
                for (i, result) in KernelUnderTest.apply(kernel[keyPath: map], to: arguments).enumerated() {
                    findings.check(
                        sameBits(result, expected[i]),
                        "\(name)(\(hex(arguments[i]))): \(kernel.instructionSet) \(hex(result)), first \(hex(expected[i]))")
                }
            }
        }
        findings.expectNone("seed \(seed)")
    }

    @Test("a result does not depend on its lane or on the count", arguments: seeds)
    func lanes(seed: UInt64) {
        print("seed \(seed)")
        var random = SplitMix64(seed: seed)
        var findings = Findings()
        for kernel in KernelUnderTest.available {
            for count in 1...24 {
                let x = (0..<count).map { _ in random.nextUniform(in: 0...1) }
                let together = KernelUnderTest.apply(kernel.negativeLogarithm, to: x)
                for i in 0..<count {
                    let alone = KernelUnderTest.apply(kernel.negativeLogarithm, to: [x[i]])[0]
                    findings.check(alone == together[i], "\(kernel.instructionSet), \(i) of \(count): \(hex(x[i]))")
                }
            }
        }
        findings.expectNone("seed \(seed)")
    }

    // MARK: Arguments

    static func exponentialArguments(_ random: inout SplitMix64) -> [Double] {
        var x: [Double] = []
        // Where k changes, and where r is nearly 0, for every k.
        for k in -1080...0 {
            for multiple in [Double(k), Double(k) + 0.5] where multiple <= 0 { x += neighbourhood(multiple * ln2, 1) }
        }
        for threshold in [
            -708.3964185322641, -708.4, -709.78, -744.4400719213812, -745.1332191019411, -745.2, -760, -900, -0x1p-54, -0x1p-53, -1,
        ] {
            x += neighbourhood(threshold, 8)
        }
        for exponent in -1074 ... -1 { x.append(-Double(sign: .plus, exponent: exponent, significand: 1)) }
        for _ in 0..<(600 * effort) {
            x.append(random.nextUniform(in: -746 ... -707))
            x.append(random.nextUniform(in: -708...0))
            x.append(random.nextUniform(in: -2...0))
            x.append(random.nextUniform(in: 0...709.7))
            x.append(-random.nextPower(-60...8))
        }
        return x
    }

    static func probabilities(_ random: inout SplitMix64) -> [Double] {
        var p: [Double] = []
        for exponent in -1074...0 {
            let power = Double(sign: .plus, exponent: exponent, significand: 1)
            p += [power, power.nextUp, power.nextDown]
            // √½ of each binade: there k changes.
            p += neighbourhood(power * 0.5.squareRoot(), 1)
        }
        p += neighbourhood(0.5.squareRoot(), 40) + neighbourhood(.leastNormalMagnitude, 20)
        for distance in 1...60 { p += [1 - Double(distance) * 0x1p-53, 1 - Double(sign: .plus, exponent: -distance, significand: 1)] }
        for _ in 0..<(500 * effort) {
            p.append(random.nextUniform(in: 0...1))
            p.append(random.nextUniform(in: 0.6...1))
            p.append(1 - random.nextPower(-52 ... -1))
            p.append(random.nextPower(-1022 ... -1))
            p.append(Double(Int.random(in: 1...(1 << 52), using: &random)) * .leastNonzeroMagnitude)
        }
        return p.filter { $0 > 0 && $0 <= 1 }
    }

    static func logarithmOfOnePlusArguments(_ random: inout SplitMix64) -> [Double] {
        var x: [Double] = []
        for exponent in -1074...1022 {
            let power = Double(sign: .plus, exponent: exponent, significand: 1)
            x += [power, -power, power.nextUp, -power.nextUp, power.nextDown]
            // 1 + x = √2 · 2^k, where k changes.
            x += neighbourhood(power * 2.0.squareRoot() - 1, 1)
        }
        for threshold in [0x1p-54, 0x1p-53, 0x1p-52, 0x1p53, 0x1p54, 0.5.squareRoot() - 1, 2.0.squareRoot() - 1, -0.5, 1] {
            x += neighbourhood(threshold, 30) + neighbourhood(-threshold, 30)
        }
        for distance in 1...40 { x += [-1 + Double(distance) * 0x1p-53, -1 + Double(sign: .plus, exponent: -distance, significand: 1)] }
        for _ in 0..<(400 * effort) {
            x.append(random.nextUniform(in: -1...1))
            x.append(random.nextUniform(in: -0.3...0.42))
            x.append(random.nextUniform(in: 0...10))
            x.append(-random.nextPower(-60 ... -1))
            x.append(random.nextPower(-60...60))
            x.append(random.nextPower(-1022...1022))
        }
        return x.filter { $0 > -1 && $0 < 0x1p1023 }
    }
}
