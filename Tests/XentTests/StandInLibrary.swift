import Foundation

/// A library whose functions stand before the system's, so that a test sees calls, or has them refused. For Linux alone.
struct StandInLibrary: Sendable {
    private let scratch: Scratch
    /// The assignment that puts the library before the system's in a shell's command.
    var setting: String { "LD_PRELOAD=\(scratch.place("library.so"))" }

    /// Compiles the library from its source in C.
    init(_ source: String) throws {
        scratch = try Scratch()
        try scratch.write("library.c", "#define _GNU_SOURCE\n" + source)
        try XentRun.tool("clang", ["-shared", "-fPIC", "-o", "library.so", "library.c"], in: scratch)
    }

    /// Whether such libraries have an effect here.
    static let areKnown = FileManager.default.fileExists(atPath: "/proc/self/fd")

    /// No thread is started after the first `count`.
    static func refusingThreads(after count: Int) throws -> StandInLibrary {
        try StandInLibrary(
            """
            #include <dlfcn.h>
            #include <errno.h>
            #include <pthread.h>
            static int count = 0;
            int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *argument) {
                if (__atomic_fetch_add(&count, 1, __ATOMIC_RELAXED) >= \(count)) return EAGAIN;
                int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) = dlsym(RTLD_NEXT, "pthread_create");
                return create(thread, attributes, body, argument);
            }
            """)
    }

    /// The file system knows no files without a name.
    static func refusingNamelessFiles() throws -> StandInLibrary {
        func function(_ name: String, _ first: String, _ folder: String) -> String {
            """
            int \(name)(\(first)const char *path, int flags, ...) {
                va_list arguments;
                va_start(arguments, flags);
                const mode_t mode = va_arg(arguments, mode_t);
                va_end(arguments);
                if ((flags & O_TMPFILE) == O_TMPFILE) {
                    errno = EOPNOTSUPP;
                    return -1;
                }
                return (int)syscall(SYS_openat, \(folder), path, flags, mode);
            }
            """
        }
        return try StandInLibrary(
            """
            #include <errno.h>
            #include <fcntl.h>
            #include <stdarg.h>
            #include <sys/syscall.h>
            #include <unistd.h>
            \(function("open", "", "AT_FDCWD"))
            \(function("open64", "", "AT_FDCWD"))
            \(function("openat", "int folder, ", "folder"))
            \(function("openat64", "int folder, ", "folder"))
            """)
    }

    /// A file without a name cannot be given one.
    static func refusingLinks() throws -> StandInLibrary {
        try StandInLibrary(
            """
            #include <errno.h>
            int linkat(int oldFolder, const char *oldPath, int newFolder, const char *newPath, int flags) {
                errno = EPERM;
                return -1;
            }
            """)
    }
}
