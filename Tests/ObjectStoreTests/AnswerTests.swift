import SeededRandom
import Testing

@testable import ObjectStore

/// The texts that servers answer with, and the files in which keys lie.
@Suite struct AnswerTests {
    @Test func profilesAreReadAsAmazonsToolsReadThem() {
        let file = ProfileFile(
            """
            # a comment
            ignored = before any section
            [default]
            aws_access_key_id = A ; with a comment
            aws_secret_access_key=a#b=c
            region =
            [profile  nightly]
            s3 =
                max_concurrent_requests = 20
            role_arn = arn:aws:iam::1:role/x   # and one more
            a line that is none
            [profile "with space"]
            Region = eu-west-1
            [default]
            output = json
            [broken
            region = nowhere
            """)
        #expect(file.sections["default"]?["aws_access_key_id"] == "A")
        #expect(file.sections["default"]?["aws_secret_access_key"] == "a#b=c")
        #expect(file.sections["default"]?["output"] == "json" && file.sections["default"]?["region"] == "")
        #expect(file.sections["nightly"]?["role_arn"] == "arn:aws:iam::1:role/x")
        #expect(file.sections["nightly"]?["max_concurrent_requests"] == nil)
        #expect(file.sections["with space"]?["region"] == "eu-west-1")
        #expect(file.sections.count == 3)
    }

    @Test func objectsOfTextsAreRead() {
        let values = FlatJSON(#" {"a": "x\"\\ä\u00e4\ud83d\ude00\n", "b" : 12, "c":null,"d":{"e":["}",{}]}, "f":true,"":""}"#).values
        #expect(values == ["a": "x\"\\ää😀\n", "b": "12", "f": "true", "": ""])
        for text in ["", "[]", "{", "{\"a\"", "{\"a\":", "{\"a\":\"x", "{\"a\":\"\\u12", "{\"a\":{\"b\":"] { #expect(FlatJSON(text).values.isEmpty) }
    }

    /// No text makes the readers trap, whatever is cut off or turned.
    @Test func damagedAnswersAreRead() {
        let json = Array(#"{"AccessKeyId":"A\u00e4","x":[{"y":"]"}],"Expiration":"2026-11-29T21:30:05Z"}"#.utf8)
        let xml = Array("<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>a%20b</Key></Contents></ListBucketResult>".utf8)
        var random = SplitMix64(seed: 11)
        for bytes in [json, xml] {
            for count in 0...bytes.count { look(Array(bytes[..<count])) }
            for _ in 0..<2_000 {
                var other = bytes
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    other[Int.random(in: 0..<other.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
                look(other)
            }
        }
    }

    private func look(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        _ = (FlatJSON(text), XMLText(text).all("Key"), ObjectListing.Page(text), ProfileFile(text), CalendarTime(text), ObjectURL.withoutQueries(in: text))
    }

    @Test func listsAreReadWhole() {
        let text = """
            <?xml version="1.0"?>
            <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>true</IsTruncated><EncodingType>url</EncodingType>
            <NextContinuationToken>t&amp;1</NextContinuationToken>
            <Contents><Key>dt%3D1/a+b%C3%A4.npy</Key></Contents><Contents><Key>c&lt;d</Key></Contents>
            <CommonPrefixes><Prefix>x/</Prefix></CommonPrefixes></ListBucketResult>

            """
        let page = ObjectListing.Page(text)
        #expect(page?.keys == ["dt=1/a bä.npy", "c<d"] && page?.folders == ["x/"] && page?.nextToken == "t&1")
        #expect(ObjectListing.Page(String(text.dropLast(5))) == nil && ObjectListing.Page("<html></html>") == nil)
        #expect(XMLText("<a>1 &#228;&#x1F600;&unknown; &</a>").first("a") == "1 ä😀&unknown; &")
    }

    @Test func rangesOfAnswersAreChecked() {
        func range(_ header: String) -> Int? { HTTPResponse(status: 206, headers: ["content-range": header]).contentRange?.bytes.count }
        #expect(range("bytes 0-9/100") == 10 && range("bytes 5-5/6") == 1)
        for header in ["bytes 9-0/100", "bytes 0-100/100", "bytes 0-9/*", "bytes */100", "items 0-9/100", "bytes -1-9/100", "bytes 0-9"] {
            #expect(range(header) == nil, "\(header)")
        }
    }

    @Test func weakTagsAreNone() {
        #expect(ObjectVersion(byteCount: 1, headers: ["etag": "W/\"a\"", "last-modified": "then"]).condition.map(\.name) == ["If-Unmodified-Since"])
        #expect(ObjectVersion(byteCount: 1, headers: ["etag": "\"a\""]).condition.map(\.value) == ["\"a\""])
        #expect(ObjectVersion(byteCount: 1, headers: [:]).condition.isEmpty)
    }

    /// Waits double up to their limit, are never longer, and are others from try to try.
    @Test func waitsAreRandomPartsOfSpansThatDouble() {
        let policy = RetryPolicy()
        var random = SplitMix64(seed: 1)
        for failures in 1...12 {
            let span = min(5000, 100 << (failures - 1))
            let waits = (0..<200).map { _ in policy.milliseconds(afterFailures: failures, requestedSeconds: nil, &random) }
            #expect(waits.allSatisfy { (0...span).contains($0) } && Set(waits).count > 20, "\(failures)")
            #expect((waits.max() ?? 0) > span * 9 / 10 && (waits.min() ?? span) < span / 10)
        }
        #expect(policy.milliseconds(afterFailures: 1, requestedSeconds: 7, &random) >= 7000)
        #expect(policy.milliseconds(afterFailures: 1, requestedSeconds: 7000, &random) <= 30_100)
    }
}
