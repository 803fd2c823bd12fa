import Messages

extension SettingNames {
    /// The names of settings on the command line: `--on-invalid skip`.
    static let options = SettingNames { setting, value in option(setting) + (value.map { " \($0.text)" } ?? "") }

    private static func option(_ setting: Setting) -> String {
        switch setting {
        case .labels: "--labels"
        case .weights: "--weights"
        case .predictionColumns: "--prediction-columns"
        case .labelColumn: "--label-column"
        case .labelColumns: "--label-columns"
        case .weightColumn: "--weight-column"
        case .predictionClasses: "--prediction-classes"
        case .textColumn: "--text-column"
        case .tokensColumn: "--tokens-column"
        case .bytesColumn: "--bytes-column"
        case .wordsColumn: "--words-column"
        case .classNames: "--classes"
        case .positiveClass: "--positive-class"
        case .identifierColumn: "--id-column"
        case .joinColumn: "--join"
        case .noHeader, .headerlessRoles: "--no-header"
        case .recordPath: "--records"
        case .ragged: "--ragged"
        case .classAxis: "--class-axis"
        case .shiftLabels: "--shift-labels"
        case .task: "--task"
        case .input: "--input"
        case .divergence: "--divergence"
        case .classWeights: "--class-weights"
        case .balancedClassWeights: "--class-weights balanced"
        case .positiveWeights: "--pos-weight"
        case .labelSmoothing: "--label-smoothing"
        case .ignoreIndex: "--ignore-index"
        case .clip: "--clip"
        case .renormalizes: "--renormalize"
        case .focalGamma: "--focal-gamma"
        case .focalAlpha: "--focal-alpha"
        case .calibration: "--calibration"
        case .calibrationBins: "--calibration-bins"
        case .brier: "--brier"
        case .sharpness: "--sharpness"
        case .topK: "--top-k"
        case .quantiles: "--quantiles"
        case .worst: "--worst"
        case .ranking: "--ranking"
        case .slice: "--slice"
        case .interval: "--interval"
        case .clusters: "--clusters"
        case .clusterColumn: "--cluster-column"
        case .groups: "--groups"
        case .shownColumn: "--show-column"
        case .temperature: "--temperature"
        case .temperatureSweep: "--temperature-sweep"
        case .fitTemperature: "--fit-temperature"
        case .invalidRows: "--on-invalid"
        case .invalidRowLimit: "--max-invalid"
        case .perRow: "--per-row"
        case .maximumWindow, .maximumRecord: "--memory SIZE"
        case .unpinned: "--unpinned"
        case .frameSize: "--frame-size"
        case .sameShard: "--same-shard"
        case .firstRow: "--first-row"
        case .shard: "--shard"
        case .checkpoint: "--checkpoint"
        case .partial: "xent eval --partial"
        case .stateFolder: "--state"
        case .settle: "--settle"
        }
    }
}

extension Message {
    /// The sentence with the names of options.
    var text: String { text(.options) }
}
