import Testing

@testable import Formats

/// Which columns are known by their names.
@Suite struct ColumnNameTests {
    private typealias Content = PredictionRecognition.Column.Content

    private func chosen(_ role: ColumnRole, _ names: [String], taken: Set<Int> = []) -> String? {
        (try? role.choose(among: names, taken: taken)).map { names[$0] }
    }

    /// The names of the columns that are found; nil where there is an error.
    private func found(
        _ names: [String], _ contents: [String: Content] = [:], values: PredictionRequest.Values? = .probabilities, width: PredictionRequest.Width? = .one,
        taken: Set<Int> = [], otherwise: Content = .one, hasColumnsOfClasses: Bool = true
    ) -> [String]? {
        let recognition = PredictionRecognition(
            columns: names.map { name in PredictionRecognition.Column(name: name) { contents[name] ?? otherwise } }, taken: taken,
            request: PredictionRequest(values: values, width: width), hasColumnsOfClasses: hasColumnsOfClasses)
        return (try? recognition.places())?.map { names[$0] }
    }

    private func runs(_ names: [String]) -> [[String]] {
        PredictionRun.all(in: names) { _ in true }.filter(\.isCertain).map { $0.places.map { names[$0] } }
    }

    private func doubtfulRuns(_ names: [String]) -> [[String]] {
        PredictionRun.all(in: names) { _ in true }.filter { !$0.isCertain }.map { $0.places.map { names[$0] } }
    }

    @Test("A label's column is known where one is left")
    func labels() {
        #expect(chosen(.labels, ["id", "Label", "p"]) == "Label")
        #expect(chosen(.labels, ["id", "doc.target", "p"]) == "doc.target")
        #expect(chosen(.labels, ["y", "label"]) == nil)
        #expect(chosen(.labels, ["y", "label"], taken: [0]) == "label")
        #expect(chosen(.labels, ["label", "y_true"]) == nil)
        #expect(chosen(.labels, ["label", "labels"]) == nil)
        #expect(chosen(.labels, ["id", "p"]) == nil)
        #expect(chosen(.weights, ["sample_weight", "x"]) == "sample_weight")
    }

    @Test("One column of predictions, by the input that was asked for or as the only one")
    func singles() {
        #expect(found(["probs", "logits"], values: .logits) == ["logits"])
        #expect(found(["probs", "logits"], values: .probabilities) == ["probs"])
        #expect(found(["probs", "logits"], values: nil, width: nil) == nil)
        #expect(found(["score", "label"]) == ["score"])
        #expect(found(["prob", "score"]) == ["prob"])
        #expect(found(["p", "score"]) == nil)
        #expect(found(["prob", "probability"]) == nil)
        #expect(found(["score", "prediction"], taken: [1]) == ["score"])
        // Two columns of classes leave no single value.
        #expect(found(["p_0", "p_1"]) == nil)
        #expect(found(["prob", "prob_0", "prob_1"]) == nil)
    }

    @Test("The class that was decided for is not taken beside what may be its score")
    func decisions() {
        for name in ["prediction", "pred", "Predictions", "y_pred", "output"] {
            #expect(found(["id", name, "label"]) == [name])
            #expect(found(["id", name, "score", "label"]) == nil)
            #expect(found(["id", name, "proba_1", "label"]) == nil)
            #expect(found(["id", name, "p_0", "p_1", "label"]) == nil)
            // Its text says that it is none, and so does the number of its values.
            #expect(found(["id", name, "score", "label"], [name: .nothing]) == ["score"])
            #expect(found(["id", name, "p_0", "p_1", "label"], width: .oneAClass) == ["p_0", "p_1"])
            #expect(found([name, "class_probs"], [name: .several, "class_probs": .several], width: .oneAClass) == nil)
            #expect(found([name, "class_probs"], ["class_probs": .several], width: .oneAClass) == nil)
            // When it was made is no score.
            #expect(found([name, "prediction_time"]) == [name])
        }
    }

    @Test("An array of an archive is known by its name, its type and its shape")
    func arrays() {
        func array(_ names: [String], _ contents: [String: Content]) -> [String]? {
            found(names, contents, width: .oneAClass, otherwise: .nothing, hasColumnsOfClasses: false)
        }
        #expect(array(["scores", "labels"], ["scores": .several]) == ["scores"])
        #expect(array(["scores", "pred"], ["scores": .several]) == ["scores"])
        #expect(array(["scores", "pred"], ["scores": .several, "pred": .one]) == ["scores"])
        #expect(array(["scores", "pred"], ["scores": .several, "pred": .several]) == nil)
        // Its type is told by opening it.
        #expect(array(["pred", "labels"], [:]) == ["pred"])
    }

    @Test("A numbered run counts where its prefix means predictions")
    func numberedRuns() {
        #expect(runs(["id", "p_1", "p_0", "p_2"]) == [["p_0", "p_1", "p_2"]])
        #expect(runs((0..<12).map { "class\($0)" }.reversed()) == [(0..<12).map { "class\($0)" }])
        #expect(runs(["p_00", "p_01", "p_02"]) == [["p_00", "p_01", "p_02"]])
        for names in [
            ["Class_1", "Class_2"], ["probClass0", "probClass1"], ["y_pred_0", "y_pred_1"], ["out.logit_0", "out.logit_1"], ["p1", "p2"],
            ["probs.0", "probs.1"], ["model_a_logit_0", "model_a_logit_1"], ["prob_class_0", "prob_class_1"],
        ] {
            #expect(runs(names) == [names])
        }
        for names in [
            ["x_0", "x_1"], ["0", "1"], ["V1", "V2"], ["c1", "c2"], ["true_class_0", "true_class_1"], ["y_0", "y_1"], ["p_0"], [],
            ["pclass0", "pclass1"], ["feature_p_0", "feature_p_1"],
        ] {
            #expect(runs(names).isEmpty && doubtfulRuns(names).isEmpty, "\(names)")
        }
        #expect(runs(["p_0", "p_1", "q_0", "q_1", "logit_0", "logit_1"]) == [["p_0", "p_1"], ["logit_0", "logit_1"]])
        // A gap, another beginning, a number twice.
        for names in [["p_0", "p_2"], ["p_2", "p_3"], ["p_0", "p_1", "p_01"]] {
            #expect(runs(names).isEmpty && doubtfulRuns(names).count == 1)
        }
        #expect(found(["x_0", "x_1", "x_2", "p_cat", "p_dog"], width: .oneAClass) == ["p_cat", "p_dog"])
        #expect(found(["p_0", "p_1", "logit_0", "logit_1"], values: .logits, width: .oneAClass) == ["logit_0", "logit_1"])
        #expect(found(["p_0", "p_1", "score_0", "score_1"], values: .logits, width: .oneAClass) == nil)
    }

    @Test("A run of names is taken whole, or leaves a doubt")
    func namedRuns() {
        for names in [["p_cat", "p_dog", "p_k0", "p_k1"], ["prob_dog", "prob_snow_leopard"], ["p_k0", "p_cat", "p_k1"]] {
            #expect(runs(names) == [names])
        }
        for names in [
            ["p_0", "p_1", "p_sum"], ["p_cat", "p_dog", "p_max"], ["p_0", "p_1", "p_other"], ["p_cat", "p_dog", "p_class"],
            ["p_class_0", "p_class_1", "p_cat"], ["probs.cat", "probs.dog"], ["pred_0", "pred_1", "pred_class"],
        ] {
            #expect(runs(names).isEmpty, "\(names)")
            #expect(doubtfulRuns(names).map { Set($0) } == [Set(names)], "\(names)")
        }
        // These prefixes mean predictions only with numbers.
        #expect(runs(["score_a", "score_b"]).isEmpty && doubtfulRuns(["pred_id", "pred_time"]).isEmpty)
        // Text is no class.
        #expect(found(["p_0", "p_1", "p_text"], ["p_text": .nothing], width: .oneAClass) == ["p_0", "p_1"])
    }

    @Test func errorsListTheColumns() {
        let error = #expect(throws: ColumnError.self) { try ColumnRole.labels.choose(among: ["a", "b"]) }
        #expect(error?.kind == .unknown)
        #expect(error?.description.contains("a, b") == true)
        #expect(error?.description.contains("DumpColumns.label") == true)
        let many = #expect(throws: ColumnError.self) { try ColumnRole.labels.choose(among: (0..<1000).map { "c\($0)" }) }
        #expect(many?.description.contains("and 976 more") == true)
        let doubt = ColumnRole.predictions(nil).doubt(
            (0..<9).map { run in (0..<1000).map { "p\(run)_\($0)" + String(repeating: "\u{1B}", count: 500) } })
        #expect(doubt.description.contains("p0_0") && doubt.description.utf8.count < 4000 && !doubt.description.contains("\u{1B}"))
    }
}
