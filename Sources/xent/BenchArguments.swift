import ArgumentParser
import Elements
import Scoring

/// The value of `--type`.
enum ElementChoice: String, NamedChoice {
    case f16, bf16, f32, f64

    var element: ElementType {
        switch self {
        case .f16: .float16
        case .bf16: .bfloat16
        case .f32: .float32
        case .f64: .float64
        }
    }
}

/// The value of `--threads`: numbers with commas between them, such as 1,2,4.
struct ThreadCounts: ExpressibleByArgument {
    let values: [Int]

    init?(argument: String) {
        let words = argument.split(separator: ",", omittingEmptySubsequences: false)
        values = words.compactMap { Int(String($0).trimmedOfSpaces) }
        if values.count < words.count { return nil }
    }
}
