#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The descriptors 0 to 2: standard input, output and error.
enum StandardDescriptors {
    /// Opens those that were closed when the process began, so that no other file gets their numbers: a report for standard output would be
    /// written into it. They are opened the wrong way round, so that reading or writing them fails as on a closed descriptor.
    ///
    /// It must be called before anything else is opened.
    static func holdOpen() {
        for number in Int32(0)...2 where fcntl(number, F_GETFD) < 0 {
            // open returns the lowest number that is free.
            _ = open("/dev/null", number == 0 ? O_WRONLY : O_RDONLY)
        }
    }
}
