import Foundation
import Testing

/// Cases of the figures beside the mean, with what scikit-learn, torchmetrics, netcal, statsmodels, SciPy and others gave for them: folders in
/// GoldenInsight with a case.json and the arrays that it names.
@Suite struct GoldenInsightTests {
    static let root = Repository.root + "/Tests/XentTests/GoldenInsight"
    static let names = (try? FileManager.default.contentsOfDirectory(atPath: root))?.sorted() ?? []

    @Test func allCasesAreThere() { #expect(Self.names.count == 39) }

    @Test(arguments: names)
    func figuresAreAsExpected(name: String) throws {
        let folder = Self.root + "/" + name
        let golden = try JSONDocument(path: folder + "/case.json")
        let report = try XentRun.xent(try Self.arguments(golden, folder), in: try Scratch()).json()
        let tolerance = try golden.number("insight_tolerance")
        for (path, expected) in try golden.values("insight") {
            let exceptions = try golden.keys().contains("tolerances") ? golden.values("tolerances").filter { path.hasPrefix($0.key) } : [:]
            let allowed = exceptions.values.compactMap { if case .number(let number) = $0 { number } else { nil } }.max() ?? tolerance
            guard let found = report.value(atDottedPath: path) else {
                Issue.record("\(name): \(path) is absent")
                continue
            }
            Self.compare(expected, found, allowed, "\(name): \(path)")
        }
    }

    /// What libraries gave that part from the figures above, as far as reports have it: `calibration.dialects.netcal.ece` and the like.
    @Test(arguments: names)
    func dialectsAreAsExpected(name: String) throws {
        let folder = Self.root + "/" + name
        let golden = try JSONDocument(path: folder + "/case.json")
        guard try golden.keys().contains("insight_dialects"), try golden.text("command") == "eval" else { return }
        let report = try XentRun.xent(try Self.arguments(golden, folder), in: try Scratch()).json()
        // inspect_ai, uncertainty-calibration and scikit-learn's intervals of equal width are our own definitions.
        let own: Set = ["inspect_ai", "uncertainty-calibration"]
        for (library, figures) in try golden.values("insight_dialects") {
            guard case .object(let figures) = figures else { continue }
            // torchmetrics computes in Float32.
            let isFloat32 = library.hasPrefix("torchmetrics") && name != "insight-ece-edges" || library.hasSuffix("-f32")
            for (path, expected) in figures {
                let keys = path.split(separator: ".").map(String.init)
                let section = keys.count == 1 ? "calibration" : keys[0], rest = keys.count == 1 ? keys : Array(keys.dropFirst())
                let isOwn = own.contains(library) || (library == "sklearn" && rest == ["ece"])
                let dialect = library == "torchmetrics-f32" ? "torchmetrics" : library
                let place = ([section] + (isOwn ? [] : ["dialects", dialect]) + rest).joined(separator: ".")
                guard let found = report.value(atDottedPath: place) else {
                    Issue.record("\(name): \(place) is absent")
                    continue
                }
                Self.compare(expected, found, isFloat32 ? 2e-5 : 1e-9, "\(name): \(place)")
            }
        }
    }

    /// Compares numbers within a tolerance; an object has at least the keys that are expected.
    private static func compare(_ expected: JSONDocument.Value, _ found: JSONDocument.Value, _ tolerance: Double, _ place: String) {
        switch (expected, found) {
        case (.number(let a), .number(let b)): #expect((a - b).magnitude <= tolerance * a.magnitude + 1e-12, "\(place): \(b), should be \(a)")
        case (.list(let a), .list(let b)):
            #expect(a.count == b.count, "\(place): \(b.count) entries, should be \(a.count)")
            for (index, (one, other)) in zip(a, b).enumerated() { compare(one, other, tolerance, "\(place)[\(index)]") }
        case (.object(let a), .object(let b)):
            for (key, value) in a {
                if let other = b[key] { compare(value, other, tolerance, "\(place).\(key)") } else { Issue.record("\(place).\(key) is absent") }
            }
        default: #expect(expected == found, "\(place)")
        }
    }

    /// The command line of a case.
    private static func arguments(_ golden: JSONDocument, _ folder: String) throws -> [String] {
        let command = try golden.text("command")
        let files = try golden.values("files")
        func path(_ role: String) -> String? { if case .text(let name)? = files[role] { folder + "/" + name } else { nil } }
        var arguments = [command] + ["predictions", "predictions_b"].compactMap(path)
        for (role, option) in [("labels", "--labels"), ("weights", "--weights"), ("clusters", "--clusters"), ("groups", "--groups")] {
            if let path = path(role) { arguments += [option, path] }
        }
        arguments += ["--task", try golden.text("task"), "--input", try golden.text("input"), "--json", "-"]
        let options = try golden.values("options")
        for (name, value) in options {
            arguments.append("--" + name.replacing("_", with: "-"))
            switch value {
            case .text(let text): arguments.append(text)
            case .number(let number): arguments.append(number == number.rounded() ? "\(Int(number))" : "\(number)")
            default: break
            }
        }
        guard command == "eval" else { return arguments }
        let sections = Set(try golden.values("insight").keys.map { $0.prefix { $0 != "." && $0 != "[" } })
        for (section, option) in [("brier", "--brier"), ("sharpness", "--sharpness")] where sections.contains(Substring(section)) {
            arguments.append(option)
        }
        if sections.contains("calibration"), options["calibration"] == nil { arguments += ["--calibration", "auto"] }
        return arguments
    }
}

extension JSONDocument {
    /// The value at a path of keys with dots between them, where keys may have dots themselves; nil where there is none.
    fileprivate func value(atDottedPath path: String) -> Value? {
        let keys = path.split(separator: ".").map(String.init)
        for count in stride(from: keys.count, through: 1, by: -1) {
            guard let value = (try? values())?[keys[..<count].joined(separator: ".")] else { continue }
            if count == keys.count { return value }
            if let next = try? at([keys[..<count].joined(separator: ".")]) {
                return next.value(atDottedPath: keys[count...].joined(separator: "."))
            }
        }
        return nil
    }
}
