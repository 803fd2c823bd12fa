extension String {
    /// Counts things in words, with the plural that the number asks for: "1 row", "2 rows", "2 classes".
    package static func counted(_ count: some BinaryInteger, _ noun: String, plural: String? = nil) -> String {
        "\(count) \(count == 1 ? noun : plural ?? noun + "s")"
    }
}
