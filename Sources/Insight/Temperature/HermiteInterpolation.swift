/// The polynomial of least degree with given values, slopes and curvatures at several places.
struct HermiteInterpolation {
    /// Each place three times, and the coefficients of Newton's form: the divided differences.
    private let places: [Double]
    private let coefficients: [Double]

    /// O(points²).
    ///
    /// - Parameter points: at least one, at different places.
    init(_ points: [(place: Double, value: Double, slope: Double, curvature: Double)]) {
        let repeated = points.flatMap { [$0, $0, $0] }
        places = repeated.map(\.place)
        var differences = repeated.map(\.value)
        var coefficients = [differences[0]]
        for order in 1..<repeated.count {
            differences = (0..<repeated.count - order).map { first in
                let (left, right) = (repeated[first], repeated[first + order])
                // Differences of one place are its derivatives over their factorials.
                if left.place == right.place { return order == 1 ? left.slope : left.curvature / 2 }
                return (differences[first + 1] - differences[first]) / (right.place - left.place)
            }
            coefficients.append(differences[0])
        }
        self.coefficients = coefficients
    }

    /// Returns the value at a place.
    func value(at place: Double) -> Double {
        var value = coefficients[coefficients.count - 1]
        for power in stride(from: coefficients.count - 2, through: 0, by: -1) { value = value * (place - places[power]) + coefficients[power] }
        return value
    }

    /// Returns the slope at a place.
    func slope(at place: Double) -> Double {
        var value = coefficients[coefficients.count - 1], slope = 0.0
        for power in stride(from: coefficients.count - 2, through: 0, by: -1) {
            slope = slope * (place - places[power]) + value
            value = value * (place - places[power]) + coefficients[power]
        }
        return slope
    }
}
