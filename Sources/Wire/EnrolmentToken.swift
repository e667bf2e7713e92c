import FoundationEssentials
import WarrenModel

/// What an operator hands to a new gateway: it lets one agent enrol once for one site, and tells that agent how to know
/// the right controller. Whoever holds it can do so: it is a secret.
///
/// Its text is base64url (RFC 4648, 5) without padding of: version 1, the SHA-256 of the authority's certificate (32 bytes),
/// the secret (32 bytes), the site's name and the controller's enrolment address, each with a byte of length before it.
public struct EnrolmentToken: Sendable, CustomStringConvertible {
    public static let secretLength = 32
    private static let version: UInt8 = 1
    private static let fingerprintLength = 32

    public let site: SiteName
    /// SHA-256 of the authority's certificate in DER.
    public let authorityFingerprint: [UInt8]
    public let secret: SecretBytes
    /// `HOST:PORT` where the controller's `Enrolment` is served, if the controller knows how gateways reach it.
    public let controller: String?

    /// Nil when a part has the wrong length.
    public init?(site: SiteName, authorityFingerprint: [UInt8], secret: SecretBytes, controller: String? = nil) {
        guard authorityFingerprint.count == Self.fingerprintLength, secret.count == Self.secretLength,
            (controller ?? "").utf8.count <= 255
        else { return nil }
        self.site = site
        self.authorityFingerprint = authorityFingerprint
        self.secret = secret
        self.controller = controller
    }

    /// Reads a token's text; surrounding white space is passed over. Nil for anything else than a whole token.
    public init?(text: String) {
        let trimmed = text.utf8.drop { $0 == 32 || (9...13).contains($0) }.reversed().drop { $0 == 32 || (9...13).contains($0) }
        guard trimmed.count <= 1024 else { return nil }
        var base64 = trimmed.reversed().map { byte -> UInt8 in
            byte == UInt8(ascii: "-") ? UInt8(ascii: "+") : byte == UInt8(ascii: "_") ? UInt8(ascii: "/") : byte
        }
        base64 += Array(repeating: UInt8(ascii: "="), count: (4 - base64.count % 4) % 4)
        guard let data = Data(base64Encoded: Data(base64)) else { return nil }
        var rest = data[...]
        func take(_ count: Int) -> [UInt8]? {
            guard rest.count >= count else { return nil }
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }
        guard take(1) == [Self.version], let fingerprint = take(Self.fingerprintLength), let secret = take(Self.secretLength),
            let siteLength = take(1)?.first, let siteBytes = take(Int(siteLength)),
            let site = String(validating: siteBytes, as: UTF8.self).flatMap({ SiteName($0) }),
            let controllerLength = take(1)?.first, let controllerBytes = take(Int(controllerLength)),
            let controller = String(validating: controllerBytes, as: UTF8.self), rest.isEmpty,
            controller.utf8.allSatisfy({ (33...126).contains($0) })
        else { return nil }
        self.init(
            site: site, authorityFingerprint: fingerprint, secret: SecretBytes(secret),
            controller: controller.isEmpty ? nil : controller)
    }

    /// The whole token as text. Show it once, to the operator who asked.
    public func text() -> String {
        var bytes = [Self.version] + authorityFingerprint
        secret.withBytes { bytes.append(contentsOf: $0) }
        for part in [site.description, controller ?? ""] {
            bytes.append(UInt8(clamping: part.utf8.count))
            bytes.append(contentsOf: part.utf8)
        }
        let base64 = Data(bytes).base64EncodedString()
        return String(base64.compactMap { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 == "=" ? nil : $0 })
    }

    public var description: String { "<enrolment token of \(site)>" }
}
