import Testing

@testable import ObjectStore

@Suite struct SignatureTests {
    /// The examples of FIPS 180-4, and lengths about the ends of blocks (hashlib of Python).
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
        (String(repeating: "a", count: 55), "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"),
        (String(repeating: "a", count: 64), "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"),
        (String(repeating: "a", count: 1_000), "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3"),
    ])
    func hashesAreThoseOfTheStandard(_ text: String, _ hash: String) {
        #expect(SHA256.hexadecimal(SHA256.hash(text)) == hash)
    }

    /// Test cases 2 and 6 of RFC 4231: a short key, and one longer than a block.
    @Test func keyedHashesAreThoseOfTheStandard() {
        #expect(
            SHA256.hexadecimal(SHA256.authentication(of: "what do ya want for nothing?", key: Array("Jefe".utf8)))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(
            SHA256.hexadecimal(
                SHA256.authentication(
                    of: "Test Using Larger Than Block-Size Key - Hash Key First", key: [UInt8](repeating: 0xAA, count: 131)))
                == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    }

    /// The examples of Amazon's page "Signature Calculations for the Authorization Header".
    @Test func signaturesAreThoseOfAmazonsExamples() {
        let signer = RequestSigner(
            credentials: Credentials(
                accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", origin: "a page"),
            region: "us-east-1", service: "s3")
        let time = CalendarTime("2013-05-24T00:00:00Z") ?? .now
        func signature(_ path: String, _ query: [(name: String, value: String)], _ headers: [(name: String, value: String)]) -> Substring? {
            signer.headers(
                method: "GET", host: "examplebucket.s3.amazonaws.com", encodedPath: path, query: query, headers: headers, time: time
            ).last?.value.split(separator: "=").last
        }
        #expect(
            signature("/test.txt", [], [(name: "range", value: "bytes=0-9")])
                == "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
        #expect(
            signature("/", [(name: "max-keys", value: "2"), (name: "prefix", value: "J")], [])
                == "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")
        #expect(
            signature("/", [(name: "lifecycle", value: "")], []) == "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")
    }

    @Test func keysAreEncodedByteByByte() {
        #expect(PercentEncoding.path("dt=1/a b+ä~(1).npy") == "dt%3D1/a%20b%2B%C3%A4~%281%29.npy")
        #expect(PercentEncoding.query("a/b=c&d") == "a%2Fb%3Dc%26d")
        // A URL that is encoded already stays as it is.
        #expect(PercentEncoding.missing(in: "https://h/a b?X=%2F&y=ä") == "https://h/a%20b?X=%2F&y=%C3%A4")
    }

    @Test func secretsAreInNoText() {
        let credentials = Credentials(
            accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "SECRET", sessionToken: "SECRETTOKEN", origin: "the environment")
        var dumped = ""
        dump(credentials, to: &dumped)
        for text in ["\(credentials)", String(reflecting: credentials), dumped, String(describing: Optional(credentials))] {
            #expect(!text.contains("SECRET") && text.contains("MPLE"), "\(text)")
        }
    }

    @Test func timesAreRead() {
        #expect(CalendarTime("2026-11-29T21:30:05Z")?.compactText == "20261129T213005Z")
        #expect(CalendarTime("2026-11-29T21:30:05.123456Z")?.compactText == "20261129T213005Z")
        #expect(CalendarTime("2026-11-29T21:30:05+00:00")?.compactText == "20261129T213005Z")
        for text in ["", "2026-11-29", "2026-11-29T21:30:05+02:00", "yesterday"] { #expect(CalendarTime(text) == nil) }
    }

    @Test func endpointsKeepTheirPortsAndPaths() {
        let local = Endpoint("http://127.0.0.1:9000/store/")
        #expect(local.base == "http://127.0.0.1:9000" && local.host == "127.0.0.1:9000" && local.path == "/store")
        #expect(Endpoint("https://s3.example.com:443").host == "s3.example.com" && Endpoint("s3.example.com").base == "https://s3.example.com")
        #expect(Endpoint("https://s3.us-east-1.amazonaws.com").prefixed(by: "b").host == "b.s3.us-east-1.amazonaws.com")
    }
}
