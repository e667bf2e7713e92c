/// A file of the agent's state that shows whether it is whole: eight bytes that name its form, the SHA-256 of the content,
/// the content.
struct SealedFile {
    let directory: StateDirectory
    let name: String
    /// Of eight bytes.
    let header: [UInt8]

    /// Where a file that cannot be read is kept for whoever looks into it.
    static let corruptSuffix = "corrupt"

    enum Content: Equatable {
        case none
        case whole([UInt8])
        case faulty(String)
    }

    func write(_ content: [UInt8]) throws(AgentError) {
        try directory.write(name, header + Checksum.of(content) + content)
    }

    func read() throws(AgentError) -> Content {
        guard let bytes = try directory.read(name) else { return .none }
        let start = header.count + Checksum.length
        guard bytes.count > start, Array(bytes[..<header.count]) == header else {
            return .faulty("it is not what its name says")
        }
        let content = Array(bytes[start...])
        guard Array(bytes[header.count..<start]) == Checksum.of(content) else { return .faulty("its checksum is wrong") }
        return .whole(content)
    }

    func setAside() throws(AgentError) { try directory.setAside(name, suffix: Self.corruptSuffix) }
}
