import Testing

@testable import ObjectStore

@Suite struct NameTests {
    @Test func schemesTellURLsFromPaths() {
        for url in ["s3://b/k", "https://h/x", "HTTP://h/x", "gs://b/k", "a+b-c.d://x"] { #expect(ObjectStore.isURL(url), "\(url)") }
        for path in ["x.npy", "c://x", "/s3://b", "./s3://b/k", "://x", "a:b", "s3:/b/k", "ä://x", ""] { #expect(!ObjectStore.isURL(path), "\(path)") }
    }

    @Test func keysAreTakenAsTheyStand() throws {
        #expect(try ObjectURL("s3://b/dt=1/a b%20?c#d").place == .s3(bucket: "b", key: "dt=1/a b%20?c#d"))
        #expect(try ObjectURL("https://h/a?b").place == .web)
        for (url, remedy) in [("gs://b/k", "storage.googleapis.com"), ("abfss://c/k", "signature"), ("file:///x", "path"), ("s3://b", "BUCKET/KEY")] {
            let error = #expect(throws: ObjectStoreError.self) { try ObjectURL(url) }
            #expect(error?.kind == .cannotOpen && error?.remedy?.contains(remedy) == true, "\(url)")
        }
        #expect(throws: ObjectStoreError.self) { try ObjectURL("ftp://h/x") }
    }

    @Test func queriesAreHidden() {
        let store = ObjectStore(ObjectStoreSettings(environment: [:]))
        #expect(store.name(of: "https://u:p@h:1/a/b?sig=SECRET#x") == "https://h:1/a/b")
        #expect(store.name(of: "https://h:1/a/b?sig=OTHER") == "https://h:1/a/b?2")
        #expect(store.name(of: "https://u:p@h:1/a/b?sig=SECRET#x") == "https://h:1/a/b")
        #expect(store.name(of: "https://h:1/a/c") == "https://h:1/a/c" && store.name(of: "x.npy?y") == "x.npy?y")
        #expect(store.name(of: "s3://b/k?y=1") == "s3://b/k?y=1")
        #expect(
            ObjectStore.withoutQueries(in: "eval 'https://h/a?s=1' http://h/b?2 --labels=https://h/c?x=y&z s3://b/k?d")
                == "eval 'https://h/a?…' http://h/b?2 --labels=https://h/c?… s3://b/k?d")
    }

    @Test func blocksCoverAnObjectOnce() throws {
        let settings = ObjectStoreSettings(environment: [:])
        let cache = BlockCache(ConnectionPool(connectionCount: 1), settings)
        let service = S3Service(settings)
        let (first, next) = (RemoteObject.beginningByteCount, RemoteObject.blockByteCount)
        for byteCount in [0, 1, first - 1, first, first + 1, first + next, first + next + 1, 10 * next] {
            let requests = ObjectRequests(try ObjectURL("https://h/x"), service, settings)
            let object = RemoteObject(requests, ObjectVersion(byteCount: byteCount, headers: [:]), cache)
            var end = 0
            for index in 0..<object.blockCount {
                let range = object.range(ofBlock: index)
                #expect(range.lowerBound == end && !range.isEmpty)
                #expect(object.block(at: range.lowerBound) == index && object.block(at: range.upperBound - 1) == index)
                end = range.upperBound
            }
            #expect(end == byteCount)
        }
    }
}
