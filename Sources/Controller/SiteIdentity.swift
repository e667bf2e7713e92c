import WarrenModel
import X509

/// Who an agent is, as its certificate's URI says: `spiffe://MESH/site/NAME/ID`.
struct SiteIdentity: Sendable, Hashable {
    let name: SiteName
    let id: SiteID

    init(name: SiteName, id: SiteID) {
        self.name = name
        self.id = id
    }

    /// Reads it from a certificate that the mesh's authority issued; nil unless there is exactly one such name.
    init?(_ certificate: Certificate, meshID: String) {
        guard let names = try? certificate.extensions.subjectAlternativeNames, names.count == 1,
            case .uniformResourceIdentifier(let uri)? = names.first
        else { return nil }
        let parts = uri.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 6, parts[0] == "spiffe:", parts[1].isEmpty, parts[2] == meshID, parts[3] == "site",
            let name = SiteName(parts[4]), let id = SiteID(parts[5])
        else { return nil }
        self.init(name: name, id: id)
    }

    func uri(in meshID: String) -> String { "spiffe://\(meshID)/site/\(name)/\(id)" }
}
