import Foundation
import Testing

/// An output has reached the disk before it gets its name, and its name before the command ends.
///
/// A file system that loses what was not synced cannot be had in a test, so the calls are watched, by a library that stands before the
/// system's.
@Suite(.enabled(if: StandInLibrary.areKnown, "the calls are watched on Linux alone")) struct SyncTests {
    private static let watcher = """
        #include <fcntl.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <sys/stat.h>
        #include <sys/syscall.h>
        #include <unistd.h>

        static void note(const char *call) {
            const int log = open(getenv("WATCHED_CALLS"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
            dprintf(log, "%s\\n", call);
            close(log);
        }
        int fsync(int descriptor) {
            struct stat status;
            const int isFolder = fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode);
            note(isFolder ? "sync folder" : "sync file");
            return (int)syscall(SYS_fsync, descriptor);
        }
        int rename(const char *from, const char *to) {
            note("rename");
            return renameat(AT_FDCWD, from, AT_FDCWD, to);
        }
        """

    @Test("The file is synced, then named, then its folder is synced", arguments: ["--json", "--per-row", "--partial"])
    func order(option: String) throws {
        let scratch = try Scratch()
        try SmallDump.write(to: scratch)
        let library = try StandInLibrary(Self.watcher)
        let output = option == "--per-row" ? "out.npy" : "out"
        let command = ([#""$XENT""#] + SmallDump.eval + [option, output]).joined(separator: " ")
        try XentRun.shell("WATCHED_CALLS=calls \(library.setting) \(command)", in: scratch).expectSuccess()
        #expect(try scratch.text("calls").split(separator: "\n") == ["sync file", "rename", "sync folder"])
    }
}
