#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Descriptors 0 to 2.
enum StandardDescriptors {
    /// Opens those that were closed when the process began, so that no file of ours gets their numbers: a report for standard output would
    /// be written into it. They are opened the wrong way round, so that to read or write them fails as it does on a closed descriptor.
    ///
    /// To be called before anything else is opened.
    static func holdOpen() {
        for number in Int32(0)...2 where fcntl(number, F_GETFD) < 0 {
            // The lowest number that is free.
            _ = open("/dev/null", number == 0 ? O_WRONLY : O_RDONLY)
        }
    }
}
