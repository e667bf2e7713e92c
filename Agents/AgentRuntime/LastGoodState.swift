import AgentCore
import WarrenModel
import WarrenWire

/// The desired state that was last applied in full, with its keys: what a gateway boots from with no controller.
struct LastGoodState {
    static let name = "desired.bin"
    /// Where a file that cannot be read is kept for whoever looks into it.
    static let corruptSuffix = "corrupt"
    /// Where the state of a former mesh is kept.
    static let formerSuffix = "former"

    enum Loaded: Equatable {
        case none
        case state(DesiredState)
        /// The file was set aside; why it could not be used.
        case corrupt(String)
    }

    let directory: StateDirectory

    func store(_ desired: DesiredState) throws(AgentError) {
        let bytes: [UInt8]
        do { bytes = try desired.serialized() } catch {
            throw AgentError(.storage, "the desired state cannot be written down: \(error)")
        }
        try directory.write(Self.name, Self.header + Checksum.of(bytes) + bytes)
    }

    func load() throws(AgentError) -> Loaded {
        guard let content = try directory.read(Self.name) else { return .none }
        let headerLength = Self.header.count, start = headerLength + Checksum.length
        let fault: String
        if content.count <= start || Array(content[..<headerLength]) != Self.header {
            fault = "it is not a last good state"
        } else if Array(content[headerLength..<start]) != Checksum.of(Array(content[start...])) {
            fault = "its checksum is wrong"
        } else {
            do { return .state(try DesiredState(serialized: Array(content[start...]))) } catch { fault = "\(error)" }
        }
        try directory.setAside(Self.name, suffix: Self.corruptSuffix)
        return .corrupt(fault)
    }

    /// `warren` and the version of this file's form.
    private static let header: [UInt8] = Array("warren\u{0}\u{1}".utf8)
}
