import Foundation
import GRDB

extension SQLiteStore {
    /// Writes the database at `path` as it is at one moment to the new file `copy`; a controller may be using it meanwhile.
    public static func copyDatabase(at path: String, to copy: String) throws(StoreError) {
        guard FileManager.default.fileExists(atPath: path) else { throw .failed(reason: "there is no database '\(path)'") }
        do {
            var configuration = Configuration()
            configuration.busyMode = .timeout(5)
            let source = try DatabaseQueue(path: path, configuration: configuration)
            try source.writeWithoutTransaction { database in
                try database.execute(sql: "VACUUM INTO ?", arguments: [copy])
            }
            try source.close()
        } catch {
            throw .failed(reason: "cannot copy '\(path)': \(error)")
        }
    }

    /// Throws `.failed` when the database's own check finds damage.
    public static func checkDatabase(at path: String) throws(StoreError) {
        do {
            let source = try DatabaseQueue(path: path)
            let verdict = try source.read { try String.fetchAll($0, sql: "PRAGMA integrity_check(10)") }
            try source.close()
            guard verdict == ["ok"] else { throw StoreError.failed(reason: verdict.joined(separator: "; ")) }
        } catch let error as StoreError {
            throw error
        } catch {
            throw .failed(reason: "cannot check '\(path)': \(error)")
        }
    }
}
