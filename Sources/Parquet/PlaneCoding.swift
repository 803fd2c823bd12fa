/// A way to compress the planes of a page. Each way ends a block of zstd at the end of each plane: a block that mixes planes codes the noise
/// of one with the order of another.
package enum PlaneCoding: Sendable, Equatable {
    /// Bytes are coded by their frequencies alone, and never as repetitions of earlier ones. Planes of noise are stored as they are. It
    /// decodes fastest.
    case literals
    /// zstd's levels, with a search for repetitions.
    case level(Int)

    /// The level that is compared with `.literals`.
    package static let fastLevel = PlaneCoding.level(1)
}
