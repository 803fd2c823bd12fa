/// The address of a service.
struct Endpoint: Sendable, Hashable {
    /// The scheme and the host, with the port where one is given: `http://127.0.0.1:9000`.
    let base: String
    /// The host as the header `Host` has it: with the port where it is not the scheme's own.
    let host: String
    /// The path before the service's own, without a slash at its end; mostly empty.
    let path: String

    /// Reads an address. A scheme that is missing is `https`.
    init(_ address: String) {
        let scheme = ObjectURL.scheme(of: address) ?? "https"
        let rest = ObjectURL.scheme(of: address) == nil ? address[...] : address.dropFirst(scheme.count + 3)
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = String(rest[..<slash])
        var path = String(rest[slash...])
        while path.hasSuffix("/") { path.removeLast() }
        self.path = path
        base = "\(scheme)://\(authority)"
        let usual = scheme.lowercased() == "http" ? ":80" : ":443"
        host = authority.hasSuffix(usual) ? String(authority.dropLast(usual.count)) : authority
    }

    /// The same address with another host before its own: `https://bucket.s3.eu-central-1.amazonaws.com`.
    func prefixed(by name: String) -> Endpoint {
        let scheme = ObjectURL.scheme(of: base) ?? "https"
        return Endpoint("\(scheme)://\(name).\(base.dropFirst(scheme.count + 3))\(path)")
    }
}
