internal import Parquet

extension PackReport.Layouts {
    /// Makes the figures of a trial; nil without one.
    init?(_ trial: LayoutTrial?) {
        guard let trial else { return nil }
        func figures(_ found: LayoutTrial.Figures) -> Figures {
            Figures(ratio: found.ratio, decodedBytesPerSecond: found.decodedBytesPerSecond)
        }
        self.init(parquet: figures(trial.planes), frames: figures(trial.frames))
    }
}
