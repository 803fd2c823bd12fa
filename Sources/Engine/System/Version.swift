/// The version of Xent.
public enum Version {
    /// The version of this build: three numbers with dots.
    public static let current = "0.1.0"
}
