import Engine
import Formats
import Messages
import Scoring
import Testing
import WorkStealing

/// A format that Engine does not know is evaluated like its own.
@Suite struct FormatTests {
    private static let dump = GeneratedDump()
    private static let plain = PlainFigures(dump)

    /// Labels of the dump by number.
    private static func labels(_ dump: GeneratedDump = dump) -> CompanionColumn {
        CompanionColumn(name: CompanionColumn.labels, rows: GeneratedUnits(dump: dump, field: .labels, allowsRandomAccess: true))
    }

    @Test func everyArrangementGivesTheSameBits() throws {
        let dump = Self.dump, plain = Self.plain
        var first: Figures?
        for arrangement in Arrangement.all {
            for threads in [1, 4] {
                let evaluation = try arrangement.evaluate(dump, seamOptions(threads: threads))
                let figures = Figures(evaluation)
                if first == nil { first = figures }
                #expect(figures == first ? true : false, "\(arrangement), \(threads) threads")
                #expect(evaluation.report.rows.scored == UInt64(dump.rowCount), "\(arrangement)")
                #expect(PlainFigures.agree(evaluation.report.loss.mean, plain.mean), "\(arrangement)")
            }
        }
        // No loss is so near the limit that rounding decides.
        try #require(plain.losses.allSatisfy { abs($0 - largeLimit) > 1e-9 })
        #expect(first?.large == LargeRows(limit: largeLimit, losses: plain.losses))
        #expect((first?.large?.count ?? 0) > 100)
        let groups = try #require(first?.groups)
        #expect(groups.counts == plain.groupCounts)
        #expect(groups.ungroupedCount == 0)
        for (sum, plainSum) in zip(groups.sums, plain.groupSums) { #expect(PlainFigures.agree(sum.rounded(), plainSum)) }
    }

    @Test func anotherDumpGivesOtherBits() throws {
        let arrangement = Arrangement(predictions: .units, labels: .byNumber, group: .inOrder)
        let figures = Figures(try arrangement.evaluate(Self.dump, seamOptions(threads: 1)))
        for field in ["seed", "row"] {
            var other = Self.dump
            if field == "seed" { other.seed = 2 } else { other.rowCount -= 1 }
            let others = Figures(try arrangement.evaluate(other, seamOptions(threads: 1)))
            #expect(others.meanHex != figures.meanHex, "\(field)")
            #expect(others.groups != figures.groups, "\(field)")
            #expect(others.large != figures.large || field == "row", "\(field)")
        }
    }

    @Test func progressCountsThePredictionsAlone() throws {
        let dump = Self.dump
        for arrangement in Arrangement.all {
            let control = RunControl()
            _ = try arrangement.evaluate(dump, seamOptions(threads: 2), control)
            #expect(control.progress.decodedByteCount == dump.rowCount * dump.classCount * 4, "\(arrangement)")
        }
    }

    @Test func theFirstDamagedUnitIsTheErrorAndNothingIsWritten() throws {
        let folder = try TemporaryFolder()
        let source = GeneratedUnits(dump: Self.dump, field: .predictions, damagedUnits: [3, 4, 11])
        let orders = [Self.labels(), CompanionColumn(name: "labels", rows: GeneratedStream(dump: Self.dump, field: .labels))]
        for labels in orders {
            for threads in [1, 4, 4, 4] {
                var options = try seamOptions(threads: threads, observers: [])
                options.perRowPath = folder["losses.npy"]
                let error = #expect(throws: EngineError.self) { try Evaluation(rows: source, companions: [labels], options) }
                #expect(
                    error?.description == "generator/predictions: row \(3 * source.rowsPerUnit): unit 3 is damaged; generate it again",
                    "\(threads) threads")
                #expect(error?.category == .data)
                #expect(folder.names.isEmpty)
            }
        }
    }

    @Test func aRowWithoutValuesIsTheConsumersToJudge() throws {
        let source = GeneratedUnits(dump: Self.dump, field: .predictions, unreadableRows: [5, 4000, 19_999])
        for threads in [1, 4] {
            var options = try seamOptions(threads: threads, observers: seamObservers(hasGroups: false))
            let error = #expect(throws: EngineError.self) { try Evaluation(rows: source, companions: [Self.labels()], options) }
            #expect(error?.description == "generator/predictions: row 5: the generator has no such row")
            options.invalidRows = .skip
            let rows = try Evaluation(rows: source, companions: [Self.labels()], options).report.rows
            #expect(rows.read == UInt64(Self.dump.rowCount))
            #expect(rows.invalid == 3)
            #expect(rows.firstInvalid.map(\.row) == [5, 4000, 19_999])
            #expect(rows.firstInvalid.allSatisfy { $0.path == "generator/predictions" && $0.problem == "the generator has no such row" })
        }
    }

    @Test func columnsMustHaveAsManyRows() throws {
        for difference in [-1, 1] {
            var other = Self.dump
            other.rowCount += difference
            for predictions in Arrangement.Predictions.allCases {
                for origin in Arrangement.Origin.allCases where origin != .carried {
                    let source = Arrangement(predictions: predictions, labels: .byNumber, group: .byNumber).source(Self.dump)
                    let labels = try #require(Arrangement.column(.labels, origin, other))
                    for threads in [1, 4] {
                        let options = try seamOptions(threads: threads, observers: [])
                        let error = #expect(throws: EngineError.self, "\(predictions), \(origin), \(difference)") {
                            try Evaluation(rows: source, companions: [labels], options)
                        }
                        #expect(error?.category == .data)
                        #expect(error?.path == labels.rows?.path)
                        #expect(error?.problem.description.contains("labels for") == true, "\(error?.description ?? "")")
                    }
                }
            }
        }
    }

    @Test func theNumberOfRowsIsHeldAgainstTheExpectedOne() throws {
        for predictions in Arrangement.Predictions.allCases {
            let arrangement = Arrangement(predictions: predictions, labels: .byNumber, group: .byNumber)
            var options = try seamOptions(threads: 2)
            options.expectedRowCount = Self.dump.rowCount
            _ = try arrangement.evaluate(Self.dump, options)
            options.expectedRowCount = Self.dump.rowCount + 1
            let error = #expect(throws: EngineError.self, "\(predictions)") { try arrangement.evaluate(Self.dump, options) }
            #expect(error?.problem == "20011 rows were read, and 20012 are expected")
            let empty = #expect(throws: EngineError.self, "\(predictions)") {
                try arrangement.evaluate(GeneratedDump(rowCount: 0), seamOptions(threads: 2))
            }
            #expect(empty?.problem == "it has no rows")
        }
    }

    @Test func rowsOfAnotherShapeAreRefused() throws {
        let dump = Self.dump
        let predictions = GeneratedUnits(dump: dump, field: .predictions)
        func problem(_ source: any RowSource, _ companions: [CompanionColumn], task: LossTask = .multiclass) throws -> String? {
            var options = try seamOptions(threads: 1, observers: [])
            options.specification = try LossSpecification(task: task, input: task == .likelihood ? .probabilities : .logits)
            return #expect(throws: EngineError.self) { try Evaluation(rows: source, companions: companions, options) }?.problem.description
        }
        func column(_ name: String, _ field: GeneratedDump.Field) -> CompanionColumn {
            CompanionColumn(name: name, rows: GeneratedUnits(dump: dump, field: field, allowsRandomAccess: true))
        }
        #expect(
            try problem(GeneratedUnits(dump: dump, field: .labels), [Self.labels()])
                == "predictions of type i8 are no logits or probabilities")
        #expect(try problem(predictions, []) == "no labels are named")
        #expect(try problem(predictions, [column("group", .group)]) == "no labels are named")
        #expect(try problem(predictions, [Self.labels(), Self.labels()]) == "two columns are called labels")
        #expect(try problem(predictions, [column("labels", .predictions)]) == "the column labels has 7 values a row")
        #expect(try problem(predictions, [Self.labels()], task: .multilabel) == "the column labels has 1 values a row")
        #expect(try problem(predictions, [Self.labels(), column("weights", .predictions)]) == "the column weights has 7 values a row")
        #expect(try problem(predictions, [Self.labels()], task: .binary) == "it has 7 values a row")
        let single = GeneratedUnits(dump: GeneratedDump(classCount: 1), field: .predictions)
        #expect(try problem(single, [Self.labels()], task: .likelihood) == "task likelihood has no labels")
    }

    @Test func columnsBesideFilesAreCheckedBeforeARowIsRead() throws {
        let dump = GeneratedDump(rowCount: 100)
        let folder = try TemporaryFolder()
        try folder.write(dump.npy(.predictions), to: "p.npy")
        try folder.write(dump.npy(.labels), to: "y.npy")
        try folder.write(dump.csv(), to: "p.csv")
        func column(_ name: String, _ field: GeneratedDump.Field) -> CompanionColumn {
            // A row that is read would be an error of another kind.
            CompanionColumn(name: name, rows: GeneratedUnits(dump: dump, field: field, damagedUnits: [0]))
        }
        let refused: [([CompanionColumn], String)] = [
            ([column("labels", .labels)], "two columns are called labels"),
            ([column("group", .group), column("group", .labels)], "two columns are called group"),
            ([column("weights", .predictions)], "the column weights has 7 values a row"),
            ([column("tokens", .predictions)], "the column tokens has 7 values a row"),
            ([column("bytes", .labels)], "the column bytes is of type i8"),
        ]
        for (predictions, labels) in [("p.npy", ["y.npy"]), ("p.csv", [])] {
            for (companions, problem) in refused {
                var options = try seamOptions(
                    threads: 1, predictions: [folder[predictions]], labels: labels.map { folder[$0] }, observers: [])
                if labels.isEmpty {
                    options.columns.predictions = (0..<dump.classCount).map { "p_\($0)" }
                    options.columns.label = "label"
                }
                options.companions = companions
                let error = #expect(throws: EngineError.self, "\(predictions), \(problem)") { try Evaluation(options) }
                #expect(error?.problem.description == problem, "\(predictions): \(error?.description ?? "")")
            }
        }
    }

    @Test func theScheduleNamesTheColumnThatIsReadInOrder() throws {
        for (labels, group, named) in [
            (Arrangement.Origin.byNumber, Arrangement.Origin.unitsInOrder, "group"), (.inOrder, .byNumber, "labels"),
        ] {
            let arrangement = Arrangement(predictions: .units, labels: labels, group: group)
            let evaluation = try arrangement.evaluate(Self.dump, seamOptions(threads: 2))
            #expect(
                evaluation.notes.first == "21 units in order, since the \(named) cannot be read out of order",
                "\(evaluation.notes)")
        }
    }

    @Test func everyWaitSeesThatTheRunWasCancelled() throws {
        let dump = Self.dump
        let patience = { Patience() }
        var cases: [(String, Patience, any RowSource, CompanionColumn)] = []
        func add(_ what: String, _ make: (Patience) -> (any RowSource, any RowSource)) {
            let waiting = patience()
            let (source, labels) = make(waiting)
            cases.append((what, waiting, source, CompanionColumn(name: CompanionColumn.labels, rows: labels)))
        }
        let waitingRow = 12_345
        for _ in 0..<2 {
            add("a reader of units") {
                (
                    GeneratedUnits(dump: dump, field: .predictions, waitingRow: waitingRow, patience: $0),
                    GeneratedUnits(dump: dump, field: .labels, allowsRandomAccess: true)
                )
            }
            add("a feed") {
                (
                    GeneratedStream(dump: dump, field: .predictions, waitingRow: waitingRow, patience: $0),
                    GeneratedUnits(dump: dump, field: .labels, allowsRandomAccess: true)
                )
            }
            add("labels by number") {
                (
                    GeneratedUnits(dump: dump, field: .predictions),
                    GeneratedUnits(dump: dump, field: .labels, allowsRandomAccess: true, waitingRow: waitingRow, patience: $0)
                )
            }
            add("labels in order") {
                (
                    GeneratedUnits(dump: dump, field: .predictions),
                    GeneratedStream(dump: dump, field: .labels, waitingRow: waitingRow, patience: $0)
                )
            }
            add("units of labels in order") {
                (
                    GeneratedStream(dump: dump, field: .predictions),
                    GeneratedUnits(dump: dump, field: .labels, waitingRow: waitingRow, patience: $0)
                )
            }
        }
        // The labels are read again once the first one that is the number of classes has been found, long before the row to wait at.
        var narrow = dump
        narrow.classCount -= 1
        let again = patience()
        cases.insert(
            (
                "labels that are read again for a remedy", again, GeneratedUnits(dump: narrow, field: .predictions),
                CompanionColumn(
                    name: CompanionColumn.labels,
                    rows: GeneratedUnits(dump: dump, field: .labels, allowsRandomAccess: true, waitingRow: waitingRow, patience: again))
            ), at: 0)
        let folder = try TemporaryFolder()
        for (index, (what, waiting, source, labels)) in cases.enumerated() {
            let threads = index <= cases.count / 2 ? 1 : 4
            var options = try seamOptions(threads: threads, observers: [])
            options.perRowPath = folder["losses.npy"]
            let waitingOptions = options
            expectCancelling(waiting, "\(what), \(threads) threads") { cancellation throws(EngineError) in
                _ = try Evaluation(rows: source, companions: [labels], waitingOptions, RunControl(cancellation: cancellation))
            }
            #expect(folder.names.isEmpty, "\(what)")
        }
    }
}
