import Foundation
import Testing
import WarrenModel

@Suite struct ProposalTests {
    @Test func everyProposalReadsBack() {
        for encryption in EncryptionAlgorithm.allCases {
            for group in KeyExchangeMethod.allCases {
                for prf in PseudoRandomFunction.allCases {
                    let proposal = IKEProposal(encryption: encryption, prf: prf, keyExchange: group)
                    #expect(IKEProposal(proposal.description) == (encryption.isAuthenticated ? proposal : nil))
                }
                let proposal = ESPProposal(encryption: encryption, keyExchange: group)
                #expect(ESPProposal(proposal.description) == proposal)
            }
            #expect(ESPProposal(encryption.rawValue) == ESPProposal(encryption: encryption))
        }
    }

    @Test(arguments: [
        "", "-", "aes256gcm16", "aes256gcm16-prfsha384", "aes256gcm16-prfsha384-x25519-", "3des-prfsha256-x25519",
        "AES256GCM16-prfsha384-x25519", "aes256gcm16-prfsha1-x25519", "aes256gcm16-prfsha384-modp1024",
    ])
    func refusesOtherIKEProposals(text: String) {
        #expect(IKEProposal(text) == nil)
    }

    @Test(arguments: [
        "", "null", "aes256gcm16-", "aes256gcm16-modp768", "aes256gcm16-x25519-esn", "aes256gcm16 ", "aes256",
        "aes256-sha384", "aes256-sha256-", "-aes256-sha256", "aes256gcm16-sha256", "aes256-sha256-x25519-x25519",
    ])
    func refusesOtherESPProposals(text: String) {
        #expect(ESPProposal(text) == nil)
    }

    /// What was written before there was an encapsulation reads as the default, and the default is written as it was then.
    @Test func theEncapsulationIsWrittenWhereItIsNotTheDefault() throws {
        for encapsulation in ESPEncapsulation.allCases {
            let parameters = IPsecParameters(encapsulation: encapsulation)
            let text = try JSONEncoder().encode(parameters)
            #expect(String(decoding: text, as: UTF8.self).contains("encapsulation") == (encapsulation != .auto))
            #expect(try JSONDecoder().decode(IPsecParameters.self, from: text) == parameters)
        }
    }

    @Test func policiesAndSPIsPrintAsTheKernelsToolsDo() throws {
        #expect(SPI(rawValue: 0x1001).description == "0x00001001")
        #expect(IKESPI(rawValue: 0xab).description == "00000000000000ab")
        let selector = TrafficSelector(
            source: try #require(IPPrefix("203.0.113.10/32")), destination: try #require(IPPrefix("198.51.100.20/32")),
            ipProtocol: .ipencap)
        #expect(selector.description == "203.0.113.10/32 198.51.100.20/32 ipencap")
        #expect(selector.reversed.reversed == selector)
        #expect(selector.reversed.description == "198.51.100.20/32 203.0.113.10/32 ipencap")
        #expect(AddressFamily.ipv4.encapsulationProtocol.rawValue == 4)
        #expect(AddressFamily.ipv6.encapsulationProtocol.rawValue == 41)
    }
}
