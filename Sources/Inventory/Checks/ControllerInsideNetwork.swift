import WarrenModel

/// `controller-inside-network`: the controller's address lies in some site's network, or in what the others see of one, whose
/// route would lead the agents' sessions into a tunnel: the very state that they could not be led out of again.
enum ControllerInsideNetwork {
    static func faults(in declaration: Declaration) -> [Fault] {
        guard !declaration.controllerAddresses.isEmpty else { return [] }
        let networks = NetworksByAddress(declaration)
        return declaration.controllerAddresses.compactMap { address in
            guard let network = networks.narrowest(holding: address.value) else { return nil }
            let owner = declaration.sites[network.site].name.value
            return .between(
                .controllerInsideNetwork, address.place, network.place,
                "the controller's address \(address.value) lies in \(network.prefix) of \(owner): "
                    + "gateways would look for it in a tunnel",
                remedy: "narrow \(network.prefix), or let gateways reach the controller at another address")
        }
    }
}
