import AgentCore
import WarrenModel
import WarrenWire

/// The desired state that was last applied in full and needs no confirmation, with its keys: what a gateway boots from with
/// no controller, and goes back to. Beside it is the one of the generation before.
struct LastGoodState {
    static let name = "desired.bin"
    static let previousName = "previous.bin"
    static let corruptSuffix = SealedFile.corruptSuffix
    /// Where the state of a former mesh is kept.
    static let formerSuffix = "former"

    enum Loaded: Equatable {
        case none
        case state(DesiredState)
        /// The file was set aside; why it could not be used.
        case corrupt(String)
    }

    let directory: StateDirectory
    private let file: SealedFile

    init(directory: StateDirectory, name: String = Self.name) {
        self.directory = directory
        file = SealedFile(directory: directory, name: name, header: Array("warren\u{0}\u{1}".utf8))
    }

    func store(_ desired: DesiredState) throws(AgentError) { try file.write(try desired.bytes) }

    func load() throws(AgentError) -> Loaded {
        let fault: String
        switch try file.read() {
        case .none: return .none
        case .faulty(let reason): fault = reason
        case .whole(let content):
            do { return .state(try DesiredState(serialized: content)) } catch { fault = "\(error)" }
        }
        try file.setAside()
        return .corrupt(fault)
    }
}

extension DesiredState {
    var bytes: [UInt8] {
        get throws(AgentError) {
            do { return try serialized() } catch {
                throw AgentError(.storage, "the desired state cannot be written down: \(error)")
            }
        }
    }
}
