import Crypto
import Foundation
import SwiftASN1
import WarrenFailpoints
import WarrenModel
import WarrenTrust
import WarrenWire
import X509

/// The mesh's own certificate authority: signs the controller's certificate and one for each site's agent.
///
/// Its key and certificate are `ca.key` and `ca.pem` in the state. Agents trust it alone, through its fingerprint in their token.
public struct CertificateAuthority: Sendable {
    /// What an agent's certificate holds unless the operator says.
    public static let agentLifetime: TimeInterval = 30 * 86400
    static let authorityLifetime: TimeInterval = 3650 * 86400
    static let serverLifetime: TimeInterval = 5 * 365 * 86400
    public let certificate: Certificate
    private let key: Certificate.PrivateKey
    /// The certificate in DER.
    public let encoded: [UInt8]
    /// 32 hexadecimal digits that stand for this mesh in certificates: of SHA-256 of the authority's public key.
    public let meshID: String

    /// Loads the authority, or makes it at the first start.
    public init(in state: StateDirectory, now: Date) throws(ControllerError) {
        do {
            let keyText = try state.readSecret("ca.key"), certificateText = try state.readSecret("ca.pem")
            let privateKey: P256.Signing.PrivateKey
            if let keyText {
                privateKey = try P256.Signing.PrivateKey(pemRepresentation: String(decoding: keyText, as: UTF8.self))
            } else if certificateText != nil {
                throw ControllerError.authority("'\(state.file("ca.pem"))' is there, its key 'ca.key' is not")
            } else {
                privateKey = P256.Signing.PrivateKey()
                try state.writeSecret("ca.key", privateKey.pemRepresentation.utf8)
                Failpoint.controllerAuthorityKeyed.pass()
            }
            key = Certificate.PrivateKey(privateKey)
            meshID = Self.hexadecimal(SHA256.hash(data: privateKey.publicKey.derRepresentation).prefix(16))
            if let certificateText {
                certificate = try Certificate(pemEncoded: String(decoding: certificateText, as: UTF8.self))
            } else {
                certificate = try Self.selfSigned(key: key, meshID: meshID, now: now)
                try state.writeSecret("ca.pem", try certificate.serializeAsPEM().pemString.utf8)
                Failpoint.controllerAuthorityMade.pass()
            }
            guard certificate.publicKey == key.publicKey else { throw ControllerError.authority("'ca.pem' is not of 'ca.key'") }
            encoded = try certificate.serializeAsPEM().derBytes
        } catch let error as ControllerError {
            throw error
        } catch {
            throw .authority("\(error)")
        }
        guard now < certificate.notValidAfter else { throw .authority("its certificate ended \(certificate.notValidAfter)") }
    }

    /// SHA-256 of the authority's certificate: what a token carries.
    public var fingerprint: [UInt8] { Array(SHA256.hash(data: encoded)) }

    /// SHA-256 of a certificate in DER, as hexadecimal digits.
    static func fingerprint(of certificate: [UInt8]) -> String { hexadecimal(SHA256.hash(data: certificate)) }

    static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    private static func selfSigned(key: Certificate.PrivateKey, meshID: String, now: Date) throws -> Certificate {
        let name = try DistinguishedName {
            CommonName("Warren mesh \(meshID)")
        }
        return try Certificate(
            version: .v3, serialNumber: .init(), publicKey: key.publicKey,
            notValidBefore: now - CertificateTerm.longestBackdate,
            notValidAfter: now + authorityLifetime, issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                SubjectKeyIdentifier(hash: key.publicKey)
            }, issuerPrivateKey: key)
    }

    /// A certificate and its key for this process's listeners: `Wire.serverName` and `names`, each a DNS name or an IP address.
    public func issueServer(names: [String], now: Date) throws(ControllerError) -> (certificate: [UInt8], key: String) {
        let privateKey = P256.Signing.PrivateKey()
        let alternatives = ([Wire.serverName] + names).map { name -> GeneralName in
            IPAddress(name).map { .ipAddress(ASN1OctetString(contentBytes: $0.bytes[...])) } ?? .dnsName(name)
        }
        let issued = try issue(
            Certificate.PublicKey(privateKey.publicKey), commonName: Wire.serverName, alternatives: alternatives,
            usage: .serverAuth, now: now, lifetime: Self.serverLifetime)
        return (issued.certificate, privateKey.pemRepresentation)
    }

    /// A key whose holder asks for a certificate.
    struct RequestedKey: Sendable {
        let key: Certificate.PublicKey
        /// SHA-256, as hexadecimal digits.
        let fingerprint: String

        /// Of a request only its key counts, and the signature that proves it.
        init(request: [UInt8]) throws(ControllerError) {
            do {
                let parsed = try CertificateSigningRequest(derEncoded: request)
                guard parsed.publicKey.isValidSignature(parsed.signature, for: parsed) else {
                    throw ControllerError.malformed("the certificate request's signature is not its key's")
                }
                key = parsed.publicKey
            } catch let error as ControllerError {
                throw error
            } catch {
                throw .malformed("the certificate request cannot be read")
            }
            guard let known = P256.Signing.PublicKey(key) else {
                throw .malformed("the certificate request's key is not of P-256")
            }
            fingerprint = CertificateAuthority.hexadecimal(SHA256.hash(data: known.derRepresentation))
        }
    }

    /// A certificate for the agent of `site` that holds `lifetime` seconds.
    func issueAgent(
        for site: SiteIdentity, key: RequestedKey, now: Date, lifetime: TimeInterval = agentLifetime
    ) throws(ControllerError) -> (certificate: [UInt8], ends: Date) {
        try issue(
            key.key, commonName: site.name.description, alternatives: [.uniformResourceIdentifier(site.uri(in: meshID))],
            usage: .clientAuth, now: now, lifetime: lifetime)
    }

    private func issue(
        _ publicKey: Certificate.PublicKey, commonName: String, alternatives: [GeneralName], usage: ExtendedKeyUsage.Usage,
        now: Date, lifetime: TimeInterval
    ) throws(ControllerError) -> (certificate: [UInt8], ends: Date) {
        do {
            let term = CertificateTerm(
                now: now.timeIntervalSince1970, lifetime: lifetime,
                authorityEnd: certificate.notValidAfter.timeIntervalSince1970)
            let ends = Date(timeIntervalSince1970: term.end)
            let issued = try Certificate(
                version: .v3, serialNumber: .init(), publicKey: publicKey,
                notValidBefore: Date(timeIntervalSince1970: term.begin), notValidAfter: ends, issuer: certificate.subject,
                subject: try DistinguishedName { CommonName(commonName) },
                signatureAlgorithm: .ecdsaWithSHA256,
                extensions: try Certificate.Extensions {
                    Critical(BasicConstraints.notCertificateAuthority)
                    Critical(KeyUsage(digitalSignature: true))
                    try ExtendedKeyUsage([usage])
                    SubjectKeyIdentifier(hash: publicKey)
                    AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: certificate.publicKey).keyIdentifier)
                    SubjectAlternativeNames(alternatives)
                }, issuerPrivateKey: key)
            return (try issued.serializeAsPEM().derBytes, ends)
        } catch {
            throw .authority("cannot issue for '\(commonName)': \(error)")
        }
    }
}
