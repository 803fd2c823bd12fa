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
            // open returns the lowest number that is free. Where there are no devices, a folder can be neither read nor written.
            if open("/dev/null", number == 0 ? O_WRONLY : O_RDONLY) < 0 { _ = open("/", O_RDONLY) }
        }
    }

    /// Raises the number of files that the process may have open to the most that the system allows it.
    static func raiseLimit() {
        #if canImport(Glibc)
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
        let resource = RLIMIT_NOFILE
        #endif
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return }
        #if canImport(Darwin)
        // More than this is refused, though the limit says more.
        limit.rlim_cur = min(limit.rlim_max, rlim_t(OPEN_MAX))
        #else
        limit.rlim_cur = limit.rlim_max
        #endif
        // If it is refused, the limit stays as it was.
        _ = setrlimit(resource, &limit)
    }
}
