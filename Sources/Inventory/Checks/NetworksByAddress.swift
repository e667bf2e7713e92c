import WarrenModel

/// All networks, and what the others see of them, to be found by an address in as many steps as there are lengths.
struct NetworksByAddress {
    private var byPrefix: [IPPrefix: DeclaredNetwork] = [:]
    private let lengths: [Int]

    init(_ declaration: Declaration) {
        var lengths: Set<Int> = []
        for network in declaration.addresses {
            lengths.insert(network.prefix.length)
            if byPrefix[network.prefix] == nil { byPrefix[network.prefix] = network }
        }
        self.lengths = lengths.sorted(by: >)
    }

    func narrowest(holding address: IPAddress) -> DeclaredNetwork? {
        for length in lengths {
            guard let prefix = IPPrefix(containing: address, length: length) else { continue }
            if let network = byPrefix[prefix] { return network }
        }
        return nil
    }
}
