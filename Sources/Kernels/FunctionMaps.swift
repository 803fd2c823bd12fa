// The functions of one number, over arrays: for the accuracy tests and tables, which look at each kernel's own code.

/// out[i] = exp(x[i]) for x[i] <= 0 (valid to 709.78). Both have room for count rounded up to 8.
public func mapExponential(_ x: UnsafePointer<Double>, _ out: UnsafeMutablePointer<Double>, _ count: Int) {
    map(x, out, count) { exponential($0) }
}

/// out[i] = −log(x[i]) for x[i] in [0, 1].
public func mapNegativeLogarithm(_ x: UnsafePointer<Double>, _ out: UnsafeMutablePointer<Double>, _ count: Int) {
    map(x, out, count) { negativeLogarithm($0) }
}

/// out[i] = log(1 + x[i]) for x[i] >= −1.
public func mapLogarithmOfOnePlus(_ x: UnsafePointer<Double>, _ out: UnsafeMutablePointer<Double>, _ count: Int) {
    map(x, out, count) { logarithmOfOnePlus($0) }
}

@inline(always)
private func map(_ x: UnsafePointer<Double>, _ out: UnsafeMutablePointer<Double>, _ count: Int, _ function: (Lanes) -> Lanes) {
    var i = 0
    while i < count {
        function(Lanes.load(x + i)).store(out + i)
        i &+= 8
    }
}
