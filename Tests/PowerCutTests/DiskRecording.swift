import CPowerCut
import Foundation
import Synchronization

/// What a process did to its files, call by call, and when it told somebody that something is durable.
enum DiskEvent: Sendable {
    case create(String)
    case write(String, offset: Int, bytes: [UInt8])
    case truncate(String, size: Int)
    case sync(String)
    /// `isFlushed`: the folder was flushed, too, so that the file does not come back.
    case delete(String, isFlushed: Bool)
    /// The caller was told that this holds.
    case promise(Promise)
}

/// What somebody was told, and must find again after a power cut.
enum Promise: Sendable, Hashable {
    case generation(UInt64)
    case tokenUsed
    case event(String)
}

/// Records every call on database files in `folder`. One recording at a time.
final class DiskRecording: Sendable {
    /// Part of the names of all recorded folders: other tests' databases in this process are left alone.
    static let mark = "warren-power-cut-"

    private static let recorded = Mutex<[DiskEvent]>([])
    private static let isInstalled: Bool = {
        warren_observe_disk(mark) { call, path, offset, bytes, length in
            guard let path else { return }
            let name = URL(filePath: String(cString: path)).lastPathComponent
            let event: DiskEvent? =
                switch UInt32(call) {
                case WARREN_DISK_CREATE.rawValue: .create(name)
                case WARREN_DISK_WRITE.rawValue:
                    .write(name, offset: Int(offset), bytes: Array(UnsafeRawBufferPointer(start: bytes, count: Int(length))))
                case WARREN_DISK_TRUNCATE.rawValue: .truncate(name, size: Int(offset))
                case WARREN_DISK_SYNC.rawValue: .sync(name)
                case WARREN_DISK_DELETE.rawValue: .delete(name, isFlushed: length != 0)
                default: nil
                }
            if let event { DiskRecording.recorded.withLock { $0.append(event) } }
        } == 0
    }()

    let folder: String

    init() throws {
        guard Self.isInstalled else { throw CocoaError(.featureUnsupported) }
        folder = FileManager.default.temporaryDirectory.appending(path: Self.mark + UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        Self.recorded.withLock { $0 = [] }
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    var database: String { folder + "/store.sqlite" }
    func promise(_ promise: Promise) { Self.recorded.withLock { $0.append(.promise(promise)) } }
    var events: [DiskEvent] { Self.recorded.withLock { $0 } }
}
